/**
 * Tend: the minute's look at the Machines that Fly starts for schedules. What there should be is compared with what there is, as often
 * as anybody likes: a schedule that is at work has its Machine, made of what its job says; one that rests or is gone has none; and
 * each start of a Machine that was not seen before becomes a run.
 *
 * A Machine is stored before it is asked for, and its name follows from the schedule, so a lost answer makes no second one. It is
 * changed and destroyed only when nothing of it runs and all its starts are runs.
 */

import { AppError, messageOf } from "../core/error.ts";
import type { Accepted } from "../core/event.ts";
import { acceptRun, applyEvents } from "../core/lifecycle.ts";
import {
  FLY_LAUNCH_EARLY_MS,
  FLY_LAUNCH_WITHIN_MS,
  FLY_MACHINE_YOUNG_MS,
  FLY_SCHEDULES_PER_TICK,
  FLY_TEND_MAX_MS,
  FLY_TEND_MAX_STATEMENTS,
} from "../core/limits.ts";
import { type Machine, METADATA_PRINT } from "../core/machine.ts";
import { attemptOfStart, machineFiles } from "../core/plan.ts";
import {
  type FlyOrder,
  flyMachineName,
  flyOrder,
  isAtRest,
  makeAgainAfterMs,
} from "../core/schedule/fly-machine.ts";
import { startsAfter, toldSince } from "../core/schedule/fly-starts.ts";
import { placeOf } from "../core/schedule/side-by-side.ts";
import type { FirePorts } from "./fire-armed.ts";
import type { FlyMachine, FlyPair, FlyScheduleStore, ScheduledMachines } from "./ports/fly-schedules.ts";
import type { StoredSchedule } from "./ports/schedules.ts";

export interface TendPorts
  extends Pick<
    FirePorts,
    "store" | "drivers" | "clock" | "ids" | "launches" | "jobs" | "orderOf" | "defaultRegion"
  > {
  flySchedules: FlyScheduleStore;
  scheduledMachinesOf(app: string): ScheduledMachines;
  /** D1 statements that these ports have sent so far. */
  sent(): number;
}

export interface TendReport {
  schedules: number;
  /** Starts that became runs. */
  starts: number;
  problems: string[];
}

/**
 * Looks after schedules in order, as many as one call may; the next goes on. It comes back to one that has starts left first: Fly tells
 * of some 50 at most, and starts none more often than once an hour, so those behind it wait for a few minutes.
 */
export async function tendFlySchedules(ports: TendPorts): Promise<TendReport> {
  const { flySchedules, clock } = ports;
  const report: TendReport = { schedules: 0, starts: 0, problems: [] };
  const begunAt = clock.now();
  const mostSent = ports.sent() + FLY_TEND_MAX_STATEMENTS;
  const turn: Turn = { hasAskedEarly: false, hasStartsLeft: false, isOver: () => ports.sent() >= mostSent };
  const after = await flySchedules.cursor();
  const { pairs, next } = await flySchedules.page(after, FLY_SCHEDULES_PER_TICK);
  let [brokeOffAt, before] = [next, after];
  for (const pair of pairs) {
    const key = pair.machine ?? pair.schedule;
    if (key === null) continue;
    await new Tending(ports, report, turn)
      .tend(pair)
      .catch((error) => report.problems.push(`${key.job}/${key.name}: ${messageOf(error)}`));
    report.schedules += 1;
    if (turn.hasStartsLeft) {
      brokeOffAt = before;
      break;
    }
    before = placeOf(key);
    const isOver = turn.isOver() || clock.now() > begunAt + FLY_TEND_MAX_MS;
    if (isOver && pair !== pairs.at(-1)) {
      brokeOffAt = before;
      break;
    }
  }
  if (brokeOffAt !== after) await flySchedules.keepCursor(brokeOffAt, clock.now());
  return report;
}

/** What the looks of one call share. */
interface Turn {
  /** A Machine was asked for before its launch was due. */
  hasAskedEarly: boolean;
  /** The call was over before all starts of a Machine were runs. */
  hasStartsLeft: boolean;
  /** The call's share of statements is used. */
  isOver(): boolean;
}

/** One look at one schedule. */
class Tending {
  readonly #ports: TendPorts;
  readonly #report: TendReport;
  readonly #turn: Turn;

  constructor(ports: TendPorts, report: TendReport, turn: Turn) {
    this.#ports = ports;
    this.#report = report;
    this.#turn = turn;
  }

  async tend({ schedule, machine }: FlyPair): Promise<void> {
    const wanted = schedule !== null && schedule.pausedBy.length === 0 ? await this.#orderOf(schedule) : null;
    if (wanted instanceof AppError) return this.#withoutOrder(schedule, machine, wanted);
    if (machine === null)
      return wanted === null || schedule === null ? undefined : this.#makeFirst(schedule, wanted);
    if (machine.machineId === null) return this.#makeAgain(machine, wanted);
    return this.#lookAt(machine, machine.machineId, wanted);
  }

  /** What the job is to do now; null where it is gone. */
  async #orderOf(schedule: StoredSchedule): Promise<FlyOrder | AppError | null> {
    const { jobs, orderOf, defaultRegion } = this.#ports;
    const { rule, input } = schedule.spec;
    const job = await jobs.find(schedule.orgId, schedule.job);
    if (job === null || job.job.deletedAt !== null || rule.kind !== "fly") return null;
    try {
      return flyOrder(schedule, rule.period, await orderOf(job, input), defaultRegion);
    } catch (error) {
      if (error instanceof AppError && error.code === "invalid_input") return error;
      throw error;
    }
  }

  /** A job that was checked when it was put and can not be run now: what there is goes on as it is. */
  async #withoutOrder(
    schedule: StoredSchedule | null,
    machine: FlyMachine | null,
    { path, message }: AppError,
  ): Promise<void> {
    const problem = `the job can not be run: ${path ?? "job.run"}: ${message}`;
    this.#report.problems.push(`${schedule?.job}/${schedule?.name}: ${problem}`);
    if (machine !== null && machine.machineId !== null)
      await this.#lookAt(machine, machine.machineId, machine.next ?? machine.order);
  }

  async #makeFirst(schedule: StoredSchedule, order: FlyOrder): Promise<void> {
    const { flySchedules, clock } = this.#ports;
    const { orgId, job, name } = schedule;
    const app = await this.#launchApp(flyMachineName(schedule));
    if (app === null) return;
    const machine: FlyMachine = {
      ...{ orgId, job, name },
      app,
      machineName: flyMachineName(schedule),
      machineId: null,
      order,
      next: null,
      seenTo: 0,
      askedAt: clock.now(),
      failures: 0,
      problem: null,
      revision: 1,
    };
    if (await flySchedules.add(machine)) await this.#make(machine);
  }

  /**
   * The Machine of an earlier ask is looked for before it is asked for again: it may have been made, and of something else. No list has
   * it for certain until it is no longer young, and where a list should still not have it its app refuses a second one of its name.
   */
  async #makeAgain(machine: FlyMachine, wanted: FlyOrder | null): Promise<void> {
    const { flySchedules, clock } = this.#ports;
    const dueAt = machine.askedAt + makeAgainAfterMs(machine.failures);
    if (wanted !== null && clock.now() < dueAt) return;
    const look = await this.#machines(machine).find({
      name: machine.machineName,
      config: machine.order.config,
    });
    if (look.kind === "failed") return this.#tell(machine, look.error);
    if (look.kind === "found")
      return void (await flySchedules.change(machine, { machineId: look.machine.id }));
    const isYoung = clock.now() - machine.askedAt < FLY_MACHINE_YOUNG_MS;
    if (wanted === null) return isYoung ? undefined : flySchedules.remove(machine);
    // Since one that has run was gone nothing was asked for.
    const mayBeMade = machine.seenTo === 0;
    if (mayBeMade && isYoung) return;
    const app = await this.#launchApp(machine.machineName, mayBeMade ? machine.app : undefined);
    if (app === null) return;
    const changes = { app, order: wanted, next: null, seenTo: 0, askedAt: clock.now() };
    const changed = await flySchedules.change(machine, changes);
    if (changed !== null) await this.#make(changed);
  }

  /** The app that has a launch for it, any but where one is given; null where none has, and the next tick tries again. */
  async #launchApp(machineName: string, onlyIn?: string): Promise<string | null> {
    const { launches, clock } = this.#ports;
    const now = clock.now();
    const withinMs = this.#turn.hasAskedEarly ? FLY_LAUNCH_WITHIN_MS : FLY_LAUNCH_EARLY_MS;
    const only = onlyIn !== undefined && { onlyIn };
    const launch = await launches.take(now, { machineName, before: now + withinMs, ...only });
    if (launch !== null && launch.at > now + FLY_LAUNCH_WITHIN_MS) this.#turn.hasAskedEarly = true;
    return launch?.app ?? null;
  }

  async #make(machine: FlyMachine): Promise<void> {
    const { flySchedules, launches, clock } = this.#ports;
    const result = await this.#machines(machine).create(requestOf(machine.machineName, machine.order));
    switch (result.kind) {
      case "created":
        await flySchedules.change(machine, { machineId: result.machine.id, problem: null });
        return;
      case "exists":
        return;
      case "later":
        if (result.tooMany) await launches.refused(machine.app, clock.now());
        return;
      case "uncertain":
        return this.#tell(machine, result.error);
      case "refused":
        await this.#tell(machine, result.error, { failures: machine.failures + 1, askedAt: clock.now() });
    }
  }

  async #lookAt(machine: FlyMachine, machineId: string, wanted: FlyOrder | null): Promise<void> {
    const { clock } = this.#ports;
    const look = await this.#machines(machine).look(machineId);
    switch (look.kind) {
      case "failed":
        return this.#tell(machine, look.error);
      case "foreign":
        return this.#tell(machine, `the machine ${machineId} does not say what it is made of`);
      case "absent":
        if (clock.now() - machine.askedAt < FLY_MACHINE_YOUNG_MS) return;
        return this.#gone(machine, wanted, "the Machines API does not know it any more");
      case "found":
        return this.#judge(machine, look.machine, wanted);
    }
  }

  async #judge(machine: FlyMachine, found: Machine, wanted: FlyOrder | null): Promise<void> {
    const { flySchedules, clock } = this.#ports;
    const print = found.metadata[METADATA_PRINT];
    const isChanged = machine.next !== null && print === machine.next.print;
    const now = isChanged
      ? await flySchedules.change(machine, { order: machine.next ?? machine.order, next: null })
      : machine;
    if (now === null) return;
    const starts = await this.#noteStarts(now, found);
    if (this.#turn.hasStartsLeft) return;
    if (found.state === "destroyed") {
      const current = starts === 0 ? now : await flySchedules.find(now);
      return current === null ? undefined : this.#gone(current, wanted, "it was destroyed");
    }
    if (found.state === "destroying" || starts > 0 || !isAtRest(found, clock.now())) return;
    if (wanted === null) return this.#destroy(now);
    if (print === wanted.print) return now.problem === null ? undefined : this.#tell(now, null);
    // A Machine can not move.
    if (wanted.config.region !== now.order.config.region) return this.#destroy(now);
    await this.#change(now, found.id, wanted);
  }

  async #change(machine: FlyMachine, machineId: string, wanted: FlyOrder): Promise<void> {
    const changed = await this.#ports.flySchedules.change(machine, { next: wanted });
    if (changed === null) return;
    const result = await this.#machines(machine).update(machineId, requestOf(machine.machineName, wanted));
    if (result.kind === "failed") await this.#tell(changed, result.error);
  }

  async #destroy(machine: FlyMachine): Promise<void> {
    const { machineId } = machine;
    const result = machineId === null ? null : await this.#machines(machine).destroy(machineId);
    // That it is gone is for the next look to see.
    if (result?.kind === "failed") await this.#tell(machine, result.error);
  }

  async #gone(machine: FlyMachine, wanted: FlyOrder | null, how: string): Promise<void> {
    const { flySchedules, clock } = this.#ports;
    if (wanted === null) return flySchedules.remove(machine);
    const wasStarted = machine.seenTo > 0;
    const problem = wasStarted
      ? null
      : `the machine ${machine.machineId} was never started, and is gone: ${how}`;
    const failures = wasStarted ? 0 : machine.failures + 1;
    await this.#tell(machine, problem, { machineId: null, next: null, failures, askedAt: clock.now() });
  }

  /** @returns how many starts were new */
  async #noteStarts(machine: FlyMachine, found: Machine): Promise<number> {
    const { flySchedules, clock } = this.#ports;
    let { events } = found;
    if (toldSince(events, machine.seenTo) !== null)
      events = (await this.#machines(machine).events(found.id)) ?? events;
    const since = toldSince(events, machine.seenTo);
    if (since !== null && machine.seenTo > 0) {
      const why = "Fly tells of nothing of this time any more: if it started the machine, nobody noticed";
      await flySchedules.recordGap(
        machine,
        { fromMs: machine.seenTo + 1, throughMs: since, why },
        clock.now(),
      );
    }
    const starts = startsAfter(events, machine.seenTo);
    let last: number | undefined;
    for (const startedAt of starts) {
      // One at least, so that each call comes further.
      if (last !== undefined && this.#turn.isOver()) {
        this.#turn.hasStartsLeft = true;
        break;
      }
      await this.#becomesRun(machine, found, startedAt);
      last = startedAt;
    }
    if (last !== undefined) await flySchedules.change(machine, { seenTo: last, failures: 0, problem: null });
    return starts.length;
  }

  /** The ledger has a start once, so that whoever notices it a second time makes no second run. */
  async #becomesRun(machine: FlyMachine, found: Machine, startedAt: number): Promise<void> {
    const { store, drivers, clock, ids } = this.#ports;
    const { orgId, name, app, machineName, order } = machine;
    const now = clock.now();
    const accepted: Accepted = {
      type: "accepted",
      at: now,
      spec: order.spec,
      originId: null,
      job: order.job,
      // Fly itself starts no Machine that is at work still.
      firing: { schedule: name, dueAt: startedAt, overlap: "allow", isCaughtUp: false, startedByFly: true },
    };
    const start = {
      machineName,
      machineId: found.id,
      machineConfig: order.config,
      app,
      region: found.region,
    };
    const events = attemptOfStart({ ...start, startedAt }, now);
    const state = applyEvents(acceptRun(ids.runId(now), orgId, accepted), events);
    if (state === null) throw new Error("a fresh run can always have a machine");
    const result = await store.accept(state, [accepted, ...events], null);
    if (result.kind !== "accepted") return;
    this.#report.starts += 1;
    // The sweep finds a run whose start was not heard.
    await drivers.start(state).catch(() => undefined);
  }

  async #tell(machine: FlyMachine, problem: string | null, changes: Partial<FlyMachine> = {}): Promise<void> {
    if (problem !== null) this.#report.problems.push(`${machine.job}/${machine.name}: ${problem}`);
    const isNews = problem !== machine.problem || Object.keys(changes).length > 0;
    if (isNews) await this.#ports.flySchedules.change(machine, { ...changes, problem });
  }

  #machines({ app }: FlyMachine): ScheduledMachines {
    return this.#ports.scheduledMachinesOf(app);
  }
}

function requestOf(name: string, { config, spec, period }: FlyOrder) {
  return { name, config, files: machineFiles(spec, name), period };
}
