/** What a start of a Machine is made of: its command, its image, and what the app has for it at that moment. */

import type { WireConfig } from "../../fly/wire.ts";
import { accountIn } from "../images/account.ts";
import { ImageError } from "../images/error.ts";
import type { ImageAtHand } from "../images/images.ts";
import type { Platform } from "../platform/platform.ts";
import type { Secrets } from "../platform/secrets.ts";
import type { GuestImage, GuestPlan } from "../processes/level.ts";
import { mountsOf } from "../volumes/mounts.ts";
import { commandOf } from "./config.ts";
import { machineEnv } from "./env.ts";
import type { Machine } from "./machine.ts";

/**
 * Secrets are read at each start, so that a Machine gets new ones without an update (measured).
 * @param image null where this computer's own files stand in for one
 * @throws ImageError where the image has no command, or not the user that it names
 */
export function startPlan(machine: Machine, image: ImageAtHand | null, platform: Platform): GuestPlan {
  const { config } = machine;
  const { secrets, volumes, logs } = platform;
  const argv = commandOf(config, image?.config ?? null);
  if (image !== null && argv.length === 0)
    throw new ImageError(
      "the image names no command, and neither do init.exec, init.entrypoint and init.cmd of the machine",
    );
  const own = image === null ? null : ofImage(image);
  const env = machineEnv(
    machine,
    image?.config.env ?? {},
    machine.skipsSecrets ? {} : secrets.env(machine.app),
  );
  return {
    machine: { ...machine, config: { ...config, files: filesOf(config, machine.app, secrets) } },
    argv,
    env: own === null ? env : { HOME: own.home, ...env },
    image: own?.image ?? null,
    mounts: mountsOf(config, volumes),
    log: logs.writer(machine),
  };
}

function ofImage({ id, root, config }: ImageAtHand): { image: GuestImage; home: string } {
  const { uid, gid, home } = accountIn(root, config.user);
  const cwd = config.workdir.startsWith("/") ? config.workdir : `/${config.workdir}`;
  return { image: { id, root, uid, gid, cwd }, home };
}

/** Files with their content; one whose secret is gone is not made. */
function filesOf(config: WireConfig, app: string, secrets: Secrets): NonNullable<WireConfig["files"]> {
  return (config.files ?? []).flatMap((file) => {
    if (file.raw_value !== undefined || !file.secret_name) return [file];
    const secret = secrets.get(app, file.secret_name);
    return secret === null ? [] : [{ ...file, raw_value: secret.value }];
  });
}
