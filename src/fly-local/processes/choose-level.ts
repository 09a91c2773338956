/** Picks the level of isolation: what was asked for, or the best that this computer allows. */

import { join } from "node:path";
import type { Level } from "./level.ts";
import { processLevel } from "./process-level.ts";
import { sandboxLevel } from "./sandbox.ts";
import { probeSandbox } from "./sandbox-probe.ts";

export type IsolationChoice = "auto" | "sandbox" | "process";

/**
 * @param state the server's own directory
 * @param hidden more that machines do not get to see
 * @throws Error where a sandbox was asked for and is not possible: a level is never lowered in silence
 */
export async function chooseLevel(
  choice: IsolationChoice,
  state: string,
  hidden: readonly string[] = [],
): Promise<Level> {
  const directory = join(state, "isolation");
  const machines = join(directory, "machines");
  if (choice === "process") return processLevel(machines);
  const probe = await probeSandbox(join(directory, "sandbox"), [...hidden, state]);
  if (probe.kind === "able") return sandboxLevel(probe.plan);
  if (choice === "sandbox") throw new Error(`this computer cannot make sandboxes: ${probe.reason}`);
  const level = processLevel(machines);
  return { ...level, detail: `${level.detail}; no sandboxes here: ${probe.reason}` };
}
