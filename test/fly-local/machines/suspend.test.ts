import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { everyLevel } from "../processes/containers.ts";
import { eventLines, exitEvent, LIVES, machines, processesOf, serve } from "../support.ts";

/** Counts in a file, with a child of its own and one that left its session. */
const COUNTS = [
  "sh",
  "-c",
  'setsid sleep 71 & sleep 72 & n=0; while :; do n=$((n+1)); echo $n >"$HOME/n.new"; mv "$HOME/n.new" "$HOME/n"; sleep 0.01; done',
];

/** What `/proc` says of each process: T is stopped. */
function statesOf(id: string): string[] {
  return processesOf(id).map(
    (pid) => / \((?:.*)\) (\w)/.exec(` ${readFileSync(`/proc/${pid}/stat`)}`)?.[1] ?? "",
  );
}

describe.each(everyLevel)("a suspend at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  const make = async (config: object = {}) => {
    const { id } = await fly.create(COUNTS, { auto_destroy: false, ...config });
    await fly.wait(id, "started");
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/n" ]; do sleep 0.01; done']);
    return id;
  };
  const post = (id: string, what: string, body?: object) =>
    fly.call("POST", `${machines}/${id}/${what}`, body);
  const suspend = async (id: string) => {
    expect(await post(id, "suspend")).toMatchObject({ status: 200, body: { ok: true } });
    expect((await fly.wait(id, "suspended")).status).toBe(200);
  };
  const count = async (id: string) => Number((await fly.exec(id, ["sh", "-c", 'cat "$HOME/n"'])).body.stdout);

  it("freezes every process, and a start lets them go on with what they had in memory", async () => {
    const id = await make();
    const pids = processesOf(id).length;
    await suspend(id);
    const states = new Set(statesOf(id));
    // A parent that waits in vfork for a child that is stopped.
    states.delete("D");
    expect([...states]).toEqual(["T"]);
    const before = await fly.get(id);
    const start = await post(id, "start");
    expect(start.body).toMatchObject({ previous_state: "suspended" });
    expect((await fly.wait(id, "started")).status).toBe(200);
    const at = await count(id);
    expect(at).toBeGreaterThan(0);
    await fly.exec(id, ["sh", "-c", `until [ "$(cat "$HOME/n")" -gt ${at} ]; do sleep 0.01; done`]);
    expect(processesOf(id).length).toBeGreaterThanOrEqual(pids - 1);
    const machine = await fly.get(id);
    expect(machine.instance_id).toBe(before.instance_id);
    expect(exitEvent(machine)).toBeNull();
    expect(eventLines(machine.events).slice(0, 4)).toEqual([
      "start/started/flyd",
      "start/starting/user",
      "suspend/suspended/flyd",
      "suspend/suspending/user",
    ]);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("takes execs and signals away, and answers an exec that was under way", async () => {
    const id = await make();
    const exec = fly.exec(id, ["sh", "-c", 'touch "$HOME/under-way"; sleep 5']);
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/under-way" ]; do sleep 0.01; done']);
    await suspend(id);
    expect((await exec).body.error).toBe("failed_precondition: exec request failed: EOF");
    expect((await fly.exec(id, ["true"])).body.error).toBe("failed_precondition: machine not running");
    expect((await post(id, "signal", { signal: "SIGTERM" })).status).toBe(412);
    expect((await post(id, "suspend")).status).toBe(200);
    expect((await fly.call("DELETE", `${machines}/${id}`)).status).toBe(200);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    expect(processesOf(id)).toEqual([]);
  });

  it.each([
    [false, "stopped"],
    [true, "destroyed"],
  ])("that a stop follows throws away what was frozen (auto_destroy %s)", async (auto_destroy, end) => {
    const id = await make({ auto_destroy });
    await suspend(id);
    const frozen = processesOf(id);
    expect((await post(id, "stop")).status).toBe(200);
    expect((await fly.wait(id, end)).status).toBe(200);
    if (end === "stopped") {
      await post(id, "start");
      expect((await fly.wait(id, "started")).status).toBe(200);
      expect(processesOf(id).filter((pid) => frozen.includes(pid))).toEqual([]);
      await fly.call("DELETE", `${machines}/${id}?force=true`);
      await fly.wait(id, "destroyed");
    }
    expect(processesOf(id)).toEqual([]);
  });

  it("that a restart or an update follows ends in a fresh start, or a stop", async () => {
    const id = await make();
    await suspend(id);
    const frozen = processesOf(id);
    await post(id, "restart");
    expect((await fly.wait(id, "started")).status).toBe(200);
    expect(processesOf(id).some((pid) => frozen.includes(pid))).toBe(false);
    await suspend(id);
    await fly.call("POST", `${machines}/${id}`, { config: { image: "alpine", init: { exec: LIVES } } });
    expect((await fly.wait(id, "stopped")).status).toBe(200);
    await fly.call("DELETE", `${machines}/${id}`);
    await fly.wait(id, "destroyed");
    expect(processesOf(id)).toEqual([]);
  });

  it("is refused for what does not run or may not be suspended", async () => {
    const { id } = await fly.create(LIVES, {}, { skip_launch: true });
    await fly.wait(id, "stopped");
    expect((await post(id, "suspend")).body.error).toBe(
      "failed_precondition: unable to suspend machine from current state: 'stopped'",
    );
    for (const config of [
      { guest: { cpu_kind: "performance", cpus: 2, memory_mb: 4096 } },
      { schedule: "hourly" },
      { init: { exec: LIVES, swap_size_mb: 256 } },
    ]) {
      const machine = await fly.create(LIVES, config);
      await fly.wait(machine.id, "started");
      const refused = await post(machine.id, "suspend");
      expect(refused.status).toBe(412);
      expect(refused.body.error).toMatch(/^failed_precondition: unable to suspend machine: it has /);
      await fly.call("DELETE", `${machines}/${machine.id}?force=true`);
    }
  });
});
