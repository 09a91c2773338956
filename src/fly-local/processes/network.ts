/**
 * What of the network a Machine has: the computer's own, or none but a loopback of its own. The server's option holds for
 * all; Fly's config has no field for it, so a Machine alone asks for none in its metadata, which other servers pass by.
 */

import type { WireConfig } from "../../fly/wire.ts";
import { bringUp, ifPossible, MOUNT, mount, NAMESPACE, type Operation, unshare } from "./init/operations.ts";

export const NETWORKS = ["host", "none"] as const;
export type Network = (typeof NETWORKS)[number];

const KEY = "mayfly_network";

/** What a Machine gets: none where either asks for it. */
export function networkOf(config: WireConfig, ofServer: Network): Network {
  return ofServer === "none" || config.metadata?.[KEY] === "none" ? "none" : "host";
}

/** Why a Machine can not have the network that it asks for, or null. @param canBeNone whether its level can take it away */
export function networkRefusal(config: WireConfig, canBeNone: boolean): string | null {
  const asked = config.metadata?.[KEY];
  if (asked === undefined || asked === "host" || (asked === "none" && canBeNone)) return null;
  return asked === "none"
    ? `config.metadata.${KEY}: "none" needs isolation level "sandbox" or "container"`
    : `config.metadata.${KEY}: "${asked}" is none of ${NETWORKS.join(", ")}`;
}

/** What a Machine's init does to be without the computer's network. The names of its interfaces would show in /sys. */
export function withoutNetwork(): Operation[] {
  return [
    unshare(NAMESPACE.network),
    bringUp("lo"),
    ifPossible(mount("tmpfs", "/sys/class/net", "tmpfs", MOUNT.readOnly)),
  ];
}
