/** Picks the level of isolation: what was asked for, or the best that this computer allows. */

import { join } from "node:path";
import type { Level } from "./level.ts";
import { chooseLimiter } from "./limits/choose-limiter.ts";
import { enforcementText } from "./limits/limiter.ts";
import { processLevel } from "./process-level.ts";
import { sandboxLevel } from "./sandbox.ts";
import { probeSandbox, type SandboxPlan } from "./sandbox-probe.ts";

export type IsolationChoice = "auto" | "sandbox" | "process";

export interface LimitOptions {
  /** Whether Machines are held to their size. */
  readonly areOn: boolean;
  /** Processes of a Machine, in place of what its memory gives. */
  readonly pidsMax?: number;
}

/** Throws where a sandbox was asked for and is not possible: a level is never lowered in silence. */
export async function chooseLevel(
  choice: IsolationChoice,
  state: string,
  limits: LimitOptions = { areOn: true },
): Promise<Level> {
  const directory = join(state, "isolation");
  const machines = join(directory, "machines");
  if (choice === "process") return processLevel(machines);
  const probe = await probeSandbox(join(directory, "sandbox"), state);
  if (probe.kind === "able") return limited(probe.plan, limits);
  if (choice === "sandbox") throw new Error(`this computer cannot make sandboxes: ${probe.reason}`);
  const level = processLevel(machines);
  return { ...level, detail: `${level.detail}; no sandboxes here: ${probe.reason}` };
}

async function limited(plan: SandboxPlan, { areOn, pidsMax }: LimitOptions): Promise<Level> {
  if (!areOn) return said(sandboxLevel(plan, null), "no limits");
  const { limiter, lack } = await chooseLimiter(plan);
  const text = enforcementText(limiter.enforcement);
  return said(sandboxLevel(plan, limiter, pidsMax), lack === null ? text : `${text} (${lack})`);
}

function said(level: Level, text: string): Level {
  return { ...level, detail: `${level.detail}; ${text}` };
}
