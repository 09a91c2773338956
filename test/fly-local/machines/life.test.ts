import { describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { HandClock } from "../hand-clock.ts";
import { everyLevel } from "../processes/containers.ts";
import { eventLines, exitEvent, LIVES, machines, processesOf, serve } from "../support.ts";

describe.each(everyLevel)("a machine at level %s", async (isolation) => {
  const fly = await serve({ isolation });

  it("that ends with 0 has an exit event without exit_code, and destroys itself", async () => {
    const { id } = await fly.create(["true"]);
    const exit = await fly.exitOf(id);
    expect(exit).toMatchObject({
      guest_exit_code: 0,
      guest_signal: -1,
      signal: -1,
      oom_killed: false,
      requested_stop: false,
    });
    expect(exit).not.toHaveProperty("exit_code");
    expect(new Date(exit?.exited_at ?? "").toISOString()).toBe(exit?.exited_at);
    expect(eventLines((await fly.get(id)).events)).toEqual([
      "destroy/destroyed/flyd",
      "exit/stopped/flyd",
      "start/started/flyd",
      "start/starting/flyd",
      "launch/created/user",
    ]);
  });

  it.each([1, 3, 126, 143, 255])("that ends with %i reports exactly that", async (code) => {
    const { id } = await fly.create(["sh", "-c", `exit ${code}`]);
    expect(await fly.exitOf(id)).toMatchObject({ exit_code: code, guest_exit_code: code, guest_signal: -1 });
  });

  it.each([
    ["TERM", 15],
    ["KILL", 9],
    ["SEGV", 11],
  ])("that dies of SIG%s reports 128 + n and the signal apart", async (name, number) => {
    const { id } = await fly.create(["sh", "-c", `kill -${name} $$; sleep 9`]);
    expect(await fly.exitOf(id)).toMatchObject({
      exit_code: 128 + number,
      guest_exit_code: 0,
      guest_signal: number,
    });
  });

  it("whose command is not there ends with 127", async () => {
    const { id } = await fly.create(["/no/such/command"]);
    expect(await fly.exitOf(id)).toMatchObject({ exit_code: 127 });
  });

  it("gets the signals of the signal call by name and by number, in its main process alone", async () => {
    const script = 'trap "exit 42" USR1; touch "$HOME/ready"; while :; do sleep 0.05; done';
    for (const signal of ["SIGUSR1", 10]) {
      const { id } = await fly.create(["sh", "-c", script]);
      await fly.wait(id, "started");
      await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/ready" ]; do sleep 0.01; done']);
      expect((await fly.call("POST", `${machines}/${id}/signal`, { signal })).status).toBe(200);
      expect(await fly.exitOf(id)).toMatchObject({ exit_code: 42, guest_signal: -1, requested_stop: false });
    }
  });

  it("that ends of the signal it was sent was asked to", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    await fly.call("POST", `${machines}/${id}/signal`, { signal: "SIGTERM" });
    expect(await fly.exitOf(id)).toMatchObject({ exit_code: 143, guest_signal: 15, requested_stop: true });
    expect((await fly.call("POST", `${machines}/${id}/signal`, { signal: "SIGSTOP" })).status).toBe(400);
  });

  it("is stopped with its own signal, and killed when it does not mind", async () => {
    const stubborn = ["sh", "-c", 'trap "" INT TERM; touch "$HOME/ready"; while :; do sleep 0.05; done'];
    const { id } = await fly.create(stubborn, { stop_config: { signal: "SIGTERM", timeout: "100ms" } });
    await fly.wait(id, "started");
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/ready" ]; do sleep 0.01; done']);
    expect((await fly.call("POST", `${machines}/${id}/stop`, { id, timeout: "0s" })).body).toEqual({
      ok: true,
    });
    expect(await fly.exitOf(id)).toMatchObject({ exit_code: 137, guest_signal: 9, requested_stop: true });
  });

  it("that is not to destroy itself stops, and starts again", async () => {
    const { id } = await fly.create(["true"], { auto_destroy: false });
    expect((await fly.wait(id, "stopped")).body).toMatchObject({ ok: true, state: "stopped" });
    const start = await fly.call("POST", `${machines}/${id}/start`);
    expect(start.body).toEqual({ previous_state: "stopped", migrated: false, new_host: "" });
    await fly.wait(id, "stopped");
    const exits = (await fly.get(id)).events?.filter((event) => event.type === "exit");
    expect(exits).toHaveLength(2);
    expect((await fly.call("DELETE", `${machines}/${id}`)).status).toBe(200);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    expect((await fly.call("POST", `${machines}/${id}/start`)).body.error).toBe(
      "failed_precondition: unable to start machine from current state: 'destroyed'",
    );
  });

  it("made with skip_launch goes from created to stopped, and runs when it is started", async () => {
    const machine = await fly.create(["sh", "-c", "exit 7"], {}, { skip_launch: true });
    expect(machine.state).toBe("created");
    expect((await fly.wait(machine.id, "stopped")).status).toBe(200);
    await fly.call("POST", `${machines}/${machine.id}/start`);
    expect(await fly.exitOf(machine.id)).toMatchObject({ exit_code: 7 });
  });

  it("is restarted after a failure as often as its policy says, then destroyed", async () => {
    const { id } = await fly.create(["sh", "-c", "exit 1"], {
      restart: { policy: "on-failure", max_retries: 2 },
    });
    await fly.wait(id, "destroyed");
    const { events } = await fly.get(id);
    const exits = (events ?? [])
      .filter((event) => event.type === "exit")
      .map((event) => event.request?.exit_event?.restarting);
    expect(exits).toEqual([false, true, true]);
    expect(eventLines(events).filter((line) => line === "restart/starting/flyd")).toHaveLength(2);
  });

  it("is restarted as often again when five minutes have passed since", async () => {
    const clock = new HandClock(1_700_000_000_000);
    const turned = await serve({ isolation, clock });
    const { id } = await turned.create(["sh", "-c", 'echo $$ >"$HOME/main"; exec sleep 60'], {
      restart: { policy: "on-failure", max_retries: 1 },
      auto_destroy: false,
    });
    const crash = async () => {
      await turned.wait(id, "started");
      const before = (await turned.get(id)).events?.[0]?.id;
      // No signal of the API's, which would be a stop that was asked for.
      const kill =
        'until [ -s "$HOME/main" ]; do sleep 0.01; done; read pid <"$HOME/main"; rm "$HOME/main"; kill -9 $pid';
      await turned.exec(id, ["sh", "-c", kill]);
      const query = `state=started,stopped&from_event_id=${before}`;
      const reply = await turned.call<{ state: string }>("GET", `${machines}/${id}/wait?${query}`);
      return reply.body.state;
    };
    expect(await crash()).toBe("started");
    clock.advance(5 * 60_000);
    expect(await crash()).toBe("started");
    clock.advance(5 * 60_000 - 1);
    expect(await crash()).toBe("stopped");
    await turned.call("DELETE", `${machines}/${id}`);
  });

  it("with policy always is restarted after success too, until it is stopped", async () => {
    const { id } = await fly.create(["sh", "-c", "sleep 0.02"], {
      restart: { policy: "always" },
      auto_destroy: false,
    });
    let restarts = 0;
    let last = "";
    while (restarts < 2) {
      const reply = await fly.call<{ event_id: string }>(
        "GET",
        `${machines}/${id}/wait?from_event_id=${last}`,
      );
      last = reply.body.event_id;
      restarts = eventLines((await fly.get(id)).events).filter(
        (line) => line === "restart/starting/flyd",
      ).length;
    }
    await fly.call("POST", `${machines}/${id}/stop`);
    expect((await fly.wait(id, "stopped")).status).toBe(200);
    await fly.call("DELETE", `${machines}/${id}`);
  });

  it("leaves no process behind, not even one in a session of its own", async () => {
    const script = 'setsid sleep 61 & sleep 62 & touch "$HOME/ready"; exec sleep 63';
    const { id } = await fly.create(["sh", "-c", script]);
    await fly.wait(id, "started");
    await fly.exec(id, [
      "sh",
      "-c",
      'until [ -e "$HOME/ready" ]; do sleep 0.01; done; setsid sleep 64 >/dev/null 2>&1 &',
    ]);
    // The last one is started in the background.
    await expect.poll(() => processesOf(id).length).toBeGreaterThanOrEqual(4);
    const refused = await fly.call("DELETE", `${machines}/${id}`);
    expect(refused.status).toBe(412);
    expect(refused.body.error).toBe(
      "failed_precondition: unable to destroy machine, not currently stopped, suspended, failed or created",
    );
    expect((await fly.call("DELETE", `${machines}/${id}?kill=true`)).body).toEqual({ ok: true });
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    expect(processesOf(id)).toEqual([]);
    const machine = await fly.get(id);
    expect(exitEvent(machine)).toMatchObject({ exit_code: 137, requested_stop: true });
    expect(eventLines(machine.events).slice(0, 3)).toEqual([
      "destroy/destroyed/user",
      "exit/stopped/flyd",
      "destroy/destroying/user",
    ]);
  });

  it("sees exactly its own environment, in its main process and in an exec", async () => {
    const { id, instance_id, private_ip } = await fly.create(
      ["sh", "-c", 'env >"$HOME/env"; exec sleep 60'],
      {
        env: { GREETING: "a b\n'c'", "odd.name": "x" },
        guest: { cpu_kind: "shared", cpus: 2, memory_mb: 1024 },
      },
    );
    await fly.wait(id, "started");
    const expected: Record<string, string | undefined> = {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      GREETING: "a b\n'c'",
      "odd.name": "x",
      FLY_APP_NAME: "test",
      FLY_MACHINE_ID: id,
      FLY_ALLOC_ID: id,
      FLY_REGION: "local",
      FLY_IMAGE_REF: "registry-1.docker.io/library/alpine:latest",
      FLY_MACHINE_VERSION: instance_id,
      FLY_PRIVATE_IP: private_ip as string,
      FLY_PROCESS_GROUP: "",
      FLY_VM_MEMORY_MB: "1024",
      PRIMARY_REGION: "local",
    };
    const reply = await fly.exec(id, ["env", "-0"]);
    const seen = Object.fromEntries(
      (reply.body.stdout ?? "")
        .split("\0")
        .filter(Boolean)
        .map((line) => line.split(/=(.*)/s)),
    );
    const { HOME, TMPDIR, ...rest } = seen;
    expect(rest).toEqual(expected);
    expect(HOME).toContain(isolation === "process" ? id : "/root");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("says its level in a field and every answer says it in a header", async () => {
    const reply = await fly.call<WireMachine>("POST", machines, {
      config: { image: "alpine", init: { exec: ["true"] }, restart: { policy: "no" }, auto_destroy: true },
    });
    expect(reply.body.isolation).toBe(isolation);
    expect(reply.headers.get("mayfly-isolation")).toBe(isolation);
    expect(reply.headers.get("fly-request-id")).toMatch(/^[0-9A-Z]{26}-local$/);
  });
});
