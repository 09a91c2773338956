/** The FlyScheduleStore on Cloudflare D1. */

import { and, eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { FlyOrder } from "../core/schedule/fly-machine.ts";
import { keyOfPlace, sideBySide } from "../core/schedule/side-by-side.ts";
import type { ScheduleKey } from "../core/schedule/spec.ts";
import type { FlyMachine, FlyScheduleStore } from "../flow/ports/fly-schedules.ts";
import { isTakenKey } from "./conflict.ts";
import { scheduleFromRow } from "./schedule-places.ts";
import { firings, flyMachines, schedules, sweepCursors } from "./schema.ts";

type Row = typeof flyMachines.$inferSelect;

const CURSOR = "fly_schedules";

/** A store on a D1 database that has the migrations. */
export function d1FlySchedules(database: D1Database): FlyScheduleStore {
  const db = drizzle(database);
  const isOf = ({ orgId, job, name }: ScheduleKey) =>
    and(eq(flyMachines.orgId, orgId), eq(flyMachines.job, job), eq(flyMachines.schedule, name));
  const isAsSeen = (seen: FlyMachine) => and(isOf(seen), eq(flyMachines.revision, seen.revision));
  return {
    async page(after, limit) {
      const { orgId, job, name } = keyOfPlace(after);
      const from = sql`(${orgId}, ${job}, ${name})`;
      const [wanted, made] = await db.batch([
        db
          .select()
          .from(schedules)
          // As the index says it.
          .where(sql`spec ->> '$.rule.kind' = 'fly' AND (org_id, job, name) > ${from}`)
          .orderBy(sql`org_id, job, name`)
          .limit(limit),
        db
          .select()
          .from(flyMachines)
          .where(sql`(org_id, job, schedule) > ${from}`)
          .orderBy(sql`org_id, job, schedule`)
          .limit(limit),
      ]);
      const { pairs, next } = sideBySide(wanted.map(scheduleFromRow), made.map(fromRow), limit);
      return { pairs: pairs.map(({ a: schedule, b: machine }) => ({ schedule, machine })), next };
    },

    async find(key) {
      const row = await db.select().from(flyMachines).where(isOf(key)).get();
      return row ? fromRow(row) : null;
    },

    async add(machine) {
      try {
        await db.insert(flyMachines).values(toRow(machine));
        return true;
      } catch (error) {
        if (isTakenKey(error)) return false;
        throw error;
      }
    },

    async change(seen, changes) {
      const after = { ...seen, ...changes, revision: seen.revision + 1 };
      const { meta } = await db.update(flyMachines).set(toRow(after)).where(isAsSeen(seen));
      return meta.changes === 0 ? null : after;
    },

    async remove(seen) {
      await db.delete(flyMachines).where(isAsSeen(seen));
    },

    async recordGap({ orgId, job, name }, { fromMs, throughMs, why }, at) {
      await db
        .insert(firings)
        .values({
          ...{
            orgId,
            job,
            schedule: name,
            dueAt: fromMs,
            span: 1,
            outcome: "missed",
            startAt: null,
            shard: 0,
          },
          ...{
            throughAt: throughMs,
            count: 0,
            isCountExact: false,
            trigger: "fly",
            runId: null,
            why,
            decidedAt: at,
          },
        })
        .onConflictDoNothing();
    },

    async cursor() {
      const row = await db.select().from(sweepCursors).where(eq(sweepCursors.over, CURSOR)).get();
      return row?.cursor ?? "";
    },

    async keepCursor(cursor, at) {
      const row = { over: CURSOR, cursor, at };
      await db.insert(sweepCursors).values(row).onConflictDoUpdate({ target: sweepCursors.over, set: row });
    },
  };
}

function fromRow({ schedule: name, made, next, ...same }: Row): FlyMachine {
  return { ...same, name, order: made as FlyOrder, next: next as FlyOrder | null };
}

function toRow({ name: schedule, order: made, ...same }: FlyMachine): typeof flyMachines.$inferInsert {
  return { ...same, schedule, made };
}
