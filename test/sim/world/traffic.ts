/** What happens to hooks, chains and webhooks in one seed: who delivers, who changes jobs, who subscribes, and the minute's cron. */

import { NOTIFICATION_GIVE_UP_MS, WEBHOOK_FAILING_MAX_MS } from "../../../src/core/limits.ts";
import { isSameJson } from "../../../src/core/same-json.ts";
import { factWordsOf, WEBHOOK_EVENTS } from "../../../src/core/webhook/event-types.ts";
import { d1Notifications } from "../../../src/d1/notification-store.ts";
import { d1Secrets } from "../../../src/d1/secrets.ts";
import { d1Webhooks } from "../../../src/d1/webhook-store.ts";
import { changeJob, deleteJob } from "../../../src/flow/change-job.ts";
import { receive } from "../../../src/flow/deliver.ts";
import { wakeChains } from "../../../src/flow/hand-over.ts";
import { wakeNotifiers } from "../../../src/flow/notify.ts";
import type { StoredWebhook } from "../../../src/flow/ports/webhooks.ts";
import { submit } from "../../../src/flow/submit.ts";
import { TO_WEBHOOK } from "../../../src/flow/tell-webhooks.ts";
import type { Callers } from "./callers.ts";
import { aLink, type ChainedJob, FIRST_JOB } from "./chained-jobs.ts";
import { aDelivery, type SentDelivery, SOURCES, WANTED_BRANCHES } from "./senders.ts";
import type { Switchboard } from "./switchboard.ts";
import type { World } from "./world.ts";

const ORG = "default";
const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long a sender waits for an answer. */
const SENDER_WAITS_MS = 10_000;
const SEALED = { keyId: "key", iv: new Uint8Array(12), ciphertext: new Uint8Array(16) };
/** A secret is there; what it seals is known to the simulated keeper alone. */
const SECRET = {
  name: "HOOK_SECRET",
  version: 1,
  ...SEALED,
  ...{ size: 10, redacted: true, createdAt: 0, setAt: 0, retiredAt: null },
};

export class Traffic {
  readonly #world: World;
  readonly #callers: Callers;
  readonly #stormMs: number;
  readonly #switchboard: Switchboard;
  #puts = 0;
  #webhooks = 0;

  constructor(world: World, switchboard: Switchboard, callers: Callers, stormMs: number) {
    this.#world = world;
    this.#switchboard = switchboard;
    this.#callers = callers;
    this.#stormMs = stormMs;
    const { chance } = world;
    world.time.after(0, () => void this.#setUp());
    for (const job of world.chains.jobs) this.#lifeOf(job);
    const deliveries = chance.between("deliveries", 1, world.chains.isCircle ? 1 : 4);
    for (let number = 1; number <= deliveries; number++) this.#send(number);
    if (chance.fault("a job is run by hand", 0.4)) callers.in(this.#moment(), () => this.#runNow());
    if (chance.fault("a webhook is added late", 0.2))
      callers.in(this.#moment(), () => this.#addWebhook(world.workerClock.now()));
    callers.each(MINUTE, chance.between("first tick of notifiers", 0, MINUTE), () => this.#cron());
    callers.in(stormMs, () => this.#resumeAll());
  }

  /** True once nobody is to be told or started any more. */
  get isQuiet(): boolean {
    const [left] = this.#switchboard.stored.rows<{ n: number }>(
      `SELECT EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM handovers WHERE next_at IS NOT NULL)
         OR EXISTS (SELECT 1 FROM notifications WHERE state = 'pending') AS n`,
    );
    return left?.n === 0;
  }

  #moment(): number {
    return this.#world.chance.between("moment of the traffic", 0, this.#stormMs);
  }

  /** Without faults: it is there from the beginning. */
  async #setUp(): Promise<void> {
    const { chance, time } = this.#world;
    await d1Secrets(this.#switchboard.stored.database).put(ORG, SECRET);
    for (let count = chance.between("webhooks", 0, 2); count > 0; count--) await this.#addWebhook(time.now());
  }

  async #addWebhook(createdAt: number): Promise<void> {
    const { chance, calendar, trace } = this.#world;
    const { stored, subscribers } = this.#switchboard;
    const id = `wh_${++this.#webhooks}`;
    const isGone = chance.fault("a subscriber that is gone", 0.12);
    const chokes = !isGone && chance.fault("a subscriber that chokes on some lines", 0.2);
    // For nearly as long as it may.
    const isFailing = isGone || chance.fault("a subscriber that has failed for long", 0.1);
    const failingSince =
      calendar.beginsAt - WEBHOOK_FAILING_MAX_MS + chance.between("fails on for", 0, 200) * SECOND;
    subscribers.natures.set(id, {
      isGone,
      chokesForMs: chokes ? chance.between("a subscriber chokes for", 0, 40) * MINUTE : null,
      failingSince: isFailing ? failingSince : null,
    });
    const events = WEBHOOK_EVENTS.filter(() => chance.number("event of a webhook") < 0.7);
    const webhook: StoredWebhook = {
      ...{ orgId: ORG, id, kind: "standard", url: `https://${id}.example`, description: null, email: null },
      events: events.length === 0 ? ["run.finished"] : events,
      jobs: chance.number("jobs of a webhook") < 0.25 ? [FIRST_JOB] : null,
      tags: null,
      ...{ revision: 1, createdAt, updatedAt: createdAt, disabledAt: null, disabledWhy: null },
      failingSince: isFailing ? failingSince : null,
      failedAt: isFailing ? calendar.beginsAt - HOUR : null,
      ...{ secret: SEALED, oldSecret: null, oldSecretUntil: null },
    };
    await d1Webhooks(stored.database).add(webhook, 50);
    trace.say(`${id} is told of ${factWordsOf(webhook.events).trim()}`);
    if (chance.fault("old notifications", 0.25)) await this.#addOld(id);
  }

  /** They have been tried for nearly as long as they may be. */
  async #addOld(webhookId: string): Promise<void> {
    const { chance, calendar } = this.#world;
    const { stored } = this.#switchboard;
    const at = calendar.beginsAt - NOTIFICATION_GIVE_UP_MS + chance.between("tried on for", 0, 200) * SECOND;
    const told = [1, 2].map((seq) => ({
      ...{
        target: webhookId,
        line: "run_of_before",
        seq,
        orgId: ORG,
        kind: TO_WEBHOOK,
        type: "run.started",
        payload: "{}",
      },
      id: this.#switchboard.notificationId(at),
    }));
    await d1Notifications(stored.database).takeUp([], told, at);
  }

  #lifeOf(job: ChainedJob): void {
    const { chance } = this.#world;
    const callers = this.#callers;
    const firstPut = chance.between("a chained job is put at", 0, 5000);
    const later = () => firstPut + this.#moment();
    callers.in(firstPut, () => this.#put(job));
    if (chance.fault("a chained job is changed", 0.25))
      callers.in(later(), async () => {
        job.on = job.on.map((link) => aLink(link.job, this.#world.chains.isCircle, chance));
        await this.#put(job);
      });
    if (chance.fault("a chained job follows nobody any more", 0.1))
      callers.in(later(), async () => {
        job.on = [];
        await this.#put(job);
      });
    if (chance.fault("a chained job refuses", 0.2)) {
      const at = later();
      callers.in(at, () => this.#refuse(job, true));
      callers.in(at + chance.between("a chained job refuses for", 1, 120) * SECOND, () =>
        this.#refuse(job, false),
      );
    }
    if (chance.fault("a chained job is deleted", 0.12)) {
      const at = later();
      callers.in(at, () => this.#ask(`delete ${job.name}`, (ports) => deleteJob(ports, ORG, job.name, null)));
      if (chance.fault("a deleted chained job comes back", 0.6))
        callers.in(at + chance.between("a chained job comes back after", 0, 60) * SECOND, () =>
          this.#put(job),
        );
    }
    if (chance.fault("a chained job is paused", 0.25)) {
      const at = later();
      callers.in(at, () => this.#pause(job.name, true));
      callers.in(at + chance.between("a chained job rests for", 1, 120) * SECOND, () =>
        this.#pause(job.name, false),
      );
    }
  }

  async #resumeAll(): Promise<void> {
    await this.#world.time.sleep(this.#world.posts.downForMs + MINUTE);
    for (const { name } of this.#world.chains.jobs) await this.#pause(name, false);
  }

  async #refuse(job: ChainedJob, refuses: boolean): Promise<void> {
    job.refuses = refuses;
    await this.#put(job);
  }

  #put({ name, on, refuses }: ChainedJob): Promise<void> {
    const number = ++this.#puts;
    const definition = { run: { secrets: {}, refuses }, on: [...on] };
    const hooks = name === FIRST_JOB ? SOURCES.map((source) => this.#hookOf(source, number)) : [];
    return this.#ask(`put ${name}`, (ports) =>
      changeJob(ports, {
        ...{ orgId: ORG, name, definition, schedules: [], hooks, expectedVersion: null },
        change: { kind: "put" },
        means: (known) => isSameJson(known, definition),
      }),
    );
  }

  #hookOf(source: (typeof SOURCES)[number], put: number) {
    const { reports } = this.#world;
    return {
      id: `${source}-${put}`,
      spec: {
        ...{ name: source, source, secrets: [SECRET.name], options: { signature: null, dedupe: null } },
        filter: { branches: WANTED_BRANCHES },
        map: {},
        ...(reports && { report: { token: "TOKEN", context: `mayfly/${source}`, apiUrl: null } }),
      },
    };
  }

  #pause(name: string, isPaused: boolean): Promise<void> {
    return this.#ask(`${isPaused ? "pause" : "resume"} ${name}`, ({ jobs, clock }) => {
      const now = clock.now();
      return jobs.pause(ORG, name, isPaused ? now : null, now);
    });
  }

  #ask(what: string, ask: (ports: Parameters<typeof changeJob>[0]) => Promise<unknown>): Promise<void> {
    return this.#callers.untilAnswered(what, "asks about a job again after", (life) =>
      ask({
        jobs: this.#switchboard.jobsFor(life),
        schedules: this.#world.schedulesFor(life, 0),
        clock: this.#world.workerClock,
      }),
    );
  }

  /** Who asks for one without a key does so once. */
  #runNow(): Promise<void> {
    const { life } = this.#world.request(`run ${FIRST_JOB}`);
    const { jobs, ...ports } = this.#switchboard.handOverPorts(life);
    return this.#callers
      .answer(life, async () => {
        const [job] = await jobs.findAll(ORG, [FIRST_JOB]);
        if (!job || job.job.deletedAt !== null) return;
        const { name, version } = job.job;
        const spec = this.#world.orderForJob(name);
        await submit(ports, {
          orgId: ORG,
          spec,
          originId: null,
          job: { name, version, input: "{}" },
          key: null,
        });
      })
      .then(() => undefined);
  }

  #send(number: number): void {
    const { chance, deliveries } = this.#world;
    const sent = aDelivery(number, FIRST_JOB, chance);
    deliveries.push(sent);
    const at = 2000 + this.#moment();
    this.#callers.in(at, () => this.#deliver(sent));
    if (chance.fault("a delivery comes twice at once", 0.3))
      this.#callers.in(at + chance.between("twice at once after", 0, 300), () => this.#deliver(sent));
    if (chance.fault("a delivery is sent again", 0.3))
      this.#callers.in(at + chance.between("sent again after", 1, 120) * SECOND, () => this.#deliver(sent));
  }

  /** Until it is taken, or nobody can be there to take it. */
  async #deliver(sent: SentDelivery): Promise<void> {
    const { chance, time, trace } = this.#world;
    const { stored, jobs } = this.#switchboard;
    let url = "";
    while (true) {
      sent.firstAt ??= time.now();
      const { life } = this.#world.request(`delivery ${sent.number}`);
      // Who sends is told of another URL.
      const [hook] = stored.rows<{ id: string }>("SELECT id FROM hooks WHERE name = ?", sent.source);
      url = hook?.id ?? url;
      const isCalm = this.#world.calmSince !== null;
      const answer = await this.#callers.answer(
        life,
        () => receive(this.#switchboard.deliverPorts(life), url, sent.headers, sent.body),
        SENDER_WAITS_MS,
      );
      sent.lastAt = time.now();
      if (answer !== null) {
        const delivery = answer.kind === "recorded" ? answer.delivery : null;
        sent.answers.push({ at: time.now(), kind: answer.kind, delivery });
        trace.say(`delivery ${sent.number}: ${answer.kind} ${delivery?.verdict ?? ""}`);
      }
      if (answer?.kind === "recorded" || (answer !== null && sent.isForged)) return;
      if (answer !== null && isCalm && jobs.now(FIRST_JOB)?.isThere !== true) return;
      await time.sleep(chance.between("delivered again after", 1, 20) * SECOND);
    }
  }

  /** What the minute does for those whose calls were lost. */
  async #cron(): Promise<void> {
    const { chance, posts } = this.#world;
    if (posts.isDown || chance.fault("tick of notifiers left out", 0.15)) return;
    const { life } = this.#world.request("tick of notifiers");
    await this.#callers.answer(life, async () => {
      await wakeNotifiers(this.#switchboard.notifyPorts(life)).catch(() => undefined);
      await wakeChains(this.#switchboard.handOverPorts(life)).catch(() => undefined);
    });
  }
}
