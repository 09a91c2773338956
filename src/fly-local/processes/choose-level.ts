/** Picks the level of isolation: what was asked for, or the best that this computer allows. */

import { join } from "node:path";
import type { ImagesChoice } from "../images/images.ts";
import type { Level } from "./level.ts";
import { processLevel } from "./process-level.ts";
import { sandboxLevel } from "./sandbox.ts";
import { probeSandbox } from "./sandbox-probe.ts";

export type IsolationChoice = "auto" | "sandbox" | "process";

/**
 * @param state the server's own directory
 * @param hidden more that machines do not get to see
 * @throws Error where a sandbox was asked for, or is needed for images, and is not possible: a level is never lowered in silence
 */
export async function chooseLevel(
  choice: IsolationChoice,
  state: string,
  images: ImagesChoice,
  hidden: readonly string[] = [],
): Promise<Level> {
  const directory = join(state, "isolation");
  const machines = join(directory, "machines");
  if (choice === "process" && images === "real")
    throw new Error(`machines at isolation level "process" have no images; ${HOST_IMAGES}`);
  if (choice === "process") return processLevel(machines);
  const probe = await probeSandbox(join(directory, "sandbox"), [...hidden, state], images);
  if (probe.kind === "able") return sandboxLevel(probe.plan);
  if (choice === "sandbox") throw new Error(`this computer cannot make sandboxes: ${probe.reason}`);
  if (images === "real")
    throw new Error(
      `machines with images must be sandboxes, and this computer cannot make any: ${probe.reason}; ${HOST_IMAGES}`,
    );
  const level = processLevel(machines);
  return { ...level, detail: `${level.detail}; no sandboxes here: ${probe.reason}` };
}

const HOST_IMAGES = "--images host lets them see this computer's own files instead";
