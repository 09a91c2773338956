/** A plan in words. */

import type { Step } from "../../../jobs-file/plan.ts";
import { plain } from "../../plain.ts";
import { changeLines } from "../jobs/diff.ts";

/** Steps that do something. */
export type Change = Exclude<Step, { action: "keep" }>;

export function changesOf(plan: Step[]): Change[] {
  return plan.filter((step): step is Change => step.action !== "keep");
}

export function planText(plan: Step[]): string {
  return changesOf(plan).map(stepText).join("");
}

function stepText(step: Change): string {
  const name = plain(step.name);
  switch (step.action) {
    case "create":
      return `+ ${name}: is new\n`;
    case "delete":
      return `- ${name}: version ${step.version} is deleted\n`;
    case "change": {
      const changes = step.changes
        .map((change) => changeLines({ ...change, path: change.path.join(".") }))
        .join("");
      const more = step.isWhole ? "" : "    … and more\n";
      return `~ ${name}: version ${step.version} changes\n${changes.replaceAll(/^(?=.)/gm, "    ")}${more}`;
    }
  }
}

/** "2 new, 1 changed, 1 deleted, 5 as they are". */
export function countsText(plan: Step[]): string {
  const words = { create: "new", change: "changed", delete: "deleted", keep: "as they are" } as const;
  const counts = Object.entries(words).map(([action, word]) => {
    const count = plan.filter((step) => step.action === action).length;
    return count === 0 ? null : `${count} ${word === "as they are" && count === 1 ? "as it is" : word}`;
  });
  return counts.filter((count) => count !== null).join(", ") || "no jobs";
}

/** For programs: what is printed with --json. */
export function planJson(plan: Step[]): string {
  const steps = plan.map((step) => ({
    job: step.name,
    action: step.action,
    version: "version" in step ? step.version : null,
    changes:
      step.action === "change"
        ? step.changes.map((change) => ({ ...change, path: change.path.join(".") }))
        : [],
  }));
  return `${JSON.stringify(steps, null, 2)}\n`;
}
