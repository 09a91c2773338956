import { describe, expect, it } from "vitest";
import type { WireConfig, WireMachine } from "../../../src/fly/wire.ts";
import { everyLevel } from "../processes/containers.ts";
import { eventLines, exitEvent, LIVES, machines, processesOf, serve } from "../support.ts";

type Reply = WireMachine & { error: string };

describe.each(everyLevel)("an update at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  const config = (argv: string[], more: object = {}) => ({
    image: "alpine",
    init: { exec: argv },
    restart: { policy: "no" },
    ...more,
  });
  const make = async (argv: string[], more: object = {}) => {
    const machine = await fly.create(argv, { auto_destroy: false, ...more });
    await fly.wait(machine.id, "started");
    return machine;
  };
  const update = (id: string, body: object) => fly.call<Reply>("POST", `${machines}/${id}`, body);
  const waitVersion = (id: string, query: string) =>
    fly.call<{ error: string; state: string }>("GET", `${machines}/${id}/wait?${query}`);
  const destroy = (id: string) => fly.call("DELETE", `${machines}/${id}?force=true`);

  it("puts a new version in the place of a machine that runs", async () => {
    const old = await make(LIVES, { env: { WHICH: "old" } });
    const [oldProcess] = processesOf(old.id);
    const reply = await update(old.id, { config: config(LIVES, { env: { WHICH: "new" } }) });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ id: old.id, name: old.name, state: "replacing" });
    const version = reply.body.instance_id;
    expect(version).not.toBe(old.instance_id);
    expect((await waitVersion(old.id, `state=started&version=${version}`)).body.state).toBe("started");
    const env = (await fly.exec(old.id, ["sh", "-c", "echo $WHICH $FLY_MACHINE_VERSION"])).body.stdout;
    expect(env).toBe(`new ${version}\n`);
    expect(processesOf(old.id)).not.toContain(oldProcess);
    // The events are those of the new version alone.
    expect(eventLines((await fly.get(old.id)).events)).toEqual([
      "start/started/flyd",
      "start/starting/flyd",
      "launch/created/user",
    ]);
    await destroy(old.id);
  });

  it("that meets a process which does not mind kills it after its kill timeout, and that is no requested stop", async () => {
    const stubborn = ["sh", "-c", 'trap "" INT TERM; touch "$HOME/ready"; while :; do sleep 0.05; done'];
    const { id } = await make(stubborn, { stop_config: { timeout: "300ms" } });
    await fly.exec(id, ["sh", "-c", 'until [ -e "$HOME/ready" ]; do sleep 0.01; done']);
    const reply = await update(id, { config: config(LIVES), skip_launch: true });
    expect(reply.body.state).toBe("replacing");
    expect(await fly.call("POST", `${machines}/${id}/start`)).toMatchObject({
      status: 412,
      body: { error: "failed_precondition: machine getting replaced, refusing to start" },
    });
    expect((await update(id, { config: config(LIVES) })).body.error).toMatch(
      /^aborted: machine update failed due to concurrent update/,
    );
    await fly.wait(id, "stopped");
    expect(exitEvent(await fly.get(id))).toMatchObject({ exit_code: 137, requested_stop: false });
    await destroy(id);
  });

  it("leaves a stopped machine stopped, and one that skips its launch too", async () => {
    const { id } = await fly.create(["true"], { auto_destroy: false });
    await fly.wait(id, "stopped");
    const first = await update(id, { config: config(["sh", "-c", "exit 6"]) });
    const second = `version=${first.body.instance_id}`;
    expect((await waitVersion(id, `state=stopped&${second}`)).status).toBe(200);
    expect(eventLines((await fly.get(id)).events).slice(0, 3)).toEqual([
      "update/replaced/user",
      "update/replacing/user",
      "exit/stopped/flyd",
    ]);
    // Nobody is going to start it, so waiting for that is refused.
    expect((await fly.wait(id, "started")).status).toBe(400);
    await fly.call("POST", `${machines}/${id}/start`);
    await fly.wait(id, "stopped");
    expect(exitEvent(await fly.get(id))).toMatchObject({ exit_code: 6 });
    await destroy(id);

    const running = await make(LIVES);
    await update(running.id, { config: config(LIVES), skip_launch: true });
    expect((await fly.wait(running.id, "stopped")).status).toBe(200);
    expect(processesOf(running.id)).toEqual([]);
    await destroy(running.id);
  });

  it("is refused when it is meant for another version, and stores nothing", async () => {
    const { id, instance_id } = await make(LIVES);
    const stale = await update(id, {
      config: config(["true"]),
      current_version: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    });
    expect(stale.status).toBe(409);
    expect(stale.body.error).toMatch(/^aborted: machine update failed due to concurrent update/);
    expect((await update(id, { config: { init: {} } })).status).toBe(400);
    expect(await fly.get(id)).toMatchObject({ instance_id, state: "started" });
    expect((await update(id, { config: config(LIVES), current_version: instance_id })).status).toBe(200);
    await destroy(id);
    await fly.wait(id, "destroyed");
    expect(await update(id, { config: config(LIVES) })).toMatchObject({ status: 412 });
  });

  it("keeps every version with its config, and the old ones are replaced for whoever waits for them", async () => {
    const machine = await make(LIVES, { env: { WHICH: "1" } });
    const { id } = machine;
    const second = (await update(id, { config: config(LIVES, { env: { WHICH: "2" } }) })).body.instance_id;
    await waitVersion(id, `state=started&version=${second}`);
    const third = (await update(id, { config: config(LIVES, { env: { WHICH: "3" } }) })).body.instance_id;
    await waitVersion(id, `state=started&version=${third}`);
    type Version = { version: string; user_config: WireConfig };
    const versions = (await fly.call<Version[]>("GET", `${machines}/${id}/versions`)).body;
    expect(versions.map(({ version, user_config }) => [version, user_config.env?.WHICH])).toEqual([
      [third, "3"],
      [second, "2"],
      [machine.instance_id, "1"],
    ]);
    const late = await waitVersion(id, `state=started&timeout=1&instance_id=${machine.instance_id}`);
    expect(late).toMatchObject({
      status: 408,
      body: {
        error: "deadline_exceeded: machine failed to reach desired state, started, currently replaced",
      },
    });
    expect((await waitVersion(id, `state=settled&version=${second}`)).body.state).toBe("replaced");
    await destroy(id);
  });

  it("starts with the new version's files alone", async () => {
    const file = (name: string) => ({ guest_path: `/tmp/update-${isolation}-${name}`, raw_value: "eA==" });
    const machine = await make(LIVES, { files: [file("old")] });
    const { id } = machine;
    await fly.exec(id, ["touch", `${isolation === "sandbox" ? "/root" : "."}/left`]);
    const { instance_id } = (await update(id, { config: config(LIVES, { files: [file("new")] }) })).body;
    await waitVersion(id, `state=started&version=${instance_id}`);
    const seen = await fly.exec(id, ["sh", "-c", `cd /tmp; ls -d update-${isolation}-*; ls "$HOME"`]);
    expect(seen.body.stdout).not.toContain("left");
    expect(seen.body.stdout).toContain(`update-${isolation}-new\n`);
    expect(seen.body.stdout).not.toContain(`update-${isolation}-old`);
    await destroy(id);
    await fly.wait(id, "destroyed");
  });

  it("does not destroy a machine that would destroy itself when it stops", async () => {
    const { id } = await make(LIVES, { auto_destroy: true });
    const { instance_id } = (await update(id, { config: config(LIVES, { auto_destroy: true }) })).body;
    expect((await waitVersion(id, `state=started&version=${instance_id}`)).status).toBe(200);
    await destroy(id);
    await fly.wait(id, "destroyed");
    expect(processesOf(id)).toEqual([]);
  });

  it("under way when the machine is destroyed or stopped does not start it again", async () => {
    const [destroyed, stopped] = [await make(LIVES), await make(LIVES)];
    await update(destroyed.id, { config: config(LIVES) });
    await destroy(destroyed.id);
    expect((await fly.wait(destroyed.id, "destroyed")).status).toBe(200);
    await update(stopped.id, { config: config(LIVES) });
    await fly.call("POST", `${machines}/${stopped.id}/stop`, { signal: "SIGKILL" });
    expect((await fly.wait(stopped.id, "stopped")).status).toBe(200);
    expect([...processesOf(destroyed.id), ...processesOf(stopped.id)]).toEqual([]);
    await destroy(stopped.id);
  });
});
