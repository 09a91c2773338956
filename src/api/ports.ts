/** What the HTTP surface needs: the flow's verbs' ports, and the deployment's settings. */

import type { Guest } from "../core/run-spec.ts";
import type { AlertStore } from "../flow/ports/alerts.ts";
import type { Fleet, FleetStore } from "../flow/ports/fleet.ts";
import type { FlyScheduleStore } from "../flow/ports/fly-schedules.ts";
import type { HandoverStore } from "../flow/ports/handovers.ts";
import type { DeliveryBodies, HookStore, Senders } from "../flow/ports/hooks.ts";
import type { JobStore } from "../flow/ports/jobs.ts";
import type { Launches } from "../flow/ports/launches.ts";
import type { NotificationStore, Notifiers } from "../flow/ports/notifications.ts";
import type { ScheduleStore, Timekeepers } from "../flow/ports/schedules.ts";
import type { SecretKeeper } from "../flow/ports/secrets.ts";
import type { WebhookKeeper, WebhookStore } from "../flow/ports/webhooks.ts";
import type { Blobs, Clock, Drivers, HookIds, Ids, Store } from "../flow/ports.ts";
import type { RefusedCallsCounter } from "../flow/refused-calls.ts";
import type { WebhookEdge } from "../flow/tell-webhooks.ts";
import type { Sessions } from "./session.ts";

export interface ApiPorts {
  store: Store;
  jobs: JobStore;
  schedules: ScheduleStore;
  /** The machines that Fly starts for schedules. */
  flySchedules: Pick<FlyScheduleStore, "find">;
  alerts: AlertStore;
  hooks: HookStore;
  /** Bodies of deliveries that are too long for a row. */
  bodies: DeliveryBodies;
  senders: Senders;
  /** What starts after a run that has ended. */
  handovers: HandoverStore;
  timekeepers: Timekeepers;
  webhooks: WebhookStore;
  webhookKeeper: WebhookKeeper;
  sendToWebhook: WebhookEdge["send"];
  webhookId(): string;
  notifications: NotificationStore;
  notifiers: Notifiers;
  notificationId(nowMs: number): string;
  blobs: Blobs;
  secrets: SecretKeeper;
  drivers: Drivers;
  /** Does what no answer waits for, once that is on its way. Where it dies before, the minute's cron makes it good. */
  afterAnswer(work: () => Promise<unknown>): void;
  /** Of this process: what is lost with it was not written yet. */
  refusedCalls: RefusedCallsCounter;
  /** Of each Fly app, all Machines that are this deployment's. */
  fleets: Fleet[];
  fleetOf(app: string): Fleet;
  fleetStore: FleetStore;
  clock: Clock;
  ids: Ids & HookIds;
  launches: Launches;
  sessions: Sessions;
  /** Where others find this deployment, without a slash at its end; null where nobody has said so. */
  publicUrl: string | null;
  /** The API token that callers must know. */
  token: string;
  defaultRegion: string | null;
  defaultGuest: Guest;
  /** Runs of the organization that may run at once; null for no limit. */
  organizationLimit: number | null;
  /** Owner of everything, until there are several. */
  orgId: string;
}
