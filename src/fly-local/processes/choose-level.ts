/** Picks the level of isolation: what was asked for, or the best that this computer allows. */

import { join } from "node:path";
import type { ImagesChoice } from "../images/images.ts";
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
  /** What Machines see. Default: this computer's own files. */
  readonly images?: ImagesChoice;
}

/**
 * @param state the server's own directory
 * @throws Error where a sandbox was asked for, or is needed for images, and is not possible: a level is never lowered in silence
 */
export async function chooseLevel(
  choice: IsolationChoice,
  state: string,
  options: LevelOptions = {},
): Promise<Level> {
  const { hidden = [], images = "host" } = options;
  const directory = join(state, "isolation");
  const machines = join(directory, "machines");
  if (choice === "process" && images === "real")
    throw new Error(`machines at isolation level "process" have no images; ${HOST_IMAGES}`);
  if (choice === "process") return withNetwork(processLevel(machines), options);
  const probe = await probeSandbox(join(directory, "sandbox"), [...hidden, state], images);
  if (probe.kind === "able") return limited(probe.plan, options);
  if (choice === "sandbox") throw new Error(`this computer cannot make sandboxes: ${probe.reason}`);
  if (images === "real")
    throw new Error(
      `machines with images must be sandboxes, and this computer cannot make any: ${probe.reason}; ${HOST_IMAGES}`,
    );
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

const HOST_IMAGES = "--images host lets them see this computer's own files instead";
