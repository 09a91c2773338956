/** Picks the level of isolation: what was asked for, or the best that this computer allows. */

import { join } from "node:path";
import type { Level } from "./level.ts";
import { chooseLimiter } from "./limits/choose-limiter.ts";
import { enforcementText } from "./limits/limiter.ts";
import { processLevel } from "./process-level.ts";
import { type SandboxOptions, sandboxLevel } from "./sandbox.ts";
import { probeSandbox, type SandboxPlan } from "./sandbox-probe.ts";

export type IsolationChoice = "auto" | "sandbox" | "process";

export interface LevelOptions extends SandboxOptions {
  /** Whether Machines are held to their size. Default: yes. */
  readonly limits?: boolean;
  /** Directories of this computer, besides the state, that sandboxed Machines find empty. */
  readonly hidden?: readonly string[];
}

/**
 * @param state the server's own directory
 * @throws Error where what was asked for is not possible: a level is never lowered in silence
 */
export async function chooseLevel(
  choice: IsolationChoice,
  state: string,
  options: LevelOptions = {},
): Promise<Level> {
  const directory = join(state, "isolation");
  const machines = join(directory, "machines");
  if (choice === "process") return withNetwork(processLevel(machines), options);
  const probe = await probeSandbox(join(directory, "sandbox"), [...(options.hidden ?? []), state]);
  if (probe.kind === "able") return limited(probe.plan, options);
  if (choice === "sandbox") throw new Error(`this computer cannot make sandboxes: ${probe.reason}`);
  const level = processLevel(machines);
  return withNetwork({ ...level, detail: `${level.detail}; no sandboxes here: ${probe.reason}` }, options);
}

async function limited(plan: SandboxPlan, options: LevelOptions): Promise<Level> {
  if (options.limits === false) return said(sandboxLevel(plan, null, options), "no limits");
  const { limiter, lack } = await chooseLimiter(plan);
  const text = `limits on ${enforcementText(limiter.enforcement)}`;
  return said(sandboxLevel(plan, limiter, options), lack === null ? text : `${text} (${lack})`);
}

function said(level: Level, text: string): Level {
  return { ...level, detail: `${level.detail}; ${text}` };
}

function withNetwork(level: Level, { network }: LevelOptions): Level {
  if (network === "none") throw new Error(`without a network machines must be sandboxes: ${level.detail}`);
  return level;
}
