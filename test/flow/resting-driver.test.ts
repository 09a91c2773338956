import { expect, it } from "vitest";
import { DRIVER_ALARM_MS, DRIVER_ARMED_AFTER_MS } from "../../src/core/limits.ts";
import { keyQueue } from "../../src/core/turn.ts";
import { Driver } from "../../src/flow/driver.ts";
import { aQueuedRun, followedBy, T0 } from "../support/a-run.ts";
import { driverHost } from "../support/driver-host.ts";
import { MemoryStore } from "../support/memory-store.ts";

it("a driver that sleeps until a far time and is called earlier is looked after like any other at work", async () => {
  const concurrency = { key: "k", limit: 1, strategy: "queue" as const };
  const slot = { at: T0, queue: keyQueue("k"), limit: 1 };
  const holder = followedBy(aQueuedRun({ concurrency }), { type: "slot_taken", ...slot });
  const waiting = followedBy(aQueuedRun({ concurrency }), { type: "slot_awaited", ...slot });
  const store = new MemoryStore();
  for (const { state, events } of [holder, waiting]) await store.accept(state, events, null);
  const alarms: number[] = [];
  const later: { ms: number; callBack: () => void }[] = [];
  let onAlarm = () => {};
  // It never gets as far as a machine.
  const host = driverHost(
    waiting.state.run.id,
    T0,
    store,
    {},
    {
      after: (ms, callBack) => {
        const timer = { ms, callBack };
        later.push(timer);
        return () => void later.splice(later.indexOf(timer), later.includes(timer) ? 1 : 0);
      },
      setAlarm: async (inMs) => {
        alarms.push(inMs);
        onAlarm();
      },
    },
  );
  const driver = new Driver(host);
  const nextAlarm = () =>
    new Promise<void>((resolve) => {
      onAlarm = resolve;
    });
  const rested = nextAlarm();
  driver.start(waiting.state);
  await rested;
  // Nothing here takes time, so by then the driver has come to rest.
  await new Promise((resolve) => setImmediate(resolve));
  expect(alarms).toEqual([waiting.state.run.spec.expiresMs]);
  const restedAgain = nextAlarm();
  driver.nudge();
  // While it works there is the usual timer, after which it has an alarm that is near.
  const timer = later.find(({ ms }) => ms === DRIVER_ARMED_AFTER_MS);
  timer?.callBack();
  expect(alarms.at(-1)).toBe(DRIVER_ALARM_MS);
  await restedAgain;
});
