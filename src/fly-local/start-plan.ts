/** What a start of a Machine is made of: its command, and what the app has for it at that moment. */

import type { WireConfig } from "../fly/wire.ts";
import { commandOf } from "./config.ts";
import { machineEnv } from "./env.ts";
import type { Machine } from "./machine.ts";
import type { Platform } from "./platform.ts";
import type { GuestPlan } from "./processes/level.ts";
import type { Secrets } from "./secrets.ts";
import { mountsOf } from "./volumes/mounts.ts";

/** Secrets are read at each start, so that a Machine gets new ones without an update (measured). */
export function startPlan(machine: Machine, { secrets, volumes, logs }: Platform): GuestPlan {
  const { config } = machine;
  return {
    machine: { ...machine, config: { ...config, files: filesOf(config, machine.app, secrets) } },
    argv: commandOf(config),
    env: machineEnv(machine, machine.skipsSecrets ? {} : secrets.env(machine.app)),
    mounts: mountsOf(config, volumes),
    log: logs.writer(machine),
  };
}

/** Files with their content; one whose secret is gone is not made. */
function filesOf(config: WireConfig, app: string, secrets: Secrets): NonNullable<WireConfig["files"]> {
  return (config.files ?? []).flatMap((file) => {
    if (file.raw_value !== undefined || !file.secret_name) return [file];
    const secret = secrets.get(app, file.secret_name);
    return secret === null ? [] : [{ ...file, raw_value: secret.value }];
  });
}
