/** The FleetStore on Cloudflare D1: what sweeps over Machines remember, and whose the Machines are. */

import { and, asc, count, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { drizzle } from "drizzle-orm/d1";
import { REAPED_KEPT_MS, SIGHTING_KEPT_MS } from "../core/limits.ts";
import type { RunClaim, UnknownWhy } from "../core/reap.ts";
import type { FleetStore, Sighting } from "../flow/ports/fleet.ts";
import { attempts, fleets, flyMachines, machineSightings, reapedMachines, runs } from "./schema.ts";
import { valuesOf } from "./values-of.ts";

/** A store on a D1 database that has the migrations. */
export function d1FleetStore(database: D1Database): FleetStore {
  const db = drizzle(database);
  const isSighting = (app: string, machineId: string) =>
    and(eq(machineSightings.app, app), eq(machineSightings.machineId, machineId));
  return {
    async claims(runIds) {
      const ids = valuesOf(runIds);
      const [runRows, attemptRows] = await db.batch([
        db.select({ id: runs.id, open: runs.open }).from(runs).where(inArray(runs.id, ids)),
        db
          .select({
            runId: attempts.runId,
            number: attempts.number,
            machineId: attempts.machineId,
            releasedAt: attempts.releasedAt,
          })
          .from(attempts)
          .where(inArray(attempts.runId, ids))
          .orderBy(asc(attempts.runId), asc(attempts.number)),
      ]);
      const claims = new Map<string, RunClaim>(runRows.map(({ id, open }) => [id, { open, attempts: [] }]));
      for (const { runId, ...attempt } of attemptRows) claims.get(runId)?.attempts.push(attempt);
      return claims;
    },

    async scheduled(machineNames) {
      const rows = await db
        .select({ name: flyMachines.machineName, machineId: flyMachines.machineId })
        .from(flyMachines)
        .where(inArray(flyMachines.machineName, valuesOf(machineNames)));
      return new Map(rows.map(({ name, machineId }) => [name, machineId]));
    },

    async recall(app) {
      const [fleetRows, sightingRows] = await db.batch([
        db.select({ cursor: fleets.cursor }).from(fleets).where(eq(fleets.app, app)),
        db.select().from(machineSightings).where(eq(machineSightings.app, app)),
      ]);
      const sightings = sightingRows.map(
        ({ app: _app, ...row }): Sighting => ({ ...row, why: row.why as UnknownWhy }),
      );
      return { cursor: fleetRows[0]?.cursor ?? "", sightings };
    },

    async remember({ app, sweptAt, known, unknown, isNeeded }, { cursor, seen, forgotten }) {
      const report = { sweptAt, known, unknown, cursor, ...(isNeeded && { neededAt: sweptAt }) };
      const statements: [BatchItem<"sqlite">, ...BatchItem<"sqlite">[]] = [
        db
          .insert(fleets)
          .values({ app, ...report, reaped: 0 })
          .onConflictDoUpdate({ target: fleets.app, set: report }),
        db
          .delete(machineSightings)
          .where(
            and(eq(machineSightings.app, app), lt(machineSightings.lastSeenAt, sweptAt - SIGHTING_KEPT_MS)),
          ),
      ];
      if (seen.length > 0)
        statements.push(
          db
            .insert(machineSightings)
            .select(rowsOf(app, seen))
            .onConflictDoUpdate({
              target: [machineSightings.app, machineSightings.machineId],
              set: {
                why: sql`excluded.why`,
                lastSeenAt: sql`excluded.last_seen_at`,
                lookedAt: sql`coalesce(excluded.looked_at, ${machineSightings.lookedAt})`,
                destroyAskedAt: sql`coalesce(${machineSightings.destroyAskedAt}, excluded.destroy_asked_at)`,
              },
            }),
        );
      if (forgotten.length > 0)
        statements.push(
          db
            .delete(machineSightings)
            .where(
              and(eq(machineSightings.app, app), inArray(machineSightings.machineId, valuesOf(forgotten))),
            ),
        );
      await db.batch(statements);
    },

    async recordReaped(app, machineId, at) {
      const sighting = isSighting(app, machineId);
      // Seen once more by a sweep that overlapped with the one that destroyed it, it is still one.
      const isNew = sql`EXISTS (SELECT 1 FROM ${machineSightings} WHERE ${sighting})
        AND NOT EXISTS (SELECT 1 FROM ${reapedMachines}
          WHERE ${and(eq(reapedMachines.app, app), eq(reapedMachines.machineId, machineId))})`;
      await db.batch([
        db
          .update(fleets)
          .set({ reaped: sql`${fleets.reaped} + 1` })
          .where(and(eq(fleets.app, app), isNew)),
        db
          .insert(reapedMachines)
          .select(
            db
              .select({
                at: sql<number>`${at}`.as("at"),
                app: machineSightings.app,
                machineId: machineSightings.machineId,
                name: machineSightings.name,
                runId: machineSightings.runId,
                why: machineSightings.why,
              })
              .from(machineSightings)
              .where(sighting),
          )
          .onConflictDoNothing(),
        db.delete(machineSightings).where(sighting),
        db.delete(reapedMachines).where(lt(reapedMachines.at, at - REAPED_KEPT_MS)),
      ]);
    },

    async reports() {
      const rows = await db.select().from(fleets);
      return rows.map(({ cursor: _cursor, ...report }) => report);
    },

    async reapedSince(at) {
      const row = await db
        .select({ n: count() })
        .from(reapedMachines)
        .where(gte(reapedMachines.at, at))
        .get();
      return row?.n ?? 0;
    },
  };
}

/** Rows of sightings, however many there are, from one bound value. */
function rowsOf(app: string, seen: Sighting[]): SQL {
  return sql`
    SELECT ${app}, value ->> 'machineId', value ->> 'name', value ->> 'runId', value ->> 'why',
      value ->> 'firstSeenAt', value ->> 'lastSeenAt', value ->> 'lookedAt', value ->> 'destroyAskedAt'
    FROM json_each(${JSON.stringify(seen)}) WHERE true`;
}
