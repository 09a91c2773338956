import { describe, expect, it } from "vitest";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { T0 } from "../support/a-run.ts";
import { ScheduleWorld } from "../support/schedule-world.ts";
import { seededRandom } from "../support/seeded-random.ts";

const MINUTE = 60_000;

/** A job whose runs never start, with a schedule of each minute: each due time is late, and the job is silent from the third minute on. */
async function aWorld() {
  const world = new ScheduleWorld();
  const late = aSchedule({
    lateAfterMs: MINUTE,
    catchUp: { mode: "all", windowMs: 60 * MINUTE, afterPause: false },
  });
  await world.put("j", [late], { expect_every: "3m" });
  return world;
}

type World = Awaited<ReturnType<typeof aWorld>>;

/** The minute's cron for so many minutes, with a kill in those that say so. */
async function live(world: World, minutes: number, kill: (minute: number) => Kill | null = () => null) {
  let died = 0;
  for (let minute = 0; minute < minutes; minute++) {
    const kills = kill(minute);
    const process = kills === null ? null : aProcess(world, kills);
    await world.cron(process?.ports);
    if (process?.isDead()) died += 1;
    await world.until(T0 + (minute + 1) * MINUTE);
  }
  return died;
}

/** After so many calls of the stores and timekeepers; the last of them took effect, or did not. */
interface Kill {
  calls: number;
  tookEffect: boolean;
}

/** The cron's process, which is killed: nothing that it asks from then on happens, and it is answered nothing. */
function aProcess({ schedules, timekeepers, alerts }: World, { calls, tookEffect }: Kill) {
  let asked = 0;
  const mortal = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const method = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          asked += 1;
          if (asked < calls) return method.apply(target, args);
          if (asked === calls && tookEffect) await method.apply(target, args);
          throw new Error("killed");
        };
      },
    });
  return {
    ports: {
      schedules: mortal(schedules),
      timekeepers: mortal(timekeepers),
      alerts: mortal(alerts),
    },
    isDead: () => asked >= calls,
  };
}

/** "minute type" of each alert, in the order of the minutes, each as often as it is recorded. */
const told = ({ alerts }: World) =>
  alerts.alerts.map(({ dueAt, type }) => `${String((dueAt - T0) / MINUTE).padStart(2, "0")} ${type}`).sort();

const MINUTES = 10;
/** Those whose start is known by then. */
const EXPECTED = [
  "03 job_silent",
  ...Array.from({ length: 7 }, (_, index) => `${String(index + 1).padStart(2, "0")} schedule_late`),
].sort();

describe("each alert is recorded, and once", () => {
  it("where nothing goes wrong, as soon as it can be known", async () => {
    const world = await aWorld();
    expect(await live(world, MINUTES)).toBe(0);
    expect(told(world)).toEqual(EXPECTED);
    expect(world.alerts.alerts.map(({ at, dueAt }) => at - dueAt)).toEqual(
      world.alerts.alerts.map(({ type }) => (type === "job_silent" ? 0 : 2 * MINUTE)),
    );
  });

  it("where the cron is killed at any of its steps, before the step takes effect or after", async () => {
    let steps = 0;
    for (const tookEffect of [false, true])
      for (let calls = 1; ; calls++) {
        const world = await aWorld();
        const died = await live(world, MINUTES, (minute) => (minute === 5 ? { calls, tookEffect } : null));
        expect(told(world), `killed at call ${calls}, ${tookEffect}`).toEqual(EXPECTED);
        if (died === 0) break;
        steps += 1;
      }
    // The tick's and the watch's, of each at least its read and its batch.
    expect(steps).toBeGreaterThanOrEqual(2 * 8);
  });

  it("where it is killed again and again, and two of them look at once", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const world = await aWorld();
      await live(world, MINUTES - 1, () =>
        random() < 0.7 ? { calls: 1 + Math.floor(random() * 10), tookEffect: random() < 0.5 } : null,
      );
      await Promise.all([world.cron(), world.cron()]);
      expect(told(world), `seed ${seed}`).toEqual(EXPECTED);
    }
  });
});
