/** What happens to jobs and their schedules in one seed: who puts, changes, pauses and asks, and the minute's cron. */

import { isSameJson } from "../../../src/core/same-json.ts";
import type { ScheduleSpec } from "../../../src/core/schedule/spec.ts";
import { callAhead } from "../../../src/flow/call-ahead.ts";
import { changeJob, deleteJob, type JobChange } from "../../../src/flow/change-job.ts";
import type { FirePorts } from "../../../src/flow/fire-armed.ts";
import { backfill, backfillOf, runNow } from "../../../src/flow/fire-by-hand.ts";
import type { Timekeepers } from "../../../src/flow/ports/schedules.ts";
import { tick, tickSome } from "../../../src/flow/tick.ts";
import { aSchedule, changed, lastStart, NAMES } from "./a-schedule.ts";
import type { Callers } from "./callers.ts";
import type { Life } from "./life.ts";
import { WRONG_CLOCK_MAX_MS, WRONG_CLOCK_MIN_MS } from "./model.ts";
import type { World } from "./world.ts";

const ORG = "default";
const MINUTE = 60_000;
/** For what came due last to be decided, started and told of, twice over. */
const QUIET_MS = 5 * MINUTE;

interface SimJob {
  name: string;
  /** As they are wanted. */
  specs: ScheduleSpec[];
}

export class Timetable {
  readonly #world: World;
  readonly #callers: Callers;
  readonly #stormMs: number;
  readonly #jobs: SimJob[];
  /** Epoch milliseconds after which no schedule that there ever was starts anything. */
  #lastStart = 0;

  constructor(world: World, callers: Callers, stormMs: number) {
    this.#world = world;
    this.#callers = callers;
    this.#stormMs = stormMs;
    const { chance } = world;
    const jobs = chance.fault("a second job", 0.3) ? ["j1", "j2"] : ["j1"];
    this.#jobs = jobs.map((name) => this.#aJob(name));
    for (const job of this.#jobs) this.#lifeOf(job);
    callers.each(MINUTE, chance.between("first tick", 0, MINUTE), () => this.#cron());
    callers.in(stormMs, () => this.#resumeAll());
  }

  /** True once nothing is due any more, and there was time to decide and start all that was. */
  get isQuiet(): boolean {
    const { time, workerClock, schedules } = this.#world;
    const now = Math.min(time.now(), workerClock.now());
    const since = now - QUIET_MS;
    // A clock that was ahead can have armed what was late already for a time of its own.
    const armed = [...schedules.ledger.values()].filter(({ outcome }) => outcome === "armed");
    return (
      since > this.#lastStart &&
      armed.every(({ startAt }) => (startAt ?? 0) < since || (startAt ?? 0) > now + WRONG_CLOCK_MAX_MS)
    );
  }

  #aJob(name: string): SimJob {
    const { chance } = this.#world;
    const names = chance.fault("a second schedule", 0.4) ? NAMES : [NAMES[0]];
    return { name, specs: names.map((one) => this.#noted(aSchedule(one, chance, this.#world.calendar))) };
  }

  #noted(spec: ScheduleSpec): ScheduleSpec {
    this.#lastStart = Math.max(this.#lastStart, lastStart(spec));
    return spec;
  }

  #lifeOf(job: SimJob): void {
    const { chance } = this.#world;
    const callers = this.#callers;
    const moment = () => chance.between("moment of a job", 0, this.#stormMs);
    const firstPut = chance.between("a job is put at", 0, 10_000);
    callers.in(firstPut, () => this.#put(job));
    for (const times of ["first", "second"])
      if (chance.fault(`${times} change of a job`, 0.3))
        callers.in(firstPut + moment(), async () => {
          job.specs = this.#changedSpecs(job.specs);
          await this.#put(job);
        });
    if (chance.fault("a job is deleted", 0.08)) {
      const at = firstPut + moment();
      callers.in(at, () => this.#delete(job));
      if (chance.fault("a deleted job comes back", 0.5))
        callers.in(at + chance.between("a job comes back after", 0, 120_000), () => this.#put(job));
    }
    for (const times of ["first", "second"])
      if (chance.fault(`${times} pause of a schedule`, 0.3)) {
        const at = firstPut + moment();
        const name = chance.pick("paused schedule", NAMES);
        callers.in(at, () => this.#pause(job, name, true));
        callers.in(at + chance.between("a schedule rests for", 1000, 240_000), () =>
          this.#pause(job, name, false),
        );
      }
    if (chance.fault("pause of a job", 0.15)) {
      const at = firstPut + moment();
      callers.in(at, () => this.#pauseJob(job, true));
      callers.in(at + chance.between("a job rests for", 1000, 240_000), () => this.#pauseJob(job, false));
    }
    if (chance.fault("run now", 0.3)) callers.in(firstPut + moment(), () => this.#runNow(job));
    if (chance.fault("backfill", 0.3)) callers.in(firstPut + moment(), () => this.#backfill(job));
  }

  /** One of them is another, or goes, or comes. */
  #changedSpecs(specs: ScheduleSpec[]): ScheduleSpec[] {
    const { chance, calendar } = this.#world;
    const name = chance.pick("changed schedule", NAMES);
    const others = specs.filter((spec) => spec.name !== name);
    const known = specs.find((spec) => spec.name === name);
    if (known === undefined) return [...others, this.#noted(aSchedule(name, chance, calendar))];
    return chance.number("a schedule goes") < 0.2
      ? others
      : [...others, this.#noted(changed(known, chance, calendar))];
  }

  async #ask(what: string, ask: (ports: FirePorts & { timekeepers: Timekeepers }) => Promise<unknown>) {
    await this.#callers.untilAnswered(what, "asks about a schedule again after", (life) =>
      ask(this.#ports(life)),
    );
  }

  #ports(life: Life) {
    return {
      ...this.#world.firePorts(life),
      timekeepers: life.through(this.#world.keepers.timekeepers()),
    };
  }

  async #put(job: SimJob): Promise<void> {
    const { name } = job;
    const change = this.#changeOf(job);
    await this.#ask(`put job ${name}`, async (ports) => {
      await this.#changing(ports, name, () => changeJob(ports, change));
    });
  }

  #changeOf({ name, specs }: SimJob): JobChange {
    const definition = { run: {}, schedules: specs.map((spec) => ({ ...spec })) };
    return {
      orgId: ORG,
      name,
      definition,
      schedules: specs,
      change: { kind: "put" },
      expectedVersion: null,
      means: ({ schedules }) => isSameJson(schedules, definition.schedules),
    };
  }

  /** As the API does it: what fails after the change is left to the cron. */
  async #changing(
    ports: FirePorts & { timekeepers: Timekeepers },
    job: string,
    change: () => Promise<unknown>,
  ): Promise<void> {
    const before = await ports.schedules.ofJob(ORG, job);
    await change();
    try {
      await tickSome(ports, await ports.schedules.ofJob(ORG, job));
      await callAhead(ports, before);
    } catch (error) {
      this.#world.upset(`what follows a change of ${job}`, error);
    }
  }

  #delete({ name }: SimJob): Promise<void> {
    return this.#ask(`delete job ${name}`, (ports) =>
      this.#changing(ports, name, () => deleteJob(ports, ORG, name, null)),
    );
  }

  #pause({ name: job }: SimJob, name: string, isPaused: boolean): Promise<void> {
    return this.#ask(`${isPaused ? "pause" : "resume"} ${job}/${name}`, async (ports) => {
      const key = { orgId: ORG, job, name };
      await this.#changing(ports, job, () => ports.schedules.pause(key, ports.clock.now(), isPaused));
    });
  }

  #pauseJob({ name }: SimJob, isPaused: boolean): Promise<void> {
    return this.#ask(`${isPaused ? "pause" : "resume"} job ${name}`, async (ports) => {
      const now = ports.clock.now();
      await this.#changing(ports, name, () => ports.jobs.pause(ORG, name, isPaused ? now : null, now));
    });
  }

  /** After the storm nothing rests any more, so that what becomes of each due time is decided. */
  async #resumeAll(): Promise<void> {
    const { time, posts } = this.#world;
    // Calls of before can be late.
    await time.sleep(posts.downForMs + MINUTE);
    for (const job of this.#jobs) {
      await this.#pauseJob(job, false);
      for (const name of NAMES) await this.#pause(job, name, false);
    }
  }

  /** Whoever asks again until there is an answer has a key: otherwise that would be another run. */
  #runNow({ name: job }: SimJob): Promise<void> {
    return this.#ask(`run ${job}/a now`, async (ports) => {
      const schedule = await ports.schedules.find({ orgId: ORG, job, name: "a" });
      if (schedule) await runNow(ports, schedule, `run ${job}/a now`);
    });
  }

  #backfill({ name: job }: SimJob): Promise<void> {
    const { chance, calendar } = this.#world;
    const fromMs = calendar.beginsAt + chance.between("backfill from", -60_000, 120_000);
    return this.#ask(`backfill ${job}/a`, async (ports) => {
      const schedule = await ports.schedules.find({ orgId: ORG, job, name: "a" });
      if (!schedule) return;
      const found = await backfillOf(ports.schedules, schedule, fromMs, ports.clock.now());
      await backfill(ports, schedule, { ...found, dueTimes: found.dueTimes.slice(0, 5) });
    });
  }

  /** On time, late, twice, by a clock that is wrong, or not at all. */
  async #cron(): Promise<void> {
    const { chance, time, posts } = this.#world;
    if (posts.isDown || chance.fault("tick left out", 0.15)) return;
    if (chance.fault("late tick", 0.1)) await time.sleep(chance.between("a tick is late by", 0, 50_000));
    if (chance.fault("change of a job while a tick decides", 0.1)) this.#changeSoon();
    const isTwice = chance.fault("second tick", 0.15);
    void this.#tick(this.#wrongBy());
    if (!isTwice) return;
    await time.sleep(chance.between("second tick after", 0, 2000));
    await this.#tick(this.#wrongBy());
  }

  /** By somebody whose calls take no time, so that it is between two of the tick's. */
  #changeSoon(): void {
    const { chance, jobs, schedules, workerClock } = this.#world;
    const job = chance.pick("job changed by a tick", this.#jobs as [SimJob, ...SimJob[]]);
    this.#callers.in(chance.between("changed by a tick after", 0, 80), async () => {
      job.specs = this.#changedSpecs(job.specs);
      await changeJob({ jobs, schedules, clock: workerClock }, this.#changeOf(job));
    });
  }

  #wrongBy(): number {
    const { chance } = this.#world;
    if (!chance.fault("tick by a wrong clock", 0.08)) return 0;
    const offMs = chance.between("a clock is wrong by", WRONG_CLOCK_MIN_MS, WRONG_CLOCK_MAX_MS);
    return chance.number("a wrong clock is ahead") < 0.7 ? offMs : -offMs;
  }

  async #tick(offMs: number): Promise<void> {
    const { time, schedules, workerClock, trace } = this.#world;
    const { life } = this.#world.request(
      offMs === 0 ? "tick" : `tick by a clock that is wrong by ${offMs} ms`,
    );
    const noted = { beganAt: time.now(), endedAt: Number.POSITIVE_INFINITY, offMs, isWhole: false };
    schedules.ticks.push(noted);
    const report = await this.#callers.answer(life, () =>
      tick({
        schedules: this.#world.schedulesFor(life, offMs),
        timekeepers: life.through(this.#world.keepers.timekeepers()),
        clock: { now: () => workerClock.now() + offMs },
      }),
    );
    noted.endedAt = time.now();
    noted.isWhole = report?.problems.length === 0;
    if (report) trace.say(`${life.name} decided ${report.schedules} schedules and ${report.firings} firings`);
    for (const problem of report?.problems ?? []) this.#world.upsetBy(life.name, problem);
  }
}
