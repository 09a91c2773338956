/** What callers, the cron and fate do in one seed. */

import { OUTPUT_START } from "../../../src/core/output.ts";
import { isFinal, type RunStatus } from "../../../src/core/run.ts";
import { hasSecrets, type RunSpec } from "../../../src/core/run-spec.ts";
import { cancel } from "../../../src/flow/cancel.ts";
import { type CancelledAll, cancelAll } from "../../../src/flow/cancel-all.ts";
import { followOutput } from "../../../src/flow/follow.ts";
import { launchesOver } from "../../../src/flow/launches.ts";
import { lookAfter } from "../../../src/flow/look-after.ts";
import { reap } from "../../../src/flow/reap.ts";
import { type SubmitPorts, submit, submitFired } from "../../../src/flow/submit.ts";
import { sweep } from "../../../src/flow/sweep.ts";
import type { StoredRun } from "../../support/memory-store.ts";
import { Callers } from "./callers.ts";
import type { Life } from "./life.ts";
import { ANSWER_MAX_MS, API_DOWN_MAX_MS, CLOCK_JUMP_MAX_MS, OUTAGE_MAX_MS } from "./model.ts";
import { anOrder, aRerun, drawRunId, GROUPS, inARush, type Order } from "./order.ts";
import { aSecretValue } from "./secret-values.ts";
import { Timetable } from "./timetable.ts";
import { Traffic } from "./traffic.ts";
import type { World } from "./world.ts";

const TRIES = 4;
const MINUTE = 60_000;

/** Sets everything going. */
export class Plot {
  readonly stormMs: number;
  readonly #world: World;
  readonly #callers: Callers;
  /** Null in a world without schedules. */
  readonly #timetable: Timetable | null;
  /** Null in a world without hooks. */
  readonly #traffic: Traffic | null;
  /** Values of secrets that were thought of. */
  #values = 0;

  constructor(world: World) {
    this.#world = world;
    this.#callers = new Callers(world);
    const { chance } = world;
    // Before all orders, which are planned below.
    world.time.after(0, () => void this.#setUpSecrets());
    // What is due each minute needs more of them.
    const longer = world.hasSchedules ? chance.between("storm over schedules lasts longer", 0, 480) : 0;
    this.stormMs = (chance.between("storm lasts", 30, 240) + longer) * 1000;
    // A ledger of schedules would miss its due time.
    const mayBePunctual = !world.hasSchedules && !world.hasHooks;
    const crowd = chance.fault("a crowd", 0.2) ? chance.between("size of the crowd", 1, 4) : 0;
    const others = (chance.fault("a second run", 0.4) ? 1 : 0) + (chance.fault("a third run", 0.2) ? 1 : 0);
    // Of worlds with hooks most runs are those of jobs.
    const orders = world.hasHooks ? 1 : 1 + crowd + others;
    for (let number = 1; number <= orders; number++)
      this.#order(
        anOrder(number, chance, world.calendar.beginsAt, mayBePunctual),
        chance.between("ordered at", 0, 30_000),
      );
    const rush = world.isRush ? chance.between("size of the rush", 4, 10) : 0;
    // After the re-run, whose number is the next.
    for (let number = orders + 2; number < orders + 2 + rush; number++)
      this.#order(
        inARush(anOrder(number, chance, world.calendar.beginsAt, mayBePunctual)),
        chance.between("rushes in at", 0, 3000),
      );
    const [first] = world.orders;
    if (first && chance.fault("a re-run", 0.2))
      this.#order(aRerun(orders + 1, first, chance), chance.between("ordered again at", 1000, 90_000));
    if (chance.fault("cancel by a filter", 0.15)) {
      const group = chance.pick("cancelled group", GROUPS);
      this.#callers.in(chance.between("cancelled by a filter at", 0, 90_000), () => this.#cancelAll(group));
    }
    this.#callers.each(MINUTE, chance.between("first sweep", 0, MINUTE), () => this.#sweep());
    this.#timetable = world.hasSchedules ? new Timetable(world, this.#callers, this.stormMs) : null;
    const { switchboard } = world;
    this.#traffic = switchboard && new Traffic(world, switchboard, this.#callers, this.stormMs);
    this.#fate();
    if (this.#secretNames.length > 0) this.#fateOfSecrets();
  }

  /** True once every caller has what it wanted, or has given up. */
  get isOver(): boolean {
    const isQuiet = this.#timetable === null || this.#timetable.isQuiet;
    const isDone = this.#callers.areDone && this.#world.calmSince !== null && isQuiet;
    return isDone && (this.#traffic?.isQuiet ?? true);
  }

  /**
   * Fate that waits for a phase of a run's retries: new code comes beside the old one, which goes on, and somebody wakes the
   * new one's driver, in the middle of it.
   */
  afterChange({ state: { run, attempts }, events }: StoredRun): void {
    const phase = events.at(-1)?.event.type;
    const isRetry = run.status === "retrying" || (attempts.length > 1 && !isFinal(run.status));
    if (!isRetry || !this.#world.chance.fault(`deploy after ${phase} of a retry`, 0.1)) return;
    const { chance, time, posts } = this.#world;
    time.after(chance.between("deployed in a retry after", 0, 200), () => this.#world.deploy());
    this.#callers.in(chance.between("woken in a retry after", 0, 1000), () =>
      posts
        .drivers()
        .wake(run.id)
        .catch(() => undefined),
    );
  }

  #order(order: Order, at: number): void {
    const { chance } = this.#world;
    this.#world.orders.push(order);
    this.#callers.in(at, () => this.#submit(order));
    if (order.key && chance.fault("repeated submission", 0.4))
      this.#callers.in(at + chance.between("repeated after", 0, 2000), () => this.#submit(order));
    if (chance.fault("cancel", 0.4))
      this.#callers.in(at + Math.floor(chance.number("cancelled after") ** 3 * 120_000), () =>
        this.#cancel(order),
      );
    if (chance.fault("somebody asks", 0.4))
      for (let times = chance.between("asked times", 1, 6); times > 0; times--)
        this.#callers.in(at + chance.between("asked after", 0, 120_000), () => this.#ask(order));
    if (chance.fault("follower", 0.3))
      this.#callers.in(at + chance.between("followed after", 0, 20_000), () => this.#follow(order));
    if (chance.fault("somebody waits for the end", 0.2))
      this.#callers.in(at + chance.between("waited for after", 0, 20_000), () => this.#waitForEnd(order));
  }

  /** Names of secrets that somebody has ordered. */
  get #secretNames(): string[] {
    return [...new Set(this.#world.orders.flatMap(({ spec }) => Object.values(spec.secrets)))];
  }

  /** They are there from the beginning. */
  async #setUpSecrets(): Promise<void> {
    const { vault, workerClock } = this.#world;
    const keeper = vault.keeper(vault.store, workerClock);
    for (const name of this.#secretNames) await keeper.set("default", name, this.#aValue(name));
  }

  #aValue(name: string): string {
    return aSecretValue(this.#world.chance, name, ++this.#values);
  }

  /** Callers set them anew and take them away, and keys are changed, once before all is under the new one. */
  #fateOfSecrets(): void {
    const { chance, vault, trace, time } = this.#world;
    const moment = () => chance.between("moment of a secret", 0, 90_000);
    for (const name of this.#secretNames) {
      for (const times of ["first", "second", "third"])
        if (chance.fault(`${times} change of ${name}`, 0.3))
          this.#callers.in(moment(), () => this.#setSecret(name));
      if (chance.fault(`removal of ${name}`, 0.15))
        this.#callers.in(moment(), () => this.#removeSecret(name));
    }
    if (!chance.fault("change of keys", 0.3)) return;
    const at = moment();
    time.after(at, () => {
      trace.say("there is a new key");
      vault.useKeys("changed");
    });
    if (!chance.fault("old key taken away too soon", 0.5)) return;
    const goneAt = at + chance.between("old key taken away after", 0, 60_000);
    time.after(goneAt, () => {
      trace.say("the old key is gone");
      vault.useKeys("changedAlone");
    });
    if (chance.number("the old key comes back") < 0.5)
      time.after(goneAt + chance.between("old key back after", 0, 60_000), () => {
        trace.say("the old key is back");
        vault.useKeys("changed");
      });
  }

  async #setSecret(name: string): Promise<void> {
    const value = this.#aValue(name);
    await this.#callers.untilAnswered(`set ${name}`, "asks for a secret again after", (life) =>
      this.#world.secretsFor(life).set("default", name, value),
    );
  }

  async #removeSecret(name: string): Promise<void> {
    await this.#callers.untilAnswered(`remove ${name}`, "asks for a secret again after", (life) =>
      this.#world.secretsFor(life).remove("default", name),
    );
  }

  /** What nobody asked for. */
  #fate(): void {
    const world = this.#world;
    const { chance, time, posts } = world;
    const moment = () => chance.between("moment of fate", 0, this.stormMs);
    if (chance.fault("outage", 0.3))
      time.after(moment(), () =>
        world.goDown(Math.floor(chance.number("outage lasts") ** 2 * OUTAGE_MAX_MS)),
      );
    if (chance.fault("Machines API down", 0.15))
      time.after(moment(), () =>
        world.network.goDown(chance.between("API is down for", 1000, API_DOWN_MAX_MS)),
      );
    for (const times of ["first", "second"])
      if (chance.fault(`${times} deploy`, 0.4)) time.after(moment(), () => world.deploy());
    for (const times of ["first", "second", "third"])
      if (chance.fault(`${times} jump of the clock`, 0.2))
        time.after(moment(), () =>
          world.jumpClock(chance.between("clock jumps by", -CLOCK_JUMP_MAX_MS, CLOCK_JUMP_MAX_MS)),
        );
    if (chance.fault("machine of nobody's", 0.15)) {
      const app = chance.pick("app of nobody's", world.launches.apps);
      time.after(moment(), () => world.platform.makeNobodys(app));
    }
    time.after(this.stormMs, () => {
      world.trace.say("the storm is over");
      chance.stormy = false;
      time.after(posts.downForMs, () => {
        world.calmSince = time.now();
      });
    });
  }

  async #submit(order: Order): Promise<void> {
    const world = this.#world;
    const originId = order.repeats?.answers[0] ?? null;
    // Whoever was not told of a run can not run it again.
    if (order.repeats && originId === null) return;
    for (let tries = 0; tries < TRIES; tries++) {
      const request = world.request(`submit order ${order.number}`);
      const answer = await this.#callers.answer(request.life, async () => {
        if (hasSecrets(order.spec) && (await this.#lacksSecrets(order, request.life))) return "refused";
        const ports = {
          store: request.store,
          drivers: request.life.through(world.posts.drivers()),
          clock: world.workerClock,
          launches: launchesOver(request.store, world.launches),
          ids: { runId: (nowMs: number) => drawRunId(order, nowMs) },
          defaultRegion: world.defaultRegion,
          organizationLimit: world.organizationLimit,
        };
        if (order.leadMs !== null) return this.#submitAhead(ports, order.spec, order.leadMs);
        return submit(ports, { orgId: "default", spec: order.spec, originId, key: order.key });
      });
      if (answer === "refused") return;
      if (answer) {
        order.answers.push(answer.state.run.id);
        world.trace.say(`order ${order.number} is run ${answer.state.run.id}`);
        return;
      }
      // Without a key another try could be another run.
      if (!order.key) return;
      await world.time.sleep(world.chance.between("tries again after", 100, 5000));
    }
  }

  /** As the timekeeper of a punctual schedule does; `refused` where the time itself would have to decide. */
  async #submitAhead(ports: SubmitPorts, spec: RunSpec, leadMs: number) {
    const now = ports.clock.now();
    const startsAt = now + leadMs;
    const ahead = { startsAt, revision: 1 };
    const firing = {
      schedule: "punctual",
      dueAt: startsAt,
      overlap: "allow" as const,
      isCaughtUp: false,
      ahead,
    };
    const job = { name: "simulated", version: 1, input: "{}" };
    const fired = await submitFired(ports, { orgId: "default", spec, job }, firing, now);
    return fired.kind === "accepted" ? fired : "refused";
  }

  /** As whoever orders a run is told. */
  async #lacksSecrets({ number, spec }: Order, life: Life): Promise<boolean> {
    const [complaint] = await this.#world.secretsFor(life).complaints("default", spec.secrets);
    if (complaint) this.#world.trace.say(`order ${number} is refused: ${complaint.message}`);
    return complaint !== undefined;
  }

  async #cancel(order: Order): Promise<void> {
    const world = this.#world;
    for (let tries = 0; tries < TRIES; tries++) {
      const [runId] = order.answers;
      if (runId !== undefined) {
        const request = world.request(`cancel order ${order.number}`);
        const drivers = request.life.through(world.posts.drivers());
        order.cancelAskedAt ??= world.time.now();
        const ports = { store: request.store, drivers, clock: world.workerClock };
        if (await this.#callers.answer(request.life, () => cancel(ports, runId))) return;
      }
      await world.time.sleep(world.chance.between("cancels again after", 500, 5000));
    }
  }

  /** Cancels all runs of a group, page by page, and again where a call failed. */
  async #cancelAll(group: string): Promise<void> {
    const world = this.#world;
    const tag = { key: "group", value: group };
    const statuses: RunStatus[] = [];
    for (let tries = 0; tries < TRIES; tries++) {
      const request = world.request(`cancel group ${group}`);
      const drivers = request.life.through(world.posts.drivers());
      const ports = { store: request.store, drivers, clock: world.workerClock };
      const there = world.activeRuns(group);
      for (const order of world.orders)
        if (order.spec.tags.group === group) order.cancelAskedAt ??= world.time.now();
      const done = await this.#callers.answer(request.life, async () => {
        const asked: string[] = [];
        let beforeRunId: string | null = null;
        do {
          const filter = {
            statuses,
            tag,
            originId: null,
            job: null,
            commit: null,
            branch: null,
            sinceMs: null,
            untilMs: null,
            beforeRunId,
          };
          const page: CancelledAll = await cancelAll(ports, "default", filter);
          asked.push(...page.runIds);
          beforeRunId = page.nextBefore;
        } while (beforeRunId !== null);
        return asked;
      });
      if (done) {
        world.trace.say(`group ${group} was asked to cancel: ${done.join(", ") || "nobody"}`);
        world.groupCancels.push({ group, there, asked: done });
        return;
      }
      await world.time.sleep(world.chance.between("cancels a group again after", 500, 5000));
    }
  }

  async #ask(order: Order): Promise<void> {
    const [runId] = order.answers;
    if (runId === undefined) return;
    const world = this.#world;
    const request = world.request(`show order ${order.number}`);
    await this.#callers.answer(request.life, async () => {
      const state = await request.store.load(runId);
      if (state) await lookAfter({ drivers: world.posts.drivers(), clock: world.workerClock }, state);
    });
  }

  async #waitForEnd(order: Order): Promise<void> {
    const [runId] = order.answers;
    if (runId === undefined) return;
    const request = this.#world.request(`wait for order ${order.number}`);
    await this.#callers.answer(request.life, () =>
      this.#world.posts.drivers().untilFinal(runId, ANSWER_MAX_MS - 1000),
    );
  }

  /** Follows from the beginning, and comes back with the last position wherever the connection ends. */
  async #follow(order: Order): Promise<void> {
    const world = this.#world;
    const told: Order["followed"][number] = [];
    order.followed.push(told);
    let position = OUTPUT_START;
    for (let tries = 0; tries < 50; tries++) {
      const [runId] = order.answers;
      if (runId === undefined) return;
      const request = world.request(`follow order ${order.number}`);
      const ended = await this.#callers.answer(
        request.life,
        async () => {
          const state = await request.store.load(runId);
          if (!state) return false;
          const gone = new AbortController();
          request.life.onEnd.push(() => gone.abort());
          const ports = { store: request.store, blobs: world.blobs, drivers: world.posts.drivers() };
          for await (const next of await followOutput(ports, state, position, gone.signal)) {
            if (next.kind === "output") position = next.chunk;
            if (next.kind !== "resume") told.push(next);
            if (next.kind === "end") return true;
          }
          return false;
        },
        10 * MINUTE,
      );
      if (ended) return;
      await world.time.sleep(world.chance.between("follows again after", 100, 3000));
    }
  }

  async #sweep(): Promise<void> {
    const world = this.#world;
    if (world.posts.isDown || world.chance.fault("sweep left out", 0.1)) return;
    const request = world.request("sweep");
    const ports = {
      store: request.store,
      drivers: world.posts.drivers(),
      clock: world.workerClock,
      launches: launchesOver(request.store, world.launches),
      orgId: "default",
      organizationLimit: world.organizationLimit,
    };
    await this.#callers.answer(request.life, () => sweep(ports));
    const life = world.request("sweep over machines").life;
    await this.#callers.answer(life, () => reap(world.reapPorts(life)));
    if (this.#secretNames.length === 0) return;
    const tender = world.request("sweep over secrets").life;
    await this.#callers.answer(tender, () => world.secretsFor(tender).tend());
  }
}
