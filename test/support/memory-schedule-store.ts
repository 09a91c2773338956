/** The store of schedules in memory, for tests that move the clock. It keeps the contract in `test/contracts/schedule-store-contract.ts`. */

import type { RunJob } from "../../src/core/job.ts";
import { FIRINGS_SCAN_MAX, SCHEDULE_PROMPT_MS, TIMEKEEPER_SHARDS } from "../../src/core/limits.ts";
import type { Run } from "../../src/core/run.ts";
import { nextDue } from "../../src/core/schedule/due.ts";
import {
  type ScheduleKey,
  type ScheduleSpec,
  scheduleId,
  shardOf,
  timingText,
} from "../../src/core/schedule/spec.ts";
import type {
  ArmedRow,
  Decided,
  Firing,
  FiringFilter,
  FiringPage,
  FiringPlace,
  FiringTrigger,
  Pauser,
  ScheduleStore,
  StoredSchedule,
} from "../../src/flow/ports/schedules.ts";

const PAUSERS: Pauser[] = ["definition", "hand", "job"];

export class MemoryScheduleStore implements ScheduleStore {
  /** What the runs of due times are doing, and which one is in the way of the next. */
  runs: { runOf(runId: string): Firing["run"]; inTheWay(key: ScheduleKey): string | null } | null = null;
  readonly schedules = new Map<string, StoredSchedule>();
  /** By schedule, due time and whether it is of several. */
  readonly ledger = new Map<string, Firing>();
  readonly timekeepers = new Map<number, { since: number; seenAt: number }>();

  /** Whether a job is of the version that a run has; the store of jobs says it. */
  isInForce: (orgId: string, job: RunJob) => boolean = () => true;

  async due(throughMs: number, limit: number) {
    return [...this.schedules.values()]
      .filter(({ nextDueAt }) => nextDueAt !== null && nextDueAt <= throughMs)
      .sort((a, b) => (a.nextDueAt ?? 0) - (b.nextDueAt ?? 0))
      .slice(0, limit);
  }

  async placedAfter(ms: number, limit: number) {
    return [...this.schedules.values()].filter(({ place }) => place.decidedTo > ms).slice(0, limit);
  }

  async ofJob(orgId: string, job: string) {
    return this.#sorted().filter((one) => one.orgId === orgId && one.job === job);
  }

  async find(key: ScheduleKey) {
    return this.schedules.get(scheduleId(key)) ?? null;
  }

  async findAll(keys: ScheduleKey[]) {
    return keys.flatMap((key) => this.schedules.get(scheduleId(key)) ?? []);
  }

  async list(orgId: string, after: { job: string; name: string } | null, limit: number) {
    const isAfter = ({ job, name }: StoredSchedule) =>
      after === null || job > after.job || (job === after.job && name > after.name);
    return this.#sorted()
      .filter((one) => one.orgId === orgId && isAfter(one))
      .slice(0, limit);
  }

  async record(decided: Decided[], at: number) {
    for (const { schedule, decision } of decided) {
      const stored = this.schedules.get(scheduleId(schedule));
      const isAsSeen =
        stored?.revision === schedule.revision && stored.place.decidedTo === schedule.place.decidedTo;
      if (!stored || !isAsSeen) continue;
      for (const firing of decision.firings) {
        const isArmed = firing.outcome === "armed";
        const row: Firing = {
          ...keyOf(schedule),
          outcome: firing.outcome,
          dueAt: firing.dueAt,
          startAt: isArmed ? firing.startAt : null,
          throughAt: isArmed ? firing.dueAt : firing.throughAt,
          count: isArmed ? 1 : firing.count,
          isCountExact: isArmed ? true : firing.isCountExact,
          trigger: "rule",
          runId: null,
          why: null,
          decidedAt: at,
          blockedBy: null,
          run: null,
        };
        const isSpan = row.count > 1 || !row.isCountExact;
        const before = this.ledger.get(ledgerKey(row, row.dueAt, isSpan));
        const wins =
          before === undefined ||
          (isSpan
            ? row.throughAt > before.throughAt
            : (before.outcome === "paused" && row.outcome === "missed") ||
              (isArmed &&
                (before.outcome === "missed" ||
                  before.outcome === "paused" ||
                  (before.outcome === "armed" && (row.startAt ?? 0) < (before.startAt ?? 0)))));
        if (wins)
          this.ledger.set(ledgerKey(row, row.dueAt, isSpan), { ...row, trigger: before?.trigger ?? "rule" });
      }
      this.schedules.set(scheduleId(stored), {
        ...stored,
        place: { ...stored.place, decidedTo: decision.decidedTo },
        nextDueAt: decision.nextDueAt,
      });
    }
  }

  async armedAt() {
    return Array.from({ length: TIMEKEEPER_SHARDS }, (_, shard) => this.#armed(shard)[0]?.startAt ?? null);
  }

  async atWorkSince(shard: number, nowMs: number) {
    const noted = this.timekeepers.get(shard);
    const isUnbroken = noted && Math.abs(nowMs - noted.seenAt) <= SCHEDULE_PROMPT_MS && noted.since <= nowMs;
    return isUnbroken ? noted.since : nowMs;
  }

  async noteWork(shard: number, since: number, seenAt: number) {
    this.timekeepers.set(shard, { since, seenAt });
  }

  async armed(shard: number, throughMs: number, limit: number, passedOver = 0) {
    return this.#armed(shard)
      .filter(({ startAt }) => startAt <= throughMs)
      .slice(passedOver, passedOver + limit);
  }

  async armedOf(key: ScheduleKey, fromDueMs: number, throughMs: number, limit: number) {
    return this.#armed(shardOf(key))
      .filter(
        (row) =>
          scheduleId(row) === scheduleId(key) &&
          row.trigger === "rule" &&
          row.dueAt >= fromDueMs &&
          row.dueAt <= throughMs &&
          row.startAt <= throughMs,
      )
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit);
  }

  async finish(...[key, ends, at]: Parameters<ScheduleStore["finish"]>) {
    for (const { dueAt, outcome, why } of ends) {
      const row = this.ledger.get(ledgerKey(key, dueAt, false));
      if (row?.outcome === "armed")
        this.ledger.set(ledgerKey(key, dueAt, false), {
          ...row,
          outcome,
          why,
          decidedAt: at,
          blockedBy: outcome === "skipped" ? (this.runs?.inTheWay(key) ?? null) : null,
        });
    }
  }

  async drop(key: ScheduleKey, dueTimes: number[]) {
    for (const dueAt of dueTimes)
      if (this.ledger.get(ledgerKey(key, dueAt, false))?.outcome === "armed")
        this.ledger.delete(ledgerKey(key, dueAt, false));
  }

  async putOff(key: ScheduleKey, dueAt: number, startAt: number) {
    const row = this.ledger.get(ledgerKey(key, dueAt, false));
    if (row?.outcome === "armed") this.ledger.set(ledgerKey(key, dueAt, false), { ...row, startAt });
  }

  async ahead(key: ScheduleKey, fromDueMs: number, nowMs: number) {
    return this.of(key)
      .filter(({ dueAt, startAt }) => dueAt >= fromDueMs && startAt !== null && startAt > nowMs)
      .flatMap(({ runId }) => runId ?? []);
  }

  async pause(key: ScheduleKey, at: number, isPaused: boolean) {
    const stored = await this.find(key);
    if (stored) this.#setPaused(stored, "hand", isPaused, at);
    return this.find(key);
  }

  async arm(key: ScheduleKey, dueTimes: number[], startAt: number, trigger: FiringTrigger) {
    const free = dueTimes.filter((dueAt) => {
      const row = this.ledger.get(ledgerKey(key, dueAt, false));
      return row === undefined || (row.runId === null && row.outcome !== "armed");
    });
    for (const dueAt of free)
      this.ledger.set(ledgerKey(key, dueAt, false), {
        ...keyOf(key),
        outcome: "armed",
        dueAt,
        startAt,
        throughAt: dueAt,
        count: 1,
        isCountExact: true,
        trigger,
        runId: null,
        why: null,
        decidedAt: startAt,
        blockedBy: null,
        run: null,
      });
    return free.length;
  }

  async taken(key: ScheduleKey, fromMs: number, throughMs: number) {
    return this.of(key)
      .filter(
        (row) =>
          row.dueAt >= fromMs &&
          row.dueAt <= throughMs &&
          !isSpan(row) &&
          (row.runId !== null || row.outcome === "armed"),
      )
      .map(({ dueAt }) => dueAt);
  }

  async firing(key: ScheduleKey, dueAt: number) {
    const row = this.ledger.get(ledgerKey(key, dueAt, false));
    return row ? this.#withRun(row) : null;
  }

  async firings(key: ScheduleKey, { outcome, before, limit }: FiringFilter): Promise<FiringPage> {
    const all = this.of(key)
      .filter((row) => before === null || byPlace(placeOf(row), before) < 0)
      .toReversed();
    const looked = outcome === null ? limit + 1 : FIRINGS_SCAN_MAX;
    const rows = all.slice(0, looked);
    const found = rows.filter((row) => outcome === null || row.outcome === outcome);
    const firings = found.slice(0, limit);
    const last = found.length > limit ? firings.at(-1) : rows.length === looked ? rows.at(-1) : undefined;
    return { firings: firings.map((row) => this.#withRun(row)), nextBefore: last ? placeOf(last) : null };
  }

  async ledgers(after: ScheduleKey | null, limit: number) {
    const all = new Map([...this.ledger.values()].map((row) => [scheduleId(row), keyOf(row)]));
    return [...all.values()]
      .sort((a, b) => byKey(a, b))
      .filter((key) => after === null || byKey(key, after) > 0)
      .slice(0, limit);
  }

  async forget(ledgers: ScheduleKey[], beforeMs: number, limit: number) {
    const old = ledgers.flatMap((key) => {
      const rows = this.of(key);
      const lastDue = this.schedules.has(scheduleId(key)) ? rows.at(-1)?.dueAt : undefined;
      return rows.filter(
        ({ throughAt, decidedAt, outcome, dueAt }) =>
          throughAt < beforeMs && decidedAt < beforeMs && outcome !== "armed" && dueAt !== lastDue,
      );
    });
    for (const row of old.slice(0, limit)) this.ledger.delete(ledgerKey(row, row.dueAt, isSpan(row)));
    return Math.min(old.length, limit);
  }

  /** The ledger of one schedule, oldest first. */
  of(key: ScheduleKey): Firing[] {
    return [...this.ledger.values()]
      .filter((row) => scheduleId(row) === scheduleId(key))
      .sort((a, b) => byPlace(placeOf(a), placeOf(b)));
  }

  /** Adds a row of a whole stretch, once. */
  recordSpan(row: Firing): void {
    const key = ledgerKey(row, row.dueAt, true);
    if (!this.ledger.has(key)) this.ledger.set(key, row);
  }

  /** What the store of runs asks when a run for a due time is accepted; false where it is not to be. */
  fire(run: Run): boolean {
    const { firing, job } = run;
    if (firing === null || job === null) return true;
    const key = ledgerKey({ orgId: run.orgId, job: job.name, name: firing.schedule }, firing.dueAt, false);
    const row = this.ledger.get(key);
    if (firing.startedByFly) {
      if (row) return false;
      this.ledger.set(key, {
        ...{ orgId: run.orgId, job: job.name, name: firing.schedule, outcome: "ran", trigger: "fly" },
        ...{
          dueAt: firing.dueAt,
          startAt: firing.dueAt,
          throughAt: firing.dueAt,
          count: 1,
          isCountExact: true,
        },
        ...{ runId: run.id, run: null, blockedBy: null, why: null, decidedAt: run.acceptedAt },
      });
      return true;
    }
    if (row?.outcome !== "armed") return false;
    const outcome = firing.isCaughtUp ? "caught_up" : "ran";
    const startAt = firing.ahead?.startsAt ?? row.startAt;
    this.ledger.set(key, { ...row, outcome, startAt, runId: run.id, decidedAt: run.acceptedAt });
    return true;
  }

  /** What it asks of one that was accepted ahead. */
  isStillDue(run: Run): boolean {
    const { firing, job } = run;
    if (!firing?.ahead || job === null) return true;
    const schedule = { orgId: run.orgId, job: job.name, name: firing.schedule };
    const key = ledgerKey(schedule, firing.dueAt, false);
    const row = this.ledger.get(key);
    if (row?.runId !== run.id) return false;
    const isSame = this.schedules.get(scheduleId(schedule))?.revision === firing.ahead.revision;
    if (isSame && this.isInForce(run.orgId, job)) return true;
    this.ledger.set(key, { ...row, outcome: "armed", runId: null });
    return false;
  }

  /** What the store of jobs does when a job is changed. */
  sync(orgId: string, job: string, wanted: ScheduleSpec[], at: number, isJobPaused: boolean): void {
    for (const stored of this.#ofJob(orgId, job)) {
      const same = wanted.find(({ name }) => name === stored.name);
      const keeps = same !== undefined && timingText(same) === timingText(stored.spec);
      if (!keeps)
        for (const row of this.of(stored))
          if (row.outcome === "armed" && row.trigger === "rule" && row.dueAt > at)
            this.ledger.delete(ledgerKey(row, row.dueAt, false));
      if (same === undefined) this.schedules.delete(scheduleId(stored));
    }
    for (const spec of wanted) {
      const key = { orgId, job, name: spec.name };
      const before = this.schedules.get(scheduleId(key));
      const keeps = before !== undefined && timingText(spec) === timingText(before.spec);
      const next: StoredSchedule = {
        ...key,
        spec,
        revision: (before?.revision ?? 0) + 1,
        place: {
          decidedTo: keeps ? before.place.decidedTo : at,
          countsFrom: keeps ? before.place.countsFrom : at,
          pausedAt: before?.place.pausedAt ?? null,
          resumedAt: before?.place.resumedAt ?? null,
        },
        nextDueAt: keeps ? before.nextDueAt : nextDue(spec, at),
        pausedBy: before?.pausedBy ?? [],
      };
      this.#setPaused(next, "definition", spec.paused, at);
      const stored = this.schedules.get(scheduleId(key));
      if (stored && isJobPaused) this.#setPaused(stored, "job", true, at);
    }
  }

  pauseJob(orgId: string, job: string, at: number, isPaused: boolean): void {
    for (const stored of this.#ofJob(orgId, job)) this.#setPaused(stored, "job", isPaused, at);
  }

  #setPaused(stored: StoredSchedule, who: Pauser, isPaused: boolean, at: number): void {
    const pausedBy = PAUSERS.filter((one) => (one === who ? isPaused : stored.pausedBy.includes(one)));
    const next = { ...stored, pausedBy };
    const [was, is] = [
      stored.place.pausedAt !== null && stored.place.resumedAt === null,
      pausedBy.length > 0,
    ];
    if (was !== is) {
      next.revision += 1;
      next.place = {
        ...next.place,
        decidedTo: is ? Math.min(next.place.decidedTo, at) : next.place.decidedTo,
        pausedAt: is ? at : next.place.pausedAt,
        resumedAt: is ? null : at,
      };
      if (is) this.#pauseArmed(stored, at);
      next.nextDueAt = is ? null : next.place.decidedTo;
    } else if (is) next.nextDueAt = null;
    this.schedules.set(scheduleId(stored), next);
  }

  #withRun(row: Firing): Firing {
    return { ...row, run: row.runId === null ? null : (this.runs?.runOf(row.runId) ?? null) };
  }

  #pauseArmed(key: ScheduleKey, at: number): void {
    for (const row of this.of(key))
      if (row.outcome === "armed" && row.trigger === "rule" && row.dueAt >= at)
        this.ledger.set(ledgerKey(key, row.dueAt, false), { ...row, outcome: "paused", decidedAt: at });
  }

  #ofJob(orgId: string, job: string): StoredSchedule[] {
    return [...this.schedules.values()].filter((one) => one.orgId === orgId && one.job === job);
  }

  #sorted(): StoredSchedule[] {
    return [...this.schedules.values()].sort((a, b) =>
      a.job === b.job ? (a.name < b.name ? -1 : 1) : a.job < b.job ? -1 : 1,
    );
  }

  #armed(shard: number): ArmedRow[] {
    return [...this.ledger.values()]
      .filter((row) => row.outcome === "armed" && shardOf(row) === shard)
      .map(({ orgId, job, name, dueAt, startAt, trigger }) => ({
        orgId,
        job,
        name,
        dueAt,
        startAt: startAt ?? dueAt,
        trigger,
        outcome: "armed" as const,
      }))
      .sort((a, b) => a.startAt - b.startAt || a.dueAt - b.dueAt);
  }
}

function byKey(a: ScheduleKey, b: ScheduleKey): number {
  const [first, second] = [a, b].map(({ orgId, job, name }) => [orgId, job, name]);
  for (const [index, part] of (first ?? []).entries()) {
    const other = second?.[index] ?? "";
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}

function keyOf({ orgId, job, name }: ScheduleKey): ScheduleKey {
  return { orgId, job, name };
}

function placeOf(row: Firing): FiringPlace {
  return { dueAt: row.dueAt, isOfSeveral: isSpan(row) };
}

function byPlace(a: FiringPlace, b: FiringPlace): number {
  return a.dueAt - b.dueAt || Number(a.isOfSeveral) - Number(b.isOfSeveral);
}

function isSpan({ count, isCountExact }: Firing): boolean {
  return count > 1 || !isCountExact;
}

function ledgerKey(key: ScheduleKey, dueAt: number, ofSeveral: boolean): string {
  return `${scheduleId(key)} ${dueAt} ${ofSeveral}`;
}
