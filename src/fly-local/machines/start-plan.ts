/** What a start of a Machine is made of: its commands, its image, and what the app has for it at that moment. */

import type { WireConfig } from "../../fly/wire.ts";
import { type Account, accountIn } from "../images/account.ts";
import { ImageError } from "../images/error.ts";
import type { StoredImage } from "../images/store.ts";
import type { Platform } from "../platform/platform.ts";
import type { Secrets } from "../platform/secrets.ts";
import type { GuestImage, GuestPlan, ProcessPlan } from "../processes/level.ts";
import { mountsOf } from "../volumes/mounts.ts";
import { machineEnv } from "./env.ts";
import type { Machine } from "./machine.ts";
import { commandsOf, ownVariables, readProcesses } from "./processes.ts";

/**
 * Secrets are read at each start, so that a Machine gets new ones without an update (measured).
 * @param image null where this computer's own files stand in for one
 * @throws ImageError where the image has no command, or not the user that it names
 */
export function startPlan(machine: Machine, image: StoredImage | null, platform: Platform): GuestPlan {
  const { config } = machine;
  const { secrets, volumes, logs } = platform;
  const commands = commandsOf(config, image?.config ?? null);
  if (image !== null && commands.some((argv) => argv.length === 0))
    throw new ImageError(
      "the image names no command, and neither do init.exec, init.entrypoint and init.cmd of the machine",
    );
  const given = readProcesses(config);
  const ofApp = machine.skipsSecrets ? {} : secrets.env(machine.app);
  const account = accountOf(image, null);
  const processes = commands.map((argv, index): ProcessPlan => {
    const { user, ignore_app_secrets, ...own } = given[index] ?? {};
    const who = user ? accountOf(image, user) : account;
    const inherited = ignore_app_secrets ? {} : ofApp;
    const env = machineEnv(machine, image?.config.env ?? {}, inherited, ownVariables(own, machine, secrets));
    return { argv, account: who, env: withHome(env, who) };
  });
  const env = machineEnv(machine, image?.config.env ?? {}, ofApp);
  return {
    machine: { ...machine, config: { ...config, files: filesOf(config, machine.app, secrets) } },
    processes,
    env: withHome(env, account),
    image: image === null ? null : ofImage(image),
    mounts: mountsOf(config, volumes),
    log: logs.writer(machine),
  };
}

function ofImage({ root, config }: StoredImage): GuestImage {
  return { root, cwd: config.workdir.startsWith("/") ? config.workdir : `/${config.workdir}` };
}

function withHome(env: Record<string, string>, account: Account | null): Record<string, string> {
  return account === null ? env : { HOME: account.home, ...env };
}

/** The user that was asked for, else the image's; null where neither says one. */
function accountOf(image: StoredImage | null, user: string | null | undefined): Account | null {
  if (image !== null) return accountIn(image.root, user || image.config.user);
  return user ? accountIn("/", user, "this computer") : null;
}

/** Files with their content; one whose secret is gone is not made. */
function filesOf(config: WireConfig, app: string, secrets: Secrets): NonNullable<WireConfig["files"]> {
  return (config.files ?? []).flatMap((file) => {
    if (file.raw_value !== undefined || !file.secret_name) return [file];
    const secret = secrets.get(app, file.secret_name);
    return secret === null ? [] : [{ ...file, raw_value: secret.value }];
  });
}
