/** What the HTTP surface needs: the flow's verbs' ports, and the deployment's settings. */

import type { Guest } from "../core/run-spec.ts";
import type { Blobs, Clock, Drivers, Ids, Launches, Store } from "../flow/ports.ts";
import type { Sessions } from "./session.ts";

export interface ApiPorts {
  store: Store;
  blobs: Blobs;
  drivers: Drivers;
  clock: Clock;
  ids: Ids;
  launches: Launches;
  sessions: Sessions;
  /** The API token that callers must know. */
  token: string;
  defaultRegion: string | null;
  defaultGuest: Guest;
  /** Owner of everything, until there are several. */
  orgId: string;
}
