/** The Machines that the Machines API lists now, with whose they are, and what the sweeps have counted. */

import { AppError } from "../core/error.ts";
import type { Fleet, FleetReport, FleetStore } from "./ports/fleet.ts";
import { type JudgedMachine, judgeAll, type ReapPorts, retiredFleets } from "./reap.ts";

const DAY_MS = 86_400_000;

export interface MachineList {
  machines: (JudgedMachine & { app: string })[];
  reaped: { total: number; lastDay: number };
  /** When the app that was swept longest ago was swept; null where one never was. */
  lastSweepAt: number | null;
}

/** @throws AppError `unavailable` where an app's Machines can not be had */
export async function listMachines(ports: ReapPorts): Promise<MachineList> {
  const { fleets, fleetStore, clock } = ports;
  const [reports, lastDay] = await Promise.all([
    fleetStore.reports(),
    fleetStore.reapedSince(clock.now() - DAY_MS),
  ]);
  const retired = retiredFleets(ports, reports, clock.now());
  const lists = await Promise.all([
    ...fleets.map((fleet) => machinesOf(fleet, fleetStore)),
    // An app that the deployment has no more may be gone itself.
    ...retired.map((fleet) => machinesOf(fleet, fleetStore).catch(ifUnavailable)),
  ]);
  const total = reports.reduce((sum, { reaped }) => sum + reaped, 0);
  return { machines: lists.flat(), reaped: { total, lastDay }, lastSweepAt: lastSweep(fleets, reports) };
}

function ifUnavailable(error: unknown): MachineList["machines"] {
  if (error instanceof AppError && error.code === "unavailable") return [];
  throw error;
}

async function machinesOf(fleet: Fleet, store: FleetStore): Promise<MachineList["machines"]> {
  const list = await fleet.list();
  if (list.kind === "failed")
    throw new AppError(
      "unavailable",
      `the machines of the app ${fleet.app} can not be had right now: ${list.error}`,
    );
  return (await judgeAll(store, list.machines)).map((judged) => ({ app: fleet.app, ...judged }));
}

function lastSweep(fleets: Fleet[], reports: FleetReport[]): number | null {
  const times = fleets.map(({ app }) => reports.find((report) => report.app === app)?.sweptAt ?? null);
  return times.some((time) => time === null) ? null : Math.min(...(times as number[]));
}
