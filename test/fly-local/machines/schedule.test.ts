import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/fly-local/clock.ts";
import { nextDue, type Schedule } from "../../../src/fly-local/machines/schedule.ts";
import { HandClock } from "../hand-clock.ts";
import { eventLines, LIVES, machines, serve, stateDir } from "../support.ts";

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);

describe("a schedule is due", () => {
  it.each<[Schedule, string, string, string]>([
    ["hourly", "2026-01-01T10:20:30Z", "2026-01-01T10:20:30Z", "2026-01-01T11:20:30Z"],
    ["hourly", "2026-01-01T10:20:30Z", "2026-01-02T09:59:00Z", "2026-01-02T10:20:30Z"],
    ["daily", "2026-01-01T10:20:30Z", "2026-03-01T10:20:30Z", "2026-03-02T10:20:30Z"],
    ["weekly", "2026-01-01T10:20:30Z", "2026-01-08T10:20:29Z", "2026-01-08T10:20:30Z"],
    ["monthly", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"],
    ["monthly", "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z", "2026-03-31T10:00:00Z"],
    ["monthly", "2027-12-31T10:00:00Z", "2028-02-01T00:00:00Z", "2028-02-29T10:00:00Z"],
    ["monthly", "2026-01-15T10:00:00Z", "2026-06-15T09:00:00Z", "2026-06-15T10:00:00Z"],
  ])("%s, made at %s, seen at %s, at %s", (schedule, createdAt, now, due) =>
    expect(new Date(nextDue(schedule, at(createdAt), at(now))).toISOString()).toBe(
      new Date(due).toISOString(),
    ),
  );
});

describe("a machine with a schedule", async () => {
  const clock = new HandClock(at("2026-01-31T10:00:00Z"));
  const state = stateDir();
  const fly = await serve({ isolation: "process", clock, stateDir: state });
  const make = async (schedule: string, more: object = {}, argv = ["true"]) => {
    const { id } = await fly.create(argv, { auto_destroy: false, schedule }, more);
    await fly.wait(id, more && "skip_launch" in more ? "settled" : "stopped");
    return id;
  };
  const runs = async (id: string) =>
    eventLines((await fly.get(id)).events).filter((line) => line === "start/started/flyd").length;
  const newest = async (id: string) => (await fly.get(id)).events?.[0]?.id;
  /** Turns the clock and waits until the Machine has run once more. */
  const turn = async (id: string, ms: number) => {
    const before = await newest(id);
    clock.advance(ms);
    await fly.call("GET", `${machines}/${id}/wait?state=stopped&from_event_id=${before}`);
  };

  it("runs at once, and again each time that it is due, by itself", async () => {
    const id = await make("hourly");
    expect(await runs(id)).toBe(1);
    clock.advance(HOUR - 1);
    expect((await fly.get(id)).state).toBe("stopped");
    await turn(id, 1);
    expect(await runs(id)).toBe(2);
    await turn(id, HOUR);
    expect(await runs(id)).toBe(3);
    expect(eventLines((await fly.get(id)).events).slice(0, 3)).toEqual([
      "exit/stopped/flyd",
      "start/started/flyd",
      "start/starting/flyd",
    ]);
    await fly.call("DELETE", `${machines}/${id}`);
  });

  it.each([
    ["daily", 24 * HOUR],
    ["weekly", 7 * 24 * HOUR],
  ])("runs %s", async (schedule, period) => {
    const id = await make(schedule);
    clock.advance(period - 1);
    expect(await runs(id)).toBe(1);
    await turn(id, 1);
    expect(await runs(id)).toBe(2);
    await fly.call("DELETE", `${machines}/${id}`);
  });

  it("that still runs when it is due skips that run", async () => {
    const id = await make("hourly", { skip_launch: true }, LIVES);
    await fly.call("POST", `${machines}/${id}/start`);
    await fly.wait(id, "started");
    clock.advance(2 * HOUR);
    expect(await runs(id)).toBe(1);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
  });

  it("made with skip_launch is left alone until somebody starts it, and so is one updated with it", async () => {
    const id = await make("hourly", { skip_launch: true });
    clock.advance(3 * HOUR);
    expect(await runs(id)).toBe(0);
    await fly.call("POST", `${machines}/${id}/start`);
    await fly.wait(id, "stopped");
    await turn(id, HOUR);
    expect(await runs(id)).toBe(2);
    const config = { image: "alpine", init: { exec: ["true"] }, schedule: "hourly" };
    const update = async (more: object) => {
      await fly.call("POST", `${machines}/${id}`, { config, ...more });
      await fly.wait(id, "stopped");
    };
    await update({ skip_launch: true });
    clock.advance(3 * HOUR);
    expect(await runs(id)).toBe(2);
    await update({});
    await turn(id, HOUR);
    expect(await runs(id)).toBe(3);
    await fly.call("DELETE", `${machines}/${id}`);
  });

  it("finds none of what an earlier start has left beside its files", async () => {
    const folder = `/tmp/.mayfly-schedule-test-${process.pid}`;
    const files = [{ guest_path: `${folder}/given`, raw_value: "aGk=" }];
    const argv = ["sh", "-c", `[ -e ${folder}/given ] && [ ! -e ${folder}/left ] && echo >${folder}/left`];
    const name = `schedule-test-${process.pid}`;
    const { id } = await fly.create(argv, { auto_destroy: false, schedule: "hourly", files }, { name });
    await fly.wait(id, "stopped");
    await turn(id, HOUR);
    const exits = (await fly.get(id)).events?.filter(({ type }) => type === "exit");
    expect(exits?.map(({ request }) => request?.exit_event?.exit_code ?? 0)).toEqual([0, 0]);
    await fly.call("DELETE", `${machines}/${id}`);
  });

  it("is refused with a word that is no schedule", async () => {
    const config = { image: "alpine", init: { exec: ["true"] }, schedule: "yearly" };
    expect(await fly.call("POST", machines, { config })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("config.schedule") },
    });
  });
});

describe("a clock that is turned from outside", async () => {
  const fly = await serve({ isolation: "process" });
  const skew = (ms: number) => fly.call("POST", "/_control/faults", { kind: "clock_skew", skew_ms: ms });

  it("starts a machine that is due by the new time, and again each time that it is turned on from there", async () => {
    const { id } = await fly.create(["true"], { auto_destroy: false, schedule: "hourly" });
    await fly.wait(id, "stopped");
    const runs = async () =>
      eventLines((await fly.get(id)).events).filter((line) => line === "start/started/flyd").length;
    const turn = async (ms: number) => {
      const newest = (await fly.get(id)).events?.[0]?.id;
      expect((await skew(ms)).status).toBe(204);
      return fly.call("GET", `${machines}/${id}/wait?state=stopped&from_event_id=${newest}&timeout=5`);
    };
    for (const [hours, count] of [
      [1, 2],
      [2, 3],
    ] as const) {
      expect((await turn(hours * HOUR)).status).toBe(200);
      expect(await runs()).toBe(count);
    }
    // Turned back and on again, the same hour comes again.
    await fly.call("DELETE", "/_control/faults");
    expect(await runs()).toBe(3);
    expect((await turn(HOUR)).status).toBe(200);
    expect(await runs()).toBe(4);
    await fly.call("DELETE", "/_control/faults");
    await fly.call("DELETE", `${machines}/${id}`);
  });

  it("ends the lease that somebody waits for", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    await fly.call("POST", `${machines}/${id}/lease`, { ttl: 3600 });
    let isStopped = false;
    const stop = fly.call("POST", `${machines}/${id}/stop`).then((reply) => {
      isStopped = true;
      return reply;
    });
    await fly.get(id);
    expect(isStopped).toBe(false);
    await skew(HOUR);
    expect((await stop).status).toBe(200);
    await fly.call("DELETE", "/_control/faults");
    await fly.wait(id, "destroyed");
  });
});

it("an instant that the computer's clock has jumped over is noticed soon", async () => {
  let now = at("2026-01-31T10:00:00Z");
  const reached = new Promise<void>((act) => systemClock(() => now, 5).at(now + HOUR, act));
  now += 2 * HOUR;
  // What waits for it does not keep a program alive, so that this does.
  const alive = setInterval(() => {}, 1000);
  await reached;
  clearInterval(alive);
});

describe("a destroyed machine", async () => {
  const clock = new HandClock(at("2026-01-31T10:00:00Z"));
  const fly = await serve({ isolation: "process", clock });

  it("stays readable with its versions for 48 hours, out of lists, and its name is free", async () => {
    const { id } = await fly.create(["true"], { auto_destroy: false }, { name: "once" });
    await fly.wait(id, "stopped");
    await fly.call("POST", `${machines}/${id}`, { config: { image: "alpine", init: { exec: ["true"] } } });
    await fly.wait(id, "stopped");
    await fly.call("DELETE", `${machines}/${id}`);
    await fly.wait(id, "destroyed");
    expect((await fly.create(["true"], {}, { name: "once" })).id).not.toBe(id);
    clock.advance(47 * HOUR);
    expect((await fly.get(id)).state).toBe("destroyed");
    expect((await fly.call<unknown[]>("GET", `${machines}/${id}/versions`)).body).toHaveLength(2);
    expect(JSON.stringify((await fly.call("GET", machines)).body)).not.toContain(id);
    clock.advance(3 * HOUR);
    expect((await fly.call("GET", `${machines}/${id}`)).status).toBe(404);
  });
});
