/**
 * Reap: the minute's look at every Machine of ours that the Machines API lists. One that belongs to no living attempt is
 * destroyed, though not by the first sweep that finds it so: it is noted down, and goes when a later one finds the same. What
 * is in no list is left alone, so an empty one, or one that can not be had, destroys nothing.
 */

import { messageOf } from "../core/error.ts";
import { attemptOfMachine, isScheduledMachineName } from "../core/id.ts";
import {
  REAP_MAX_DESTROYS,
  REAP_MAX_MACHINES,
  REAP_MAX_MS,
  REAP_PAGE_MACHINES,
  RETIRED_APP_SWEPT_MS,
  RETIRED_APPS_MAX_COUNT,
  SWEEP_EVERY_MS,
} from "../core/limits.ts";
import { isGone, type ListedMachine } from "../core/machine.ts";
import { isReapable, judge, judgeScheduled, type RunClaim, type Verdict } from "../core/reap.ts";
import type { Fleet, FleetReport, FleetStore, Sighting } from "./ports/fleet.ts";
import type { Clock } from "./ports.ts";

export interface ReapPorts {
  /** Of the apps that the deployment has now. */
  fleets: Fleet[];
  /** Of an app that it has had. */
  fleetOf(app: string): Fleet;
  fleetStore: FleetStore;
  clock: Clock;
}

export interface ReapReport {
  /** Of those that this sweep judged. */
  known: number;
  unknown: number;
  reaped: number;
  /** What stood in the way, of each app and Machine. */
  problems: string[];
}

/** A listed Machine and whose it is. */
export interface JudgedMachine {
  machine: ListedMachine;
  /** By its name. */
  runId: string | null;
  attempt: number | null;
  verdict: Verdict;
}

/** One sweep over all apps: what it has found, and what it may still do. */
interface Sweep {
  report: ReapReport;
  /** Of the app that is looked at. */
  looksLeft: number;
  isOver(): boolean;
}

/**
 * Looks at the Machines of every app, one app after the other; one that does not answer keeps no other from being looked at. Each
 * has its share of what a sweep may do and leaves what it does not use to those after it, and each comes first in its turn.
 */
export async function reap(ports: ReapPorts): Promise<ReapReport> {
  const { clock, fleetStore } = ports;
  const begunAt = clock.now();
  const report: ReapReport = { known: 0, unknown: 0, reaped: 0, problems: [] };
  const sweep: Sweep = { report, looksLeft: 0, isOver: () => clock.now() > begunAt + REAP_MAX_MS };
  const fleets = [...ports.fleets, ...retiredFleets(ports, await fleetStore.reports(), begunAt)];
  const first = Math.floor(begunAt / SWEEP_EVERY_MS) % Math.max(1, fleets.length);
  let looksOfAll = REAP_MAX_DESTROYS;
  for (const [index, fleet] of [...fleets.slice(first), ...fleets.slice(0, first)].entries())
    try {
      const share = Math.ceil(looksOfAll / (fleets.length - index));
      sweep.looksLeft = share;
      await reapFleet(ports, fleet, sweep).finally(() => {
        looksOfAll -= share - sweep.looksLeft;
      });
    } catch (error) {
      report.problems.push(`${fleet.app}: ${messageOf(error)}`);
    }
  return report;
}

/** Those of apps that the deployment has no more, as long as Machines of ours may be in them. */
export function retiredFleets(
  { fleets, fleetOf }: Pick<ReapPorts, "fleets" | "fleetOf">,
  reports: FleetReport[],
  now: number,
): Fleet[] {
  return reports
    .filter(
      ({ app, neededAt }) => now - neededAt < RETIRED_APP_SWEPT_MS && !fleets.some((one) => one.app === app),
    )
    .sort((a, b) => b.neededAt - a.neededAt)
    .slice(0, RETIRED_APPS_MAX_COUNT)
    .map(({ app }) => fleetOf(app));
}

/** Machines that no living attempt has, as the last sweeps counted them. */
export async function countUnknown(ports: ReapPorts): Promise<number> {
  const reports = await ports.fleetStore.reports();
  const swept = [...ports.fleets, ...retiredFleets(ports, reports, ports.clock.now())];
  return reports
    .filter(({ app }) => swept.some((fleet) => fleet.app === app))
    .reduce((sum, { unknown }) => sum + unknown, 0);
}

async function reapFleet(ports: ReapPorts, fleet: Fleet, sweep: Sweep): Promise<void> {
  const { fleetStore, clock } = ports;
  const list = await fleet.list();
  if (list.kind === "failed") {
    sweep.report.problems.push(list.error);
    return;
  }
  const { cursor, sightings } = await fleetStore.recall(fleet.app);
  const { page, next } = pageOf(list.machines, cursor);
  const judged = await judgeAll(fleetStore, page);
  const unknown = judged.filter((one) => !one.verdict.known);
  const seenBefore = new Map(sightings.map((sighting) => [sighting.machineId, sighting]));
  const now = clock.now();
  const wasAsked = (id: string) => seenBefore.get(id)?.destroyAskedAt != null;
  const due = unknown.filter((one) => isDue(one, seenBefore, now)).map(({ machine }) => machine.id);
  // Told to go by a sweep that did not come to see it gone.
  const askedBefore = sightings
    .map(({ machineId }) => machineId)
    .filter((id) => wasAsked(id) && !due.includes(id));
  const lookedAt = (id: string) => seenBefore.get(id)?.lookedAt ?? 0;
  // Those that were looked at in vain, or could not be destroyed, keep no others from being so.
  const inTurn = [...due, ...askedBefore].sort((a, b) => lookedAt(a) - lookedAt(b));
  const { asked, alive, gone, foreign } = await askThemselves(fleet, inTurn, sweep);
  const leaving = new Set(alive.filter((id) => due.includes(id)));
  const living = new Set(judged.flatMap(({ machine, verdict }) => (isLiving(verdict) ? [machine.id] : [])));
  const counts = { known: judged.length - unknown.length, unknown: unknown.length };
  const inPage = new Set(page.map(({ id }) => id));
  const unknownElsewhere = list.machines.filter(({ id }) => seenBefore.has(id) && !inPage.has(id)).length;
  // Of an app with more than a page: what no sweep has found to be nobody's counts as known.
  const unknownInAll = unknown.length + unknownElsewhere;
  const inAll = { known: list.machines.length - unknownInAll, unknown: unknownInAll };
  // That they are told to go is stored before they are told: a crash in between leaves none uncounted.
  const listed = new Set(list.machines.map(({ id }) => id));
  const forgotten = [...seenBefore.keys()].filter(
    (id) =>
      (living.has(id) && (!wasAsked(id) || alive.includes(id))) ||
      // One that was ours under another id: nobody sees it again, and it would be asked for ever.
      (foreign.includes(id) && !listed.has(id)),
  );
  const seen = unknown.map((one) => sightingOf(one, now, leaving.has(one.machine.id)));
  const notSeen = sightings.filter(
    ({ machineId }) => askedBefore.includes(machineId) && !forgotten.includes(machineId),
  );
  const isNeeded = list.machines.length > 0 || ports.fleets.some(({ app }) => app === fleet.app);
  await fleetStore.remember(
    { app: fleet.app, sweptAt: now, ...inAll, isNeeded },
    {
      cursor: next,
      seen: [...seen, ...notSeen].flatMap((sighting) => {
        const isLooked = asked.has(sighting.machineId);
        if (!isLooked && notSeen.includes(sighting)) return [];
        return [{ ...sighting, lookedAt: isLooked ? now : null }];
      }),
      forgotten,
    },
  );
  sweep.report.known += counts.known;
  sweep.report.unknown += counts.unknown;
  const reaped = gone.filter(wasAsked);
  for (const [index, machineId] of [...leaving].entries()) {
    // One at least: where looking alone takes all the time there would never be any.
    if (index > 0 && sweep.isOver()) break;
    const result = await fleet.destroy(machineId);
    if (result.kind === "failed") sweep.report.problems.push(result.error);
    else reaped.push(machineId);
  }
  for (const machineId of reaped) await fleetStore.recordReaped(fleet.app, machineId, clock.now());
  sweep.report.reaped += reaped.length;
}

/** The Machines' own word: a list that lags, or that was not filtered as asked, destroys nothing of anybody's. */
async function askThemselves(
  fleet: Fleet,
  machineIds: string[],
  sweep: Sweep,
): Promise<{ asked: Set<string>; alive: string[]; gone: string[]; foreign: string[] }> {
  const [alive, gone, foreign]: [string[], string[], string[]] = [[], [], []];
  const answers = { asked: new Set<string>(), alive, gone, foreign };
  for (const machineId of machineIds) {
    if (sweep.looksLeft <= 0 || sweep.isOver()) break;
    sweep.looksLeft -= 1;
    answers.asked.add(machineId);
    const look = await fleet.look(machineId);
    if (look.kind === "failed") sweep.report.problems.push(look.error);
    else if (look.kind === "foreign") {
      answers.foreign.push(machineId);
      sweep.report.problems.push(
        `machine ${machineId} of ${fleet.app} is listed as ours and does not say so itself`,
      );
    } else if (look.kind === "absent" || isGone(look.machine.state)) answers.gone.push(machineId);
    else answers.alive.push(machineId);
  }
  return answers;
}

/** By id, so that a sweep that breaks off is gone on with whatever comes and goes meanwhile. */
function pageOf(machines: ListedMachine[], cursor: string): { page: ListedMachine[]; next: string } {
  const rest = machines.filter(({ id }) => id > cursor).sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = rest.slice(0, REAP_MAX_MACHINES);
  return { page, next: rest.length > page.length ? (page.at(-1)?.id ?? "") : "" };
}

/** Whose the Machines are, by what is stored now: after they were listed, so whoever asked for one has stored that. */
export async function judgeAll(
  store: Pick<FleetStore, "claims" | "scheduled">,
  machines: ListedMachine[],
): Promise<JudgedMachine[]> {
  const named = machines.map((machine) => ({ machine, of: attemptOfMachine(machine.name) }));
  const runIds = [...new Set(named.flatMap(({ of }) => (of ? [of.runId] : [])))];
  const claims = new Map<string, RunClaim>();
  for (let from = 0; from < runIds.length; from += REAP_PAGE_MACHINES)
    for (const [runId, claim] of await store.claims(runIds.slice(from, from + REAP_PAGE_MACHINES)))
      claims.set(runId, claim);
  const scheduled = await scheduledOf(store, machines);
  return named.map(({ machine, of }) => ({
    machine,
    runId: of?.runId ?? null,
    attempt: of?.attempt ?? null,
    verdict: isScheduledMachineName(machine.name)
      ? judgeScheduled(machine, scheduled.get(machine.name))
      : judge(machine, of?.attempt ?? null, claims.get(of?.runId ?? "") ?? null),
  }));
}

async function scheduledOf(
  store: Pick<FleetStore, "scheduled">,
  machines: ListedMachine[],
): Promise<Map<string, string | null>> {
  const names = machines.map(({ name }) => name).filter(isScheduledMachineName);
  return names.length === 0 ? new Map() : store.scheduled(names);
}

function isDue(one: JudgedMachine, seenBefore: Map<string, Sighting>, now: number): boolean {
  const { machine, verdict } = one;
  const seenAt = seenBefore.get(machine.id)?.firstSeenAt ?? null;
  return !verdict.known && isReapable(verdict.why, machine, seenAt, now);
}

function sightingOf({ machine, runId, verdict }: JudgedMachine, now: number, isToGo: boolean): Sighting {
  if (verdict.known) throw new Error(`machine ${machine.id} is somebody's`);
  return {
    machineId: machine.id,
    name: machine.name,
    runId,
    why: verdict.why,
    firstSeenAt: now,
    lastSeenAt: now,
    lookedAt: null,
    destroyAskedAt: isToGo ? now : null,
  };
}

function isLiving(verdict: Verdict): boolean {
  return verdict.known && verdict.why !== "leaving";
}
