/** The FleetStore in memory, for tests that move the clock. It keeps the contract in `test/contracts/fleet-store-contract.ts`. */

import { REAPED_KEPT_MS, SIGHTING_KEPT_MS } from "../../src/core/limits.ts";
import type { RunClaim } from "../../src/core/reap.ts";
import type { FleetReport, FleetStore, Sighting } from "../../src/flow/ports/fleet.ts";
import type { Store } from "../../src/flow/ports.ts";
import type { MemoryFlySchedules } from "./memory-fly-schedules.ts";

interface StoredFleet {
  report: FleetReport;
  cursor: string;
  sightings: Map<string, Sighting>;
}

export class MemoryFleetStore implements FleetStore {
  readonly #fleets = new Map<string, StoredFleet>();
  readonly #store: Pick<Store, "load">;
  readonly #ofFly: MemoryFlySchedules | null;
  #reaped: { at: number; app: string; machineId: string }[] = [];

  /** @param ofFly where schedules' Machines are kept; null in tests without */
  constructor(store: Pick<Store, "load">, ofFly: MemoryFlySchedules | null = null) {
    this.#store = store;
    this.#ofFly = ofFly;
  }

  async claims(runIds: string[]): Promise<Map<string, RunClaim>> {
    const claims = new Map<string, RunClaim>();
    for (const id of runIds) {
      const state = await this.#store.load(id);
      const attempts = (state?.attempts ?? []).map(({ number, machineId, releasedAt }) => ({
        number,
        machineId,
        releasedAt,
      }));
      if (state) claims.set(id, { open: state.run.open, attempts });
    }
    return claims;
  }

  async scheduled(names: string[]): Promise<Map<string, string | null>> {
    const all = [...(this.#ofFly?.machines.values() ?? [])];
    return new Map(
      all
        .filter(({ machineName }) => names.includes(machineName))
        .map(({ machineName, machineId }) => [machineName, machineId]),
    );
  }

  async recall(app: string) {
    const fleet = this.#fleets.get(app);
    const sightings = [...(fleet?.sightings.values() ?? [])].map((sighting) => ({ ...sighting }));
    return { cursor: fleet?.cursor ?? "", sightings };
  }

  async remember(
    ...[{ isNeeded, ...report }, { cursor, seen, forgotten }]: Parameters<FleetStore["remember"]>
  ): Promise<void> {
    const before = this.#fleets.get(report.app);
    const sightings = new Map(
      [...(before?.sightings ?? [])].filter(
        ([id, { lastSeenAt }]) => lastSeenAt >= report.sweptAt - SIGHTING_KEPT_MS && !forgotten.includes(id),
      ),
    );
    for (const sighting of seen) {
      const { firstSeenAt, destroyAskedAt, lookedAt } = sightings.get(sighting.machineId) ?? sighting;
      sightings.set(sighting.machineId, {
        ...sighting,
        firstSeenAt,
        lookedAt: sighting.lookedAt ?? lookedAt,
        destroyAskedAt: destroyAskedAt ?? sighting.destroyAskedAt,
      });
    }
    const reaped = before?.report.reaped ?? 0;
    const neededAt = isNeeded ? report.sweptAt : (before?.report.neededAt ?? 0);
    this.#fleets.set(report.app, { report: { ...report, neededAt, reaped }, cursor, sightings });
  }

  async recordReaped(app: string, machineId: string, at: number): Promise<void> {
    const fleet = this.#fleets.get(app);
    if (!fleet?.sightings.delete(machineId)) return;
    if (this.#reaped.some((reaped) => reaped.app === app && reaped.machineId === machineId)) return;
    fleet.report.reaped += 1;
    this.#reaped = this.#reaped.filter((reaped) => reaped.at >= at - REAPED_KEPT_MS);
    this.#reaped.push({ at, app, machineId });
  }

  async reports(): Promise<FleetReport[]> {
    return [...this.#fleets.values()].map(({ report }) => ({ ...report }));
  }

  async reapedSince(at: number): Promise<number> {
    return this.#reaped.filter((reaped) => reaped.at >= at).length;
  }
}
