/** What of Fly stands around Machines: apps, volumes, secrets, logs and identities. */

import { join } from "node:path";
import { Logs } from "../logs/logs.ts";
import type { Store } from "../store.ts";
import { Volumes } from "../volumes/volumes.ts";
import { Apps } from "./apps.ts";
import { Identity } from "./identity.ts";
import { Secrets } from "./secrets.ts";

export interface Platform {
  readonly apps: Apps;
  readonly volumes: Volumes;
  readonly secrets: Secrets;
  readonly logs: Logs;
  readonly identity: Identity;
  /** Settles when all that was begun is through. */
  close(): Promise<void>;
}

/** @param directory the server's state */
export function openPlatform(
  { records, logs: kept }: Pick<Store, "records" | "logs">,
  directory: string,
  now: () => number,
  isStrict: boolean,
): Platform {
  const logs = new Logs(now, kept);
  const volumes = new Volumes(records, now, join(directory, "volumes"));
  return {
    apps: new Apps(records, now, isStrict),
    volumes,
    secrets: new Secrets(records, now),
    logs,
    identity: new Identity(join(directory, "oidc-key.json"), now),
    close: () => {
      logs.close();
      return volumes.close();
    },
  };
}
