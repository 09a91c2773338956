import { describe, expect, it } from "vitest";
import { everyLevel } from "../processes/containers.ts";
import { eventLines, exitEvent, LIVES, machines, processesOf, serve } from "../support.ts";

const STUBBORN = ["sh", "-c", 'trap "" INT TERM; touch "$HOME/ready"; while :; do sleep 0.05; done'];
const READY = ["sh", "-c", 'until [ -e "$HOME/ready" ]; do sleep 0.01; done'];

describe.each(everyLevel)("a restart at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  const make = async (argv: string[], config: object = {}) => {
    const { id } = await fly.create(argv, { auto_destroy: false, ...config });
    await fly.wait(id, "started");
    return id;
  };
  const restart = (id: string, query = "", body?: object) =>
    fly.call("POST", `${machines}/${id}/restart${query}`, body);
  const started = (id: string, from: string | undefined) =>
    fly.call("GET", `${machines}/${id}/wait?state=started&from_event_id=${from}`);

  it("ends what runs and starts it again, as the same version", async () => {
    const id = await make(LIVES);
    const before = await fly.get(id);
    const [old] = processesOf(id);
    expect(await restart(id)).toMatchObject({ status: 200, body: { ok: true } });
    expect((await started(id, before.events?.[0]?.id)).status).toBe(200);
    const machine = await fly.get(id);
    expect(machine.instance_id).toBe(before.instance_id);
    expect(processesOf(id)).not.toContain(old);
    expect(eventLines(machine.events).slice(0, 4)).toEqual([
      "start/started/flyd",
      "restart/starting/user",
      "exit/stopped/flyd",
      "restart/stopping/user",
    ]);
    expect(exitEvent(machine)).toMatchObject({ requested_stop: true, restarting: true });
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it.each([
    ["by force", "?force_stop=true", undefined],
    ["by force in the body", "", { force_stop: true }],
    ["after the timeout in seconds", "?timeout=1", undefined],
    ["after the timeout in the body", "", { timeout: "100ms" }],
    ["with its own signal", "?signal=SIGKILL", undefined],
  ])("kills what does not mind %s", async (_, query, body) => {
    const id = await make(STUBBORN, { stop_config: { timeout: "30s" } });
    await fly.exec(id, READY);
    const before = (await fly.get(id)).events?.[0]?.id;
    await restart(id, query, body);
    expect((await started(id, before)).status).toBe(200);
    expect(exitEvent(await fly.get(id))).toMatchObject({ exit_code: 137 });
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("starts a stopped machine, and is refused for one that is gone or asked for nonsense", async () => {
    const { id } = await fly.create(LIVES, { auto_destroy: false }, { skip_launch: true });
    await fly.wait(id, "stopped");
    expect((await restart(id, "?signal=SIGSTOP")).status).toBe(400);
    expect((await restart(id, "?timeout=soon")).status).toBe(400);
    expect((await restart(id)).status).toBe(200);
    expect((await fly.wait(id, "started")).status).toBe(200);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
    expect((await restart(id)).body.error).toBe(
      "failed_precondition: unable to restart machine from current state: 'destroyed'",
    );
  });

  it("that a stop follows ends in a stop", async () => {
    const id = await make(STUBBORN);
    await fly.exec(id, READY);
    await restart(id);
    expect((await fly.get(id)).state).toBe("restarting");
    await fly.call("POST", `${machines}/${id}/stop`, { signal: "SIGKILL" });
    expect((await fly.wait(id, "stopped")).status).toBe(200);
    await fly.call("DELETE", `${machines}/${id}`);
    await fly.wait(id, "destroyed");
    expect(processesOf(id)).toEqual([]);
  });

  it("does not destroy a machine that would destroy itself when it stops", async () => {
    const id = await make(LIVES, { auto_destroy: true });
    const before = (await fly.get(id)).events?.[0]?.id;
    await restart(id);
    expect((await started(id, before)).status).toBe(200);
    await fly.call("POST", `${machines}/${id}/stop`);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
  });
});
