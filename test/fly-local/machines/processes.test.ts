import { describe, expect, it } from "vitest";
import { everyLevel } from "../processes/containers.ts";
import { exitEvent, LIVES, machines, processesOf, serve } from "../support.ts";

const shell = (script: string) => ({ exec: ["sh", "-c", script] });
const ASLEEP = { exec: LIVES };

describe.each(everyLevel)("a machine of several processes at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  const make = async (processes: unknown[], config: object = {}, more: object = {}) => {
    const { id } = await fly.create([], { auto_destroy: false, processes, init: {}, ...config }, more);
    await fly.wait(id, "started");
    return id;
  };
  const ended = async (id: string) => {
    await fly.wait(id, "stopped");
    return exitEvent(await fly.get(id));
  };
  const logged = async (id: string) => {
    const { body } = await fly.call<{ data: { attributes: { message: string } }[] }>(
      "GET",
      `/api/v1/apps/test/logs?instance=${id}`,
    );
    return body.data.map(({ attributes }) => attributes.message);
  };
  const destroy = (id: string) => fly.call("DELETE", `${machines}/${id}?force=true`);

  it("runs each with its command and variables, and shows them as they were given", async () => {
    const processes = [
      { ...shell('echo "one $WHICH $SHARED"; exec sleep 60'), env: { WHICH: "a" } },
      { entrypoint: ["sh", "-c"], cmd: ['echo "two $WHICH $SHARED"; exec sleep 60'], env: { SHARED: "own" } },
    ];
    const id = await make(processes, { env: { SHARED: "machine", WHICH: "none" } });
    await expect.poll(() => logged(id)).toHaveLength(2);
    expect((await logged(id)).sort()).toEqual(["one a machine", "two none own"]);
    const ps = await fly.call<{ command: string }[]>("GET", `${machines}/${id}/ps`);
    expect(ps.body.filter(({ command }) => command === "sleep 60")).toHaveLength(2);
    expect((await fly.get(id)).config).toMatchObject({ processes });
    await destroy(id);
  });

  it("ends when one of them ends well, and then none is left", async () => {
    const good = shell('until [ -e "$HOME/go" ]; do sleep 0.01; done');
    const id = await make([ASLEEP, good, ASLEEP], { restart: { policy: "on-failure" } });
    await fly.exec(id, ["sh", "-c", 'touch "$HOME/go"']);
    expect(await ended(id)).toMatchObject({ guest_exit_code: 0, guest_signal: -1, requested_stop: false });
    await expect.poll(() => processesOf(id)).toEqual([]);
  });

  it("goes on without one that fails, and ends as the last of them does", async () => {
    const last = 'until [ -e "$HOME/go" ]; do sleep 0.01; done; exit 5';
    const id = await make([shell("exit 3"), shell("kill -TERM $$"), shell(last)]);
    await expect.poll(() => processesOf(id).length).toBeLessThanOrEqual(2);
    expect((await fly.get(id)).state).toBe("started");
    await fly.exec(id, ["sh", "-c", 'touch "$HOME/go"']);
    expect(await ended(id)).toMatchObject({ exit_code: 5, requested_stop: false });
    expect((await logged(id)).at(-1)).toBe(" INFO Main child exited normally with code: 5");
  });

  it("is stopped by a signal to each, and all have the time to end well", async () => {
    const slow = (name: string, s: number) =>
      shell(`trap 'sleep ${s}; echo ${name} is done; exit 0' INT; echo ready; while :; do sleep 0.02; done`);
    const id = await make([slow("one", 0.01), slow("two", 0.3)]);
    await expect.poll(() => logged(id)).toEqual(["ready", "ready"]);
    await fly.call("POST", `${machines}/${id}/stop`);
    expect(await ended(id)).toMatchObject({ guest_exit_code: 0, requested_stop: true });
    expect(await logged(id)).toEqual(expect.arrayContaining(["one is done", "two is done"]));
  });

  it("whose processes do not mind is killed when its time to stop is over", async () => {
    const stubborn = shell("trap '' INT; echo ready; while :; do sleep 0.02; done");
    const id = await make([stubborn, ASLEEP]);
    await expect.poll(() => logged(id)).toEqual(["ready"]);
    await fly.call("POST", `${machines}/${id}/stop`, { timeout: "200ms" });
    expect(await ended(id)).toMatchObject({ exit_code: 137, requested_stop: true });
  });

  it("keeps the lines of each whole in its log", async () => {
    const half = (name: string) =>
      shell(
        `printf '${name} '; until [ -e "$HOME/${name}" ]; do sleep 0.01; done; echo whole; exec sleep 60`,
      );
    const id = await make([half("one"), half("two")]);
    await fly.exec(id, ["sh", "-c", 'touch "$HOME/two"']);
    await expect.poll(() => logged(id)).toEqual(["two whole"]);
    await fly.exec(id, ["sh", "-c", 'touch "$HOME/one"']);
    await expect.poll(() => logged(id)).toEqual(["two whole", "one whole"]);
    await destroy(id);
  });

  it("gives each the app's secrets unless told otherwise, those it names, and fields of the machine", async () => {
    const values = { SHARED_SECRET: "s3cret", OTHER: "0ther" };
    await fly.call("POST", "/v1/apps/test/secrets", { values });
    const tell = 'echo "$0 $SHARED_SECRET $OTHER $MINE $WHERE $WHICH"; exec sleep 60';
    const id = await make(
      [
        { exec: ["sh", "-c", tell, "all"] },
        {
          exec: ["sh", "-c", tell, "some"],
          ignore_app_secrets: true,
          secrets: [{ env_var: "MINE", name: "OTHER" }, { env_var: "SHARED_SECRET" }, { env_var: "NONE" }],
          env: { MINE: "replaced" },
          env_from: [
            { env_var: "WHERE", field_ref: "region" },
            { env_var: "WHICH", field_ref: "id" },
          ],
        },
      ],
      {},
      { region: "fra" },
    );
    await expect.poll(() => logged(id)).toHaveLength(2);
    expect((await logged(id)).sort()).toEqual(["all s3cret 0ther   ", `some s3cret  0ther fra ${id}`]);
    await fly.call("POST", "/v1/apps/test/secrets", { values: { SHARED_SECRET: null, OTHER: null } });
    await destroy(id);
  });

  it("is killed with all that its processes started", async () => {
    const id = await make([shell("sleep 61 & exec sleep 60"), shell("sleep 62 & exec sleep 60")]);
    await expect.poll(() => processesOf(id).length).toBeGreaterThanOrEqual(4);
    await destroy(id);
    await fly.wait(id, "destroyed");
    await expect.poll(() => processesOf(id)).toEqual([]);
  });

  const isRootsSandbox = isolation === "sandbox" && process.getuid?.() === 0;
  if (isRootsSandbox)
    it("runs each as the user that it names", async () => {
      const tell = 'echo "$(id -u) $HOME"; exec sleep 60';
      const id = await make([
        shell(tell),
        { ...shell(tell), user: "daemon" },
        { ...shell(tell), user: "1234" },
      ]);
      await expect.poll(() => logged(id)).toHaveLength(3);
      expect((await logged(id)).sort()).toEqual(["0 /root", "1 /usr/sbin", "1234 /"]);
      await destroy(id);
    });

  if (isolation === "process")
    it("is refused users, since it has that of the server", async () => {
      await expect(make([{ exec: LIVES, user: "daemon" }])).rejects.toThrow(
        'create answered 400: config.processes: user is refused: at isolation level "process"',
      );
    });

  it.each([
    ["one", "config.processes: "],
    [[LIVES], "config.processes.0: "],
    [[{ exec: "sleep 60" }], "config.processes.0.exec: "],
    [[ASLEEP, { cmd: ["a\0b"] }], "config.processes.1.cmd.0: a NUL cannot be in a command's arguments"],
    [[{ exec: LIVES, env: { "A=B": "c" } }], "config.processes.0.env.A=B: "],
    [[{ exec: LIVES, env: { A: "\0" } }], "config.processes.0.env.A: a NUL cannot be in a variable"],
    [[{ exec: LIVES, env_from: [{ env_var: "A", field_ref: "host" }] }], "env_from.0.field_ref: "],
    [[{ exec: LIVES, secrets: ["A"] }], "config.processes.0.secrets.0: "],
    [Array.from({ length: 33 }, () => ASLEEP), "config.processes: "],
  ])("is refused where a process can not be as it says: %j", async (processes, words) => {
    const config = { image: "alpine", processes };
    const reply = await fly.call("POST", machines, { config });
    expect(reply.status).toBe(400);
    expect(reply.body.error).toContain(words);
  });

  // In a container the image may name one, which shows when it is at hand.
  if (isolation !== "container")
    it("is refused where a process names no command", () =>
      expect(make([ASLEEP, {}])).rejects.toThrow("create answered 400: no command: "));
});
