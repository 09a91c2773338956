import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import { applyEvent } from "../../src/core/lifecycle.ts";
import { NEVER_ASKED_BEFORE_MS, SHOWN_QUIET_MS } from "../../src/core/limits.ts";
import { METADATA_RUN } from "../../src/core/machine.ts";
import { OUTPUT_START } from "../../src/core/output.ts";
import { machineFiles, planAttempt } from "../../src/core/plan.ts";
import { DEFAULT_RETRY } from "../../src/core/retry.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { lookAfter } from "../../src/flow/look-after.ts";
import { sweep } from "../../src/flow/sweep.ts";
import { apiPorts, flowPorts } from "../../src/worker/ports.ts";
import { aQueuedRun, aSucceededRun, followedBy, T0 } from "../support/a-run.ts";

const ports = apiPorts(env);

/** A run that was stored, and whose driver has not heard of it. */
async function stored(spec: Partial<RunSpec> = {}, at = Date.now()) {
  const queued = aQueuedRun(spec, at);
  const planned = planAttempt(queued.state, null, at);
  const state = applyEvent(queued.state, planned);
  if (state === null) throw new Error("a queued run can be planned");
  const stub = env.RUN_DRIVER.getByName(state.run.id);
  await ports.store.accept(state, [...queued.events, planned], null);
  return { id: state.run.id, stub, state };
}

describe("the driver of a run", () => {
  it("carries out a run whose start it never heard, woken by the sweep", async () => {
    const { id, stub } = await stored({ command: ["sh", "-c", "exit 4"] }, Date.now() - 60_000);
    await sweep(ports);
    const state = await stub.untilFinal(20_000);
    expect(state?.run).toMatchObject({ id, status: "failed", reason: "exit_code", exit: { code: 4 } });
  });

  it("stores nothing of its own for a short run", async () => {
    const { stub, state } = await stored();
    await stub.start(state);
    await stub.untilFinal(20_000);
    while ((await ports.store.load(state.run.id))?.run.open !== false) await scheduler.wait(10);
    expect(await runInDurableObject(stub, (_, { storage }) => storage.getAlarm())).toBeNull();
  });

  it("has an alarm once a run lasts, which brings it back where it was reset", async () => {
    const { id, stub, state } = await stored({ command: ["sh", "-c", "sleep 12; echo over"] });
    await stub.start(state);
    const alarmOf = () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    while ((await alarmOf()) === null) await scheduler.wait(100);
    await abortAllDurableObjects();
    const again = env.RUN_DRIVER.getByName(id);
    expect(await runDurableObjectAlarm(again)).toBe(true);
    const after = await again.untilFinal(20_000);
    expect(after?.run).toMatchObject({ id, status: "succeeded", output: { stdoutBytes: 5 } });
    while ((await ports.store.load(id))?.run.open !== false) await scheduler.wait(10);
    await expect.poll(() => runDurableObjectAlarm(again)).toBe(false);
  });

  it("is woken by whoever asks for the run, where nobody follows it", async () => {
    const { id } = await stored({ command: ["sh", "-c", "exit 4"] }, Date.now() - 60_000);
    const ask = async () =>
      await (
        await exports.default.fetch(
          new Request(`https://mayfly.test/v1/runs/${id}`, {
            headers: { authorization: "Bearer test-token" },
          }),
        )
      ).json<RunBody>();
    let run = await ask();
    while (run.settled_at === null) {
      await scheduler.wait(10);
      run = await ask();
    }
    expect(run).toMatchObject({ id, status: "failed", exit_code: 4 });
  });

  it("is left alone by who asks for a run that has fresh news or nothing left to do", async () => {
    const woken: string[] = [];
    const drivers = { wake: async (runId: string) => void woken.push(runId) };
    const queued = aQueuedRun().state;
    const portsAfter = (ms: number) => ({ drivers, clock: { now: () => queued.run.updatedAt + ms } });
    await lookAfter(portsAfter(SHOWN_QUIET_MS - 1), queued);
    await lookAfter(portsAfter(60_000), { ...queued, run: { ...queued.run, open: false } });
    expect(woken).toEqual([]);
    await lookAfter(portsAfter(SHOWN_QUIET_MS), queued);
    expect(woken).toEqual([queued.run.id]);
    const broken = { wake: () => Promise.reject(new Error("the driver is away")) };
    await expect(lookAfter({ ...portsAfter(60_000), drivers: broken }, queued)).resolves.toBeUndefined();
  });

  it("rests by an alarm until the next attempt's time, and is woken by nobody's question meanwhile", async () => {
    const rules = [{ reasons: [], exitCodes: [4], signals: [], do: "same_size" as const, waitMs: 3_600_000 }];
    const { id, stub, state } = await stored({
      script: "echo $MAYFLY_ATTEMPT; [ $MAYFLY_ATTEMPT = 2 ] || exit 4",
      command: null,
      retry: { ...DEFAULT_RETRY, attempts: 2, rules },
    });
    await stub.start(state);
    const load = async () => await ports.store.load(id);
    while (!(await load())?.run.restsUntil) await scheduler.wait(10);
    const resting = await load();
    if (resting === null) throw new Error("the run is stored");
    const alarmOf = () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    // Set for the time that is stored, give or take the moment of setting it.
    await expect
      .poll(async () => Math.abs(((await alarmOf()) ?? 0) - (resting.run.restsUntil ?? 0)))
      .toBeLessThan(5000);
    const woken: string[] = [];
    const drivers = { wake: async (runId: string) => void woken.push(runId) };
    await lookAfter({ drivers, clock: { now: () => Date.now() + 3_000_000 } }, resting);
    expect(woken).toEqual([]);
    await stub.nudge();
    expect((await load())?.run.status).toBe("retrying");
    // The hour passes: what is stored is moved back by it, as only the time in it counts.
    await env.DB.prepare("UPDATE attempts SET next = json_set(next, '$.at', ?) WHERE run_id = ?")
      .bind(Date.now(), id)
      .run();
    await abortAllDurableObjects();
    const again = env.RUN_DRIVER.getByName(id);
    expect(await runDurableObjectAlarm(again)).toBe(true);
    const after = await again.untilFinal(20_000);
    expect(after?.run).toMatchObject({ status: "succeeded", output: { stdoutBytes: 4, complete: true } });
    expect(after?.attempts.map(({ reason }) => reason)).toEqual(["exit_code", null]);
    const chunks = await ports.store.readOutput(id, OUTPUT_START, 10);
    expect(
      chunks.map(({ attempt, bytes }) => [attempt, new TextDecoder().decode(bytes ?? undefined)]),
    ).toEqual([
      [1, "1\n"],
      [2, "2\n"],
    ]);
  });

  it("goes on where it was when it is reset in mid-run, on the same machine", async () => {
    const { id, stub, state } = await stored({
      script: "echo one; sleep 1; echo two",
      command: null,
    });
    await stub.start(state);
    while ((await ports.store.load(id))?.run.status !== "running") await scheduler.wait(10);
    await abortAllDurableObjects();
    const again = env.RUN_DRIVER.getByName(id);
    await again.wake();
    const after = await again.untilFinal(20_000);
    expect(after?.run).toMatchObject({ status: "succeeded", output: { stdoutBytes: 8, complete: true } });
    const events = await ports.store.events(id, 0, 100);
    expect(events.filter(({ event }) => event.type === "machine_created")).toHaveLength(1);
  });

  it("that has an alarm for a run that is not stored forgets it", async () => {
    const stub = env.RUN_DRIVER.getByName("run_00000000000000000000000001");
    await runInDurableObject(stub, (_, { storage }) => storage.setAlarm(Date.now() + 60_000));
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await stub.untilFinal(5000)).toBeNull();
    expect(await runDurableObjectAlarm(stub)).toBe(false);
  });

  it("that has an alarm for a run that is over forgets it, and everything else that it stored", async () => {
    const settled = aSucceededRun();
    const over = followedBy(settled, { type: "machine_released", at: T0 + 3000, attempt: 1, events: [] });
    await ports.store.accept(over.state, over.events, null);
    const stub = env.RUN_DRIVER.getByName(over.state.run.id);
    await runInDurableObject(stub, async (_, { storage }) => {
      await storage.put("left", "over");
      await storage.setAlarm(Date.now() + 60_000);
    });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    const left = () =>
      runInDurableObject(stub, async (_, { storage }) => [
        await storage.getAlarm(),
        (await storage.list()).size,
      ]);
    await expect.poll(left).toEqual([null, 0]);
  });

  it("forgets its alarm where somebody else has brought its run to an end", async () => {
    const hour = 3_600_000;
    const rules = [{ reasons: [], exitCodes: [4], signals: [], do: "same_size" as const, waitMs: hour }];
    const { id, stub, state } = await stored({
      command: ["sh", "-c", "exit 4"],
      retry: { ...DEFAULT_RETRY, attempts: 2, rules },
    });
    await stub.start(state);
    const alarmOf = () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    await expect.poll(alarmOf, { timeout: 20_000 }).toBeGreaterThan(Date.now() + hour / 2);
    // As a driver with other code would: this one remembers a run that waits for its second attempt.
    const waiting = await ports.store.load(id);
    if (waiting === null) throw new Error("the run is stored");
    const at = Date.now();
    await ports.store.record(
      waiting,
      [
        { type: "cancel_requested", at },
        {
          type: "settled",
          at,
          status: "cancelled",
          reason: "cancelled_by_user",
          limit: null,
          detail: null,
          exit: null,
          output: { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true },
        },
      ],
      [],
    );
    expect((await ports.store.load(id))?.run).toMatchObject({ status: "cancelled", open: false });
    await stub.nudge();
    await expect.poll(alarmOf).toBeNull();
  });

  it("that hears late of its run looks for a machine before it asks for one", async () => {
    const rules = [
      {
        reasons: ["machine_lost" as const],
        exitCodes: [],
        signals: [],
        do: "stop" as const,
        waitMs: null,
      },
    ];
    const { id, stub, state } = await stored(
      { retry: { ...DEFAULT_RETRY, rules } },
      Date.now() - NEVER_ASKED_BEFORE_MS,
    );
    const [attempt] = state.attempts;
    const machines = flowPorts(env).machinesOf(attempt?.app ?? null);
    const { machineName = "", machineConfig } = attempt ?? {};
    if (machineConfig === undefined) throw new Error("a stored run has an attempt planned");
    // Of somebody who drove the run meanwhile, to its end.
    const made = await machines.create(machineName, machineConfig, machineFiles(state.run.spec, machineName));
    if (made.kind !== "created") throw new Error(`the machine is ${made.kind}`);
    await machines.destroy(made.machine.id);
    await machines.wait(made.machine.id, "destroyed", 10_000);
    await stub.start(state);
    expect((await stub.untilFinal(20_000))?.attempts).toMatchObject([{ machineId: made.machine.id }]);
    const query = `include_deleted=true&metadata.${METADATA_RUN}=${id}`;
    const url = `${env.FLY_API_BASE_URL}/v1/apps/${env.FLY_APPS}/machines?${query}`;
    const reply = await fetch(url, { headers: { authorization: `Bearer ${env.FLY_API_TOKEN}` } });
    expect(await reply.json()).toHaveLength(1);
  });

  it("starts a run once, however often it is told to", async () => {
    const { id, stub, state } = await stored({ command: ["sh", "-c", "echo once"] });
    await Promise.all([stub.start(state), stub.start(state), stub.wake(), stub.nudge(), stub.start(state)]);
    const after = await stub.untilFinal(20_000);
    expect(after?.run).toMatchObject({ status: "succeeded", output: { stdoutBytes: 5 } });
    const events = await ports.store.events(id, 0, 100);
    expect(events.filter(({ event }) => event.type === "machine_created")).toHaveLength(1);
  });
});
