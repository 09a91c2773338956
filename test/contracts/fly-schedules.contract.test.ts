import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { d1FleetStore } from "../../src/d1/fleet-store.ts";
import { d1FlySchedules } from "../../src/d1/fly-schedules.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Schedules } from "../../src/d1/schedule-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { T0 } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { holdsTheFlySchedulesContract } from "./fly-schedules-contract.ts";
import { aSchedule } from "./schedule-store-contract.ts";

const { DB } = env;
const jobs = d1Jobs(DB);

holdsTheFlySchedulesContract({
  flySchedules: d1FlySchedules(DB),
  schedules: d1Schedules(DB),
  jobs,
  store: d1Store(DB),
  fleetStore: d1FleetStore(DB),
});

it("a page reads nothing of schedules that Mayfly fires itself", async () => {
  const next = { version: 1, definition: { run: {} }, change: { kind: "put" as const }, createdAt: T0 };
  const specs = Array.from({ length: 50 }, (_, index) => aSchedule({ name: `s${index}` }));
  for (const job of ["a", "b", "c"]) await jobs.put("default", job, null, next, specs);
  const { database, counts } = countedD1(DB);
  expect((await d1FlySchedules(database).page("", 100)).pairs).toEqual([]);
  expect(counts.rowsRead).toBeLessThan(10);
});
