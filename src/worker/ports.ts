/** The real ports on Cloudflare and Fly: the only wiring. */

import { waitUntil } from "cloudflare:workers";
import { handOverPortsOf } from "../api/chained-order.ts";
import { firePortsOf } from "../api/fired-order.ts";
import type { ApiPorts } from "../api/ports.ts";
import { createSessions } from "../api/session.ts";
import { statusSender } from "../commit-status/send.ts";
import { newHookId, newNotificationId, newRunId, newWebhookId } from "../core/id.ts";
import { ANSWER_FIRST_MS } from "../core/limits.ts";
import { d1Alerts } from "../d1/alert-store.ts";
import { countedStatements } from "../d1/counted.ts";
import { deploymentOf } from "../d1/deployment.ts";
import { d1FleetStore } from "../d1/fleet-store.ts";
import { d1FlySchedules } from "../d1/fly-schedules.ts";
import { d1Handovers } from "../d1/handover-store.ts";
import { d1Hooks } from "../d1/hook-store.ts";
import { d1Jobs } from "../d1/job-store.ts";
import { d1Notifications } from "../d1/notification-store.ts";
import { d1Reports } from "../d1/report-ledger.ts";
import { d1Schedules } from "../d1/schedule-store.ts";
import { d1Secrets } from "../d1/secrets.ts";
import { d1Store } from "../d1/store.ts";
import { d1Webhooks } from "../d1/webhook-store.ts";
import type { FirePorts } from "../flow/fire-armed.ts";
import type { AdvancePorts } from "../flow/flow.ts";
import type { HandOverPorts } from "../flow/hand-over.ts";
import { launchesOver } from "../flow/launches.ts";
import type { NotifyPorts } from "../flow/notify.ts";
import type { Clock } from "../flow/ports.ts";
import type { ReapPorts } from "../flow/reap.ts";
import { refusedCallsCounter } from "../flow/refused-calls.ts";
import { commitCourier, commitReader, TO_COMMIT } from "../flow/tell-commits.ts";
import { TO_WEBHOOK, webhookCourier, webhookReader } from "../flow/tell-webhooks.ts";
import type { TendPorts } from "../flow/tend-fly-schedules.ts";
import { FlyClient } from "../fly/client.ts";
import { flyFleet } from "../fly/fleet.ts";
import { flyMachines } from "../fly/machines.ts";
import { flyScheduledMachines } from "../fly/scheduled-machines.ts";
import { readDelivery } from "../hooks/read-delivery.ts";
import { verify } from "../hooks/verify.ts";
import { r2Blobs } from "../r2/blobs.ts";
import { r2DeliveryBodies } from "../r2/delivery-bodies.ts";
import { createSecretKeeper } from "../secrets/keeper.ts";
import { createKeyring } from "../secrets/keyring.ts";
import { createWebhookEdge } from "../webhooks/edge.ts";
import { durableDrivers } from "./drivers.ts";
import { type Config, type Env, readConfig } from "./env.ts";
import { callNotifier, durableNotifiers } from "./notifier.ts";
import { durableTimekeepers } from "./timekeeper.ts";

const ORGANIZATION = "default";

export const systemClock: Clock = { now: () => Date.now() };

/**
 * The ids of Durable Objects derive from their names and from the worker that has them, so a worker of another name or account
 * gives another one. Asking for it is no call.
 */
export function thisDeployment({ DB, RUN_DRIVER }: Env): () => Promise<string> {
  return deploymentOf(DB, RUN_DRIVER.idFromName("the deployment").toString());
}

function secretKeeper(env: Env, { encryptionKey, oldEncryptionKeys }: Config) {
  return createSecretKeeper({
    store: d1Secrets(env.DB),
    keyring: createKeyring(encryptionKey, oldEncryptionKeys),
    clock: systemClock,
  });
}

/** The store of runs, which has subscribers told of what is stored, and jobs started after others. */
function runStore(env: Env) {
  return d1Store(env.DB, (notifier) => callNotifier(env.NOTIFIER, notifier));
}

function webhookEdge(env: Env, config: Config) {
  return createWebhookEdge({
    webhooks: d1Webhooks(env.DB),
    keyring: createKeyring(config.encryptionKey, config.oldEncryptionKeys),
    secrets: secretKeeper(env, config),
    settings: config.webhooks,
    fetch: (...call) => fetch(...call),
    clock: systemClock,
  });
}

/** Of this isolate. */
const refusedCalls = refusedCallsCounter();

/** Of this isolate: notifications of one moment are listed in the order in which they were made. */
let lastNotificationId = "";
const notificationId = (nowMs: number) =>
  (lastNotificationId = newNotificationId(
    nowMs,
    crypto.getRandomValues(new Uint8Array(16)),
    lastNotificationId,
  ));

/** What a notifier needs. @throws ConfigError */
export function notifyPorts(env: Env): NotifyPorts {
  const config = readConfig(env);
  const edge = webhookEdge(env, config);
  const webhooks = d1Webhooks(env.DB);
  const sendStatus = statusSender({
    secrets: secretKeeper(env, config),
    settings: config.webhooks,
    fetch: (...call) => fetch(...call),
    clock: systemClock,
  });
  return {
    notifications: d1Notifications(env.DB),
    readers: [webhookReader(webhooks, edge), commitReader(config.webhooks.publicUrl)],
    couriers: {
      [TO_WEBHOOK]: webhookCourier(webhooks, edge),
      [TO_COMMIT]: commitCourier({
        ledger: d1Reports(env.DB),
        hooks: d1Hooks(env.DB),
        send: sendStatus,
        clock: systemClock,
      }),
    },
    notifiers: durableNotifiers(env.NOTIFIER),
    notificationId,
    clock: systemClock,
  };
}

/** What a driver needs. @throws ConfigError */
export function flowPorts(env: Env): AdvancePorts {
  const config = readConfig(env);
  const { launches } = config;
  const store = runStore(env);
  return {
    store,
    machinesOf: (app) =>
      flyMachines(new FlyClient({ ...config.fly, app: app ?? launches.apps[0] }), thisDeployment(env)),
    launches: launchesOver(store, launches),
    blobs: r2Blobs(env.OUTPUT),
    secrets: secretKeeper(env, config),
    clock: systemClock,
    drivers: durableDrivers(env.RUN_DRIVER),
    defaultRegion: config.defaultRegion,
    organizationLimit: config.organizationLimit,
  };
}

/** What the look at Machines that Fly starts needs. @throws ConfigError */
export function tendPorts(env: Env): TendPorts {
  const { fly } = readConfig(env);
  const { database: DB, sent } = countedStatements(env.DB);
  return {
    ...firePortsOf(apiPorts({ ...env, DB })),
    sent,
    flySchedules: d1FlySchedules(DB),
    scheduledMachinesOf: (app) => flyScheduledMachines(new FlyClient({ ...fly, app }), thisDeployment(env)),
  };
}

/** What the sweep over Machines needs. @throws ConfigError */
export function reapPorts(env: Env): ReapPorts {
  const { fly, launches } = readConfig(env);
  const fleetOf = (app: string) => flyFleet(app, new FlyClient({ ...fly, app }), thisDeployment(env));
  return {
    fleets: launches.apps.map(fleetOf),
    fleetOf,
    fleetStore: d1FleetStore(env.DB),
    clock: systemClock,
  };
}

/** What the HTTP surface and the sweep over runs need. @throws ConfigError */
export function apiPorts(env: Env): ApiPorts {
  const config = readConfig(env);
  const store = runStore(env);
  const edge = webhookEdge(env, config);
  return {
    ...reapPorts(env),
    store,
    jobs: d1Jobs(env.DB),
    schedules: d1Schedules(env.DB),
    flySchedules: d1FlySchedules(env.DB),
    alerts: d1Alerts(env.DB),
    hooks: d1Hooks(env.DB),
    handovers: d1Handovers(env.DB),
    bodies: r2DeliveryBodies(env.OUTPUT),
    senders: { verify, read: readDelivery },
    webhooks: d1Webhooks(env.DB),
    notifications: d1Notifications(env.DB),
    notifiers: durableNotifiers(env.NOTIFIER),
    webhookKeeper: edge,
    sendToWebhook: edge.send,
    webhookId: () => newWebhookId(crypto.getRandomValues(new Uint8Array(16))),
    notificationId,
    timekeepers: durableTimekeepers(env.TIMEKEEPER),
    launches: launchesOver(store, config.launches),
    blobs: r2Blobs(env.OUTPUT),
    secrets: secretKeeper(env, config),
    drivers: durableDrivers(env.RUN_DRIVER),
    refusedCalls,
    afterAnswer: (work) =>
      waitUntil(
        scheduler
          .wait(ANSWER_FIRST_MS)
          .then(work)
          .catch(() => undefined),
      ),
    ids: {
      runId: (nowMs) => newRunId(nowMs, crypto.getRandomValues(new Uint8Array(16))),
      hookId: () => newHookId(crypto.getRandomValues(new Uint8Array(28))),
    },
    sessions: createSessions(config),
    publicUrl: config.webhooks.publicUrl,
    token: config.token,
    defaultRegion: config.defaultRegion,
    defaultGuest: config.defaultGuest,
    organizationLimit: config.organizationLimit,
    orgId: ORGANIZATION,
  };
}

/** What a timekeeper needs. @throws ConfigError */
export function firePorts(env: Env): FirePorts {
  return firePortsOf(apiPorts(env));
}

/** What starts jobs after others. @throws ConfigError */
export function handOverPorts(env: Env): HandOverPorts {
  return handOverPortsOf(apiPorts(env));
}
