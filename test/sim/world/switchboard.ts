/** What hooks, chains, webhooks and reports on commits are done with in a simulated world that has them: the product's own flow and statements over ports that fail. */

import type { LinkDefinition } from "../../../src/core/chain/link.ts";
import { AppError } from "../../../src/core/error.ts";
import { newNotificationId } from "../../../src/core/id.ts";
import { d1Handovers } from "../../../src/d1/handover-store.ts";
import { d1Hooks } from "../../../src/d1/hook-store.ts";
import { d1Jobs } from "../../../src/d1/job-store.ts";
import { d1Notifications } from "../../../src/d1/notification-store.ts";
import { d1Reports } from "../../../src/d1/report-ledger.ts";
import { d1Webhooks } from "../../../src/d1/webhook-store.ts";
import type { DeliverPorts } from "../../../src/flow/deliver.ts";
import { type HandOverPorts, handOver } from "../../../src/flow/hand-over.ts";
import { type NotifyPorts, type NotifyReport, sendDue, takeUpOutbox } from "../../../src/flow/notify.ts";
import type { BodyPlace } from "../../../src/flow/ports/hooks.ts";
import type { DefinedJob, JobStore } from "../../../src/flow/ports/jobs.ts";
import { CHAINS_NOTIFIER, OUTBOX_NOTIFIER } from "../../../src/flow/ports/notifications.ts";
import { refusedCallsCounter } from "../../../src/flow/refused-calls.ts";
import type { SubmitPorts } from "../../../src/flow/submit.ts";
import { commitCourier, commitReader, TO_COMMIT } from "../../../src/flow/tell-commits.ts";
import { TO_WEBHOOK, webhookCourier, webhookReader } from "../../../src/flow/tell-webhooks.ts";
import { readDelivery } from "../../../src/hooks/read-delivery.ts";
import { verify } from "../../../src/hooks/verify.ts";
import { payloadOf } from "../../../src/webhooks/payload.ts";
import { memoryDeliveryBodies } from "../../support/memory-delivery-bodies.ts";
import type { SqliteD1 } from "../../support/sqlite-d1.ts";
import { Commits } from "./commits.ts";
import { JobBook } from "./job-book.ts";
import type { Life } from "./life.ts";
import { NotifierPlaces } from "./notifier-places.ts";
import { HOOK_SECRET } from "./senders.ts";
import { overNetwork } from "./storage.ts";
import { Subscribers } from "./subscribers.ts";
import type { World } from "./world.ts";

/** What a simulated job's definition has in it beside its links. */
export interface SimDefinition {
  run: { refuses?: boolean };
  on?: LinkDefinition[];
}

export class Switchboard {
  readonly stored: SqliteD1;
  /** Bodies that are kept whole. */
  readonly bodies = new Map<string, { place: BodyPlace; body: Uint8Array }>();
  readonly jobs: JobBook;
  readonly subscribers: Subscribers;
  readonly commits: Commits;
  readonly places: NotifierPlaces;
  readonly #world: World;
  readonly #refusedCalls = refusedCallsCounter();
  #notifications = 0;
  #lastNotificationId = "";

  constructor(world: World, stored: SqliteD1) {
    this.#world = world;
    this.stored = stored;
    this.jobs = new JobBook(d1Jobs(stored.database), stored, world.time);
    this.subscribers = new Subscribers(world);
    this.commits = new Commits(world);
    this.places = new NotifierPlaces({
      chance: world.chance,
      time: world.time,
      trace: world.trace,
      clock: world.workerClock,
      isDown: () => world.posts.isDown,
      work: (name, life, news) => this.#work(name, life, news),
      upsetBy: (who, problem) => world.upsetBy(who, problem),
    });
  }

  /** Calls a notifier, and keeps nobody waiting for that: such a call can be lost. */
  heard(notifier: string): void {
    const { workerClock } = this.#world;
    this.places
      .notifiers()
      .wake(notifier, workerClock.now())
      .catch(() => undefined);
  }

  /** What receives a call of a hook, in a life of its own. */
  deliverPorts(life: Life): DeliverPorts {
    const { time, posts, workerClock: clock } = this.#world;
    const submit = this.#submitPorts(life);
    const hooks = this.#over(life, d1Hooks(this.stored.database));
    // A sender waits until its delivery is stored, and not for the run's driver.
    const start: DeliverPorts["drivers"]["start"] = async (state) =>
      void time.after(
        1,
        () =>
          void posts
            .drivers()
            .start(state)
            .catch(() => undefined),
      );
    return {
      ...submit,
      drivers: { ...submit.drivers, start },
      hooks,
      bodies: this.#over(life, memoryDeliveryBodies(this.bodies)),
      senders: { verify, read: readDelivery },
      secrets: { values: async (_orgId, sealed) => sealed.map(() => HOOK_SECRET) },
      orderOf: (job) => this.#orderOf(job),
      countRefused: (id) => {
        const refused = this.#refusedCalls.count(id, clock.now());
        if (refused !== null) time.after(1, () => void hooks.addRefused(id, refused).catch(() => undefined));
      },
    };
  }

  jobsFor(life: Life): JobStore {
    return this.#over(life, this.jobs.store);
  }

  /** What starts jobs after others, likewise. */
  handOverPorts(life: Life): HandOverPorts {
    return {
      ...this.#submitPorts(life),
      handovers: this.#over(life, d1Handovers(this.stored.database)),
      jobs: this.jobsFor(life),
      notifiers: life.through(this.places.notifiers()),
      orderOf: (job) => this.#orderOf(job),
    };
  }

  /** What takes up facts and sends what is due, likewise. */
  notifyPorts(life: Life): NotifyPorts {
    const { database } = this.stored;
    const webhooks = this.#over(life, d1Webhooks(database));
    const payload = (...told: [Parameters<typeof payloadOf>[0], Parameters<typeof payloadOf>[1]]) =>
      JSON.stringify(payloadOf(...told, null));
    const { send } = life.through(this.subscribers);
    const notifications = this.#over(life, d1Notifications(database));
    return {
      notifications,
      readers: [webhookReader(webhooks, { payload }), commitReader(null)],
      couriers: {
        [TO_WEBHOOK]: webhookCourier(webhooks, { send }),
        [TO_COMMIT]: commitCourier({
          ledger: this.#over(life, d1Reports(database)),
          notifications,
          hooks: this.#over(life, d1Hooks(database)),
          send: life.through(this.commits).send,
          clock: this.#world.workerClock,
        }),
      },
      notifiers: life.through(this.places.notifiers()),
      notificationId: (nowMs) => this.notificationId(nowMs),
      clock: this.#world.workerClock,
    };
  }

  notificationId(nowMs: number): string {
    const number = ++this.#notifications;
    const random = Uint8Array.from(
      { length: 16 },
      (_, index) => Math.floor(number / 32 ** (15 - index)) % 32,
    );
    this.#lastNotificationId = newNotificationId(nowMs, random, this.#lastNotificationId);
    return this.#lastNotificationId;
  }

  async #work(name: string, life: Life, news: () => Promise<void>): Promise<NotifyReport> {
    if (name === CHAINS_NOTIFIER) return handOver(this.handOverPorts(life));
    const ports = this.notifyPorts(life);
    return name === OUTBOX_NOTIFIER ? takeUpOutbox(ports) : sendDue(ports, name, news);
  }

  #submitPorts(life: Life): SubmitPorts {
    const { store, drivers, clock, ids, launches, defaultRegion, organizationLimit } =
      this.#world.firePorts(life);
    return {
      store: store as SubmitPorts["store"],
      ...{ drivers, clock, ids, launches, defaultRegion, organizationLimit },
    };
  }

  /** A job can refuse whatever it is given. */
  async #orderOf({ job: { name, version }, definition }: DefinedJob) {
    if ((definition as unknown as SimDefinition).run.refuses)
      throw new AppError("invalid_input", "is not to be had", "job.run.image");
    const spec = this.#world.orderForJob(name);
    return { spec, job: { name, version, input: "{}" }, isWithoutSecrets: false };
  }

  #over<T extends object>(life: Life, port: T): T {
    return life.through(overNetwork(port, this.#world.chance, this.#world.time));
  }
}
