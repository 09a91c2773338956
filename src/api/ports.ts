/** What the HTTP surface needs: the flow's verbs' ports, and the deployment's settings. */

import type { Guest } from "../core/run-spec.ts";
import type { JobStore } from "../flow/job-ports.ts";
import type {
  Blobs,
  Clock,
  Drivers,
  Fleet,
  FleetStore,
  Ids,
  Launches,
  SecretKeeper,
  Store,
} from "../flow/ports.ts";
import type { Sessions } from "./session.ts";

export interface ApiPorts {
  store: Store;
  jobs: JobStore;
  blobs: Blobs;
  secrets: SecretKeeper;
  drivers: Drivers;
  /** Of each Fly app, all Machines that are this deployment's. */
  fleets: Fleet[];
  fleetOf(app: string): Fleet;
  fleetStore: FleetStore;
  clock: Clock;
  ids: Ids;
  launches: Launches;
  sessions: Sessions;
  /** The API token that callers must know. */
  token: string;
  defaultRegion: string | null;
  defaultGuest: Guest;
  /** Runs of the organization that may run at once; null for no limit. */
  organizationLimit: number | null;
  /** Owner of everything, until there are several. */
  orgId: string;
}
