/** What a Machine's main process is, of its config and its image's. */

import { commandOf } from "./config.ts";
import { machineEnv } from "./env.ts";
import { accountIn } from "./images/account.ts";
import { ImageError } from "./images/error.ts";
import type { StoredImage } from "./images/store.ts";
import type { Machine } from "./machine.ts";
import type { GuestPlan } from "./processes/level.ts";

/**
 * @param image null where this computer's own files stand in for one
 * @throws ImageError where the image has no command, or not the user that it names
 */
export function launchPlan(machine: Machine, image: StoredImage | null): GuestPlan {
  const argv = commandOf(machine.config, image?.config ?? null);
  if (image === null) return { machine, argv, env: machineEnv(machine, {}), image: null };
  if (argv.length === 0)
    throw new ImageError(
      "the image names no command, and neither do init.exec, init.entrypoint and init.cmd of the machine",
    );
  const { uid, gid, home } = accountIn(image.root, image.config.user);
  const env = { HOME: home, ...machineEnv(machine, image.config.env) };
  const cwd = image.config.workdir.startsWith("/") ? image.config.workdir : `/${image.config.workdir}`;
  return { machine, argv, env, image: { root: image.root, uid, gid, cwd } };
}
