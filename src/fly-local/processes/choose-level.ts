/** Picks the level of isolation: what was asked for, or the best that this computer allows. */

import { join } from "node:path";
import type { Level } from "./level.ts";
import { processLevel } from "./process-level.ts";
import { sandboxLevel } from "./sandbox.ts";
import { probeSandbox } from "./sandbox-probe.ts";

export type IsolationChoice = "auto" | "sandbox" | "process";

/** Throws where a sandbox was asked for and is not possible: a level is never lowered in silence. */
export async function chooseLevel(choice: IsolationChoice, state: string): Promise<Level> {
  const directory = join(state, "isolation");
  const machines = join(directory, "machines");
  if (choice === "process") return processLevel(machines);
  const probe = await probeSandbox(join(directory, "sandbox"), state);
  if (probe.kind === "able") return sandboxLevel(probe.plan);
  if (choice === "sandbox") throw new Error(`this computer cannot make sandboxes: ${probe.reason}`);
  const level = processLevel(machines);
  return { ...level, detail: `${level.detail}; no sandboxes here: ${probe.reason}` };
}
