/** The environment of a Machine's processes (docs: The Machine Runtime Environment). */

import { GUEST_DEFAULT } from "./guest.ts";
import type { Machine } from "./machine.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Exactly this, nothing of the server's own environment. What the user sets wins over the image and defaults, not over FLY_*,
 * and secrets win over `config.env` (docs: App configuration, the env variables section).
 * @param image the image's own variables
 * @param own those of one process, which win over all of these
 */
export function machineEnv(
  machine: Machine,
  image: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const { config } = machine;
  return {
    PATH,
    ...image,
    ...config.env,
    ...secrets,
    ...own,
    FLY_APP_NAME: machine.app,
    FLY_MACHINE_ID: machine.id,
    FLY_ALLOC_ID: machine.id,
    FLY_REGION: machine.region,
    FLY_IMAGE_REF: config.image,
    FLY_MACHINE_VERSION: machine.instanceId,
    FLY_PRIVATE_IP: machine.privateIp,
    FLY_PROCESS_GROUP: config.metadata?.fly_process_group ?? "",
    FLY_VM_MEMORY_MB: String((config.guest ?? GUEST_DEFAULT).memory_mb),
    PRIMARY_REGION: own.PRIMARY_REGION ?? config.env?.PRIMARY_REGION ?? machine.region,
  };
}
