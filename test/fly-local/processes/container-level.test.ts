import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  parseReadReply,
  readCommand,
  runnerCommand,
  runnerFiles,
} from "../../../src/core/runner-protocol.ts";
import { importedName, importImage } from "../../../src/fly-local/images/engine-import.ts";
import { openStoreIn } from "../../../src/fly-local/images/open-images.ts";
import { parseReference } from "../../../src/fly-local/images/reference.ts";
import { startContainer } from "../../../src/fly-local/processes/container/container.ts";
import { probeContainers } from "../../../src/fly-local/processes/container/container-probe.ts";
import { callEngine, type Engine, findEngine } from "../../../src/fly-local/processes/container/engine.ts";
import { type ContainerPlan, runArgs } from "../../../src/fly-local/processes/container/run-args.ts";
import { makeDirectory } from "../../../src/fly-local/processes/init/operations.ts";
import { startMachinesServer } from "../../../src/fly-local/server.ts";
import { busyboxLayer, image, layer } from "../images/layers.ts";
import { registry } from "../images/registry.ts";
import { api, LIVES, machines, processesOf, processesWith, serve, stateDir } from "../support.ts";
import { addTestImage, hasContainers } from "./containers.ts";

const MAIN = new URL("../../../src/fly-local/main.ts", import.meta.url).pathname;
const search = await findEngine();
const engine = (...args: string[]) =>
  execFileSync(search.kind === "found" ? search.engine.program : "", args, { encoding: "utf8" }).trim();
/** Containers of a Machine, running or not. */
const containersOf = (id: string) =>
  engine("ps", "--all", "--quiet", "--filter", `label=mayfly.machine=${id}`);

/** Wants 1000 MiB of memory. */
const EATS = [
  "sh",
  "-c",
  "mkfifo /tmp/zeros; head -c 1000m /dev/zero >/tmp/zeros & exec tail -c 1000m </tmp/zeros",
];

describe.runIf(hasContainers)("a machine that is a container", async () => {
  const fly = hasContainers ? await serve({ isolation: "container" }) : api("");
  let id = "";
  const started = async (argv: string[], config: object = {}, server = fly) => {
    ({ id } = await server.create(argv, config));
    await server.wait(id, "started");
  };
  const inside = async (script: string, server = fly) =>
    (await server.exec(id, ["sh", "-c", script])).body.stdout ?? "";

  afterEach(async () => {
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
    expect(containersOf(id)).toBe("");
    expect(processesOf(id)).toEqual([]);
  });

  it("has its size as the engine's limits", async () => {
    await started(LIVES, { guest: { cpu_kind: "shared", cpus: 2, memory_mb: 512 } });
    const { limits } = (await fly.get(id)) as unknown as { limits: object };
    expect(limits).toEqual({
      by: expect.stringMatching(/docker|podman/),
      memory_mb: 512,
      cpus: 2,
      pids: 4096,
    });
    const read = (v2: string, v1: string) =>
      inside(`cat /sys/fs/cgroup/${v2} 2>/dev/null || cat /sys/fs/cgroup/${v1}`);
    expect(await read("memory.max", "memory/memory.limit_in_bytes")).toBe(`${512 << 20}\n`);
    expect(await read("cpu.max", "cpu/cpu.cfs_quota_us")).toMatch(/^200000\b/);
    expect(await read("pids.max", "pids/pids.max")).toBe("4096\n");
  });

  it("that is killed for want of memory says so and leaves no note of it, one that is killed by hand does not", async () => {
    const before = readdirSync(".");
    ({ id } = await fly.create(EATS));
    expect(await fly.exitOf(id)).toMatchObject({ exit_code: 137, guest_signal: 9, oom_killed: true });
    expect(readdirSync(".")).toEqual(before);
    ({ id } = await fly.create(["sh", "-c", "kill -9 $$"]));
    expect(await fly.exitOf(id)).toMatchObject({ exit_code: 137, guest_signal: 9, oom_killed: false });
  });

  it("tells the runner of its own want of memory, and of nobody else's", async () => {
    const runs = async (name: string, argv: string[]) => {
      const times = { runMs: 60_000, stopMs: 1_000, lingerMs: 60_000 };
      const files = runnerFiles(name, null).map(({ path, base64, mode }) => ({
        guest_path: path,
        raw_value: base64,
        mode,
      }));
      const exec = runnerCommand({ machineName: name, command: argv, script: null, ...times });
      const machine = await fly.create(exec, { files }, { name });
      await fly.wait(machine.id, "started");
      return machine.id;
    };
    const read = async (machine: string, machineName: string, stdoutOffset = 0) => {
      const asked = { machineName, stdoutOffset, stderrOffset: 0, maxBytes: 1 << 20, waitSeconds: 20 };
      const reply = parseReadReply((await fly.exec(machine, readCommand(asked), 30)).body.stdout ?? "");
      if ("problem" in reply) throw new Error(reply.problem);
      return reply;
    };
    const script = "echo begun; until rm /tmp/go; do sleep 0.02; done 2>/dev/null; kill -KILL $$";
    id = await runs("killed", ["sh", "-c", script]);
    expect((await read(id, "killed")).stdoutSize).toBe(6);
    const other = await runs("eats", EATS);
    expect((await read(other, "eats")).end?.exit).toMatchObject({ code: 137, oomKilled: true });
    await fly.call("DELETE", `${machines}/${other}?force=true`);
    await fly.exec(id, ["touch", "/tmp/go"]);
    expect((await read(id, "killed", 6)).end?.exit).toMatchObject({ code: 137, oomKilled: false });
    await fly.wait(other, "destroyed");
  });

  it("has none of the computer's processes and files, and may not mount or make devices", async () => {
    await started(LIVES);
    const commands = await inside("cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    expect(commands).not.toContain("vitest");
    expect(commands).toContain("sleep 60");
    expect(await inside(`test -e ${import.meta.filename} || echo none`)).toBe("none\n");
    expect(await inside("cat /proc/1/environ || echo closed")).toBe("closed\n");
    expect(await inside("mount -t tmpfs none /tmp || echo refused")).toBe("refused\n");
    expect(await inside("mknod /tmp/d b 8 0 || echo refused")).toBe("refused\n");
  });

  it("is as its image at each start", async () => {
    ({ id } = await fly.create(["sh", "-c", "test ! -e /left && touch /left"], { auto_destroy: false }));
    for (const _ of [1, 2]) {
      await fly.wait(id, "stopped");
      const [newest] = (await fly.get(id)).events ?? [];
      expect(newest?.request?.exit_event).toMatchObject({ guest_exit_code: 0, guest_signal: -1 });
      await fly.call("POST", `${machines}/${id}/start`);
    }
    await fly.wait(id, "stopped");
  });

  it("gets files[] before its main process starts", async () => {
    const files = [
      { guest_path: "/srv/deep/file", raw_value: Buffer.from("text\n").toString("base64"), mode: 0o640 },
      { guest_path: "/root/large", raw_value: Buffer.alloc(3 << 20, "x").toString("base64") },
    ];
    await started(["sh", "-c", "stat -c %a:%s /srv/deep/file /root/large >/tmp/seen; exec sleep 60"], {
      files,
    });
    expect(await inside("until test -s /tmp/seen; do sleep 0.01; done; cat /tmp/seen")).toBe(
      "640:5\n644:3145728\n",
    );
  });

  it("is reached by its name, which is its id", async () => {
    await started(LIVES);
    expect(await inside("hostname; grep -c $(hostname) /etc/hosts")).toBe(`${id}\n1\n`);
  });

  it("can be without a network, where it or the server says so, and has the computer's else", async () => {
    const LOOK = 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " " | sort | tr "\\n" " "';
    await started(LIVES);
    expect(await inside(LOOK)).not.toBe("lo ");
    const asks = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 ${new URL(fly.url).port} | head -n 1`;
    expect(await inside(asks)).toMatch(/^HTTP\/1.1 \d+/);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
    await started(LIVES, { metadata: { mayfly_network: "none" } });
    expect(await inside(LOOK)).toBe("lo ");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
    const none = await serve({ isolation: "container", network: "none" });
    await started(LIVES, {}, none);
    expect(await inside(LOOK, none)).toBe("lo ");
    await none.call("DELETE", `${machines}/${id}?force=true`);
    await none.wait(id, "destroyed");
  });

  it("that somebody paused by hand is destroyed all the same", async () => {
    await started(LIVES);
    engine("pause", containersOf(id));
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
  });

  it("whose engine's command line is killed is over, and nothing of it runs on", async () => {
    await started(LIVES);
    const [client] = processesWith("cmdline", `--hostname\0${id}\0`).filter((pid) => !isMonitor(pid));
    process.kill(client ?? 0, "SIGKILL");
    expect(await fly.exitOf(id)).toMatchObject({ guest_signal: 9 });
    await expect.poll(() => containersOf(id)).toBe("");
  });

  it("refuses a volume at a path that engines can not be told of", async () => {
    const volume = (await fly.call<{ id: string }>("POST", "/v1/apps/test/volumes", { name: "data" })).body;
    const mounts = [{ volume: volume.id, path: "/da:ta" }];
    await expect(fly.create(LIVES, { mounts })).rejects.toThrow(
      'create answered 400: config.mounts: path "/da:ta" has a colon, which container engines take for the end of a path',
    );
  });

  /** podman's monitor of a container has the arguments that the container was made with, too. */
  function isMonitor(pid: number): boolean {
    return processesWith("cmdline", "conmon").includes(pid);
  }
});

describe.runIf(hasContainers)("an image that the engine pulls", async () => {
  const server = await registry();
  const said: string[] = [];
  const imageSources = { say: (line: string) => said.push(line) };
  const fly = hasContainers ? await serve({ isolation: "container", imageSources }) : api("");
  const ref = `${server.host}/tools/pulled:1`;
  const files = await layer([
    {
      name: "bin/say",
      mode: 0o755,
      text: '#!/bin/sh\necho "$0 $* $A $HOME $(id -u):$(id -g) $(pwd)" >/tmp/out; exec sleep 60\n',
    },
  ]);
  const config = {
    Entrypoint: ["/bin/say"],
    Cmd: ["hello"],
    Env: ["A=image"],
    User: "app",
    WorkingDir: "/srv/work",
  };
  const built = image([await busyboxLayer(), files], config);
  afterAll(() => {
    if (hasContainers) engine("image", "rm", ref);
  });

  it("is told of as it comes, and run with its command, environment, user and directory", async () => {
    server.push("tools/pulled", "1", built);
    const { id } = await fly.create([], { image: ref, init: {} });
    await fly.wait(id, "started");
    const { body } = await fly.exec(id, [
      "sh",
      "-c",
      "until test -s /tmp/out; do sleep 0.01; done; cat /tmp/out; id -u",
    ]);
    expect(body.stdout).toBe("/bin/say hello image /home/app 1234:2345 /srv/work\n0\n");
    expect((await fly.get(id)).image_ref).toMatchObject({ digest: built.digest });
    expect(said.at(0)).toContain(`pulling ${ref} by `);
    expect(said.at(-1)).toMatch(new RegExp(`^pulled ${ref} in [\\d.]+ s$`));
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
  });

  it("is refused at once where the registry has none of this name, and nothing is made", async () => {
    const none = `${server.host}/tools/none:1`;
    await expect(fly.create(LIVES, { image: none })).rejects.toThrow(
      `create answered 400: invalid_argument: failed to get manifest ${none}: `,
    );
    expect((await fly.call("GET", machines)).body).toEqual([]);
  });
});

describe.runIf(hasContainers)("a server with containers", () => {
  it("that is killed leaves one that was paused by hand to the next, which removes it", async () => {
    const state = stateDir();
    await addTestImage(state);
    const flags = ["--any-token", "--port", "0", "--state", state, "--isolation", "container"];
    const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")).map(String);
    const first = api(/http:\/\/\S+/.exec(line ?? "")?.[0] ?? "");
    const { id } = await first.create(LIVES);
    await first.wait(id, "started");
    engine("pause", containersOf(id));
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(containersOf(id)).not.toBe("");
    const second = await serve({ isolation: "container", stateDir: state });
    expect(containersOf(id)).toBe("");
    expect((await second.get(id)).state).toBe("destroyed");
    expect(processesOf(id)).toEqual([]);
  });

  it("leaves an engine no image that was removed from its store", async () => {
    const state = stateDir();
    const options = { port: 0, isolation: "container", stateDir: state } as const;
    await addTestImage(state, "mine:1", [{ name: "mine", text: state }]);
    const store = openStoreIn(state);
    const name = importedName(store.find(parseReference("mine:1"))?.id ?? "");
    const server = await startMachinesServer(options);
    const fly = api(server.url);
    const { id } = await fly.create(["test", "-s", "/mine"], { image: "mine:1" });
    expect(await fly.exitOf(id)).toMatchObject({ guest_exit_code: 0, guest_signal: -1 });
    await server.close();
    expect(engine("images", "--quiet", name)).not.toBe("");
    await store.remove(parseReference("mine:1"));
    await (await startMachinesServer(options)).close();
    expect(engine("images", "--quiet", name)).toBe("");
  });
});

describe.runIf(hasContainers)("level container where not everything is possible", () => {
  it("tells of no limits that the engine has passed over", async () => {
    const state = stateDir();
    const program = engineThat(
      state,
      'for each; do shift; case $each in --memory*|--cpus*) ;; *) set -- "$@" "$each" ;; esac; done',
    );
    const probe = await probeContainers(join(state, "probe"), true, [program]);
    expect(probe).toMatchObject({
      kind: "able",
      plan: { kinds: ["pids"], lack: `${program} has set pids of the limits on memory, cpus, pids` },
    });
  });

  it("is what real images get by themselves where there can be no sandboxes", async () => {
    // An init for this processor is what sandboxes need; containers need one for the engine's.
    const other = 'data:text/javascript,Object.defineProperty(process, "arch", { value: "riscv64" })';
    const flags = ["--import", other, MAIN, "--port", "0", "--state", stateDir()];
    const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout, "data")).map(String);
    child.kill();
    await once(child, "exit");
    expect(line).toMatch(/\(container: .*; no sandboxes here: there is no init for riscv64 processors\)/);
  });
});

/** The engine, but for what this does to its arguments. */
function engineThat(directory: string, changes: string): string {
  const program = join(directory, "engine");
  const real = search.kind === "found" ? search.engine.program : "";
  writeFileSync(program, `#!/bin/sh\n${changes}\nexec ${real} "$@"\n`, { mode: 0o755 });
  return program;
}

describe("level container where it is not possible", () => {
  const options = { port: 0, isolation: "container" } as const;

  it.runIf(hasContainers)("says what the engine said that makes no container", async () => {
    const state = stateDir();
    const program = engineThat(state, '[ "$1" = run ] && shift && set -- run --device=/no/such/device "$@"');
    const start = startMachinesServer({ ...options, stateDir: state, engine: program });
    await expect(start).rejects.toThrow(
      new RegExp(`^this computer cannot make containers: ${program} started no container: .*/no/such/device`),
    );
    expect(engine("ps", "--all", "--format", "{{.Names}}")).not.toContain(`mayfly-${process.pid}-`);
  });

  it("ends the start with what was tried and what is accepted, and nothing listens", async () => {
    const taken = await freePort();
    const start = startMachinesServer({
      ...options,
      port: taken,
      stateDir: stateDir(),
      engine: "/no/such/engine",
    });
    await expect(start).rejects.toThrow(
      "this computer cannot make containers: /no/such/engine is not installed; a docker or podman that works is needed, which --engine can name",
    );
    const socket = connect(taken, "127.0.0.1");
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });

  it("names each engine that was tried", async () => {
    expect(await findEngine(["/no/docker", "/no/podman"])).toEqual({
      kind: "none",
      reason: "/no/docker is not installed; /no/podman is not installed",
    });
  });

  it("is refused together with this computer's own files", async () => {
    const start = startMachinesServer({ ...options, stateDir: stateDir(), images: "host" });
    await expect(start).rejects.toThrow('machines at isolation level "container" have images');
  });

  it("is refused in a state whose path engines can not be told of", async () => {
    const probe = await probeContainers("/var/a:b", true);
    expect(probe).toEqual({
      kind: "unable",
      reason: '"/var/a:b" has a colon, which container engines take for the end of a path',
    });
  });
});

describe.skipIf(process.platform !== "linux")("an engine that hangs", () => {
  /** As long as nobody else's. */
  const NAP = "71239";
  const hanging = (how = ""): Engine => {
    const program = join(stateDir(), "engine");
    writeFileSync(program, `#!/bin/sh\n[ "$1" = rm ] || { ${how}sleep ${NAP}; true; }\n`, { mode: 0o755 });
    return { program, kind: "docker", version: "1", arch: process.arch };
  };
  const plan: ContainerPlan = {
    ...{
      name: "mayfly-hangs",
      labels: {},
      image: "x",
      init: "/bin/true",
      hostname: "x",
      network: "none" as const,
    },
    ...{ mounts: [], kinds: [], amounts: { memoryBytes: 1 << 28, cpus: 1, pids: 100 } },
  };

  it("with a container is given up in time, and nothing of it runs on", async () => {
    await expect(startContainer(hanging(), plan, [makeDirectory("/tmp")], 200)).rejects.toThrow(
      /engine started no container: there was none after 0.2 s$/,
    );
    await expect.poll(() => processesWith("cmdline", NAP)).toEqual([]);
  });

  it("with an image is given up in time", async () => {
    const name = "localhost/mayfly-hangs:1";
    await expect(importImage(hanging("exec "), stateDir(), name, {}, 200)).rejects.toThrow(
      /engine did not take the image: it did not answer$/,
    );
  });

  it("with an answer is given up in time", async () => {
    await expect(callEngine(hanging(), ["ps"], 200)).rejects.toThrow("it did not answer");
    for (const pid of processesWith("cmdline", NAP)) process.kill(pid);
  });
});

describe("an engine's command line", () => {
  const plan = {
    name: "mayfly-1-2-3",
    labels: { "mayfly.machine": "m" },
    image: "sha256:1",
    init: "/state/mayfly-init",
    hostname: "m",
    network: "none",
    mounts: [{ source: "/state/volumes/v", path: "/data" }],
    amounts: { memoryBytes: 1 << 28, cpus: 2, pids: 2048 },
  } as const;

  it("holds the container to what can be held to, without swap", () => {
    const limits = (kinds: readonly ("memory" | "cpus" | "pids")[]) =>
      runArgs({ ...plan, kinds }).filter((arg) => /^--(memory|cpus|pids)/.test(arg));
    expect(limits(["memory", "cpus", "pids"])).toEqual([
      "--memory=268435456b",
      "--memory-swap=268435456b",
      "--cpus=2",
      "--pids-limit=2048",
    ]);
    expect(limits(["memory", "pids"])).toEqual([
      "--memory=268435456b",
      "--memory-swap=268435456b",
      "--pids-limit=2048",
    ]);
    expect(limits([])).toEqual([]);
  });

  it("ends with the image, which nothing of a Machine's can be taken for an option behind", () => {
    const args = runArgs({ ...plan, kinds: [] });
    expect(args.slice(-2)).toEqual(["sha256:1", "streams"]);
    expect(args.slice(0, 3)).toEqual(["run", "--interactive", "--rm"]);
    for (const [name, value] of [
      ["--name", "mayfly-1-2-3"],
      ["--label", "mayfly.machine=m"],
      ["--network", "none"],
      ["--volume", "/state/mayfly-init:/dev/mayfly-init:ro,z"],
    ] as const)
      expect(args[args.indexOf(name) + 1]).toBe(value);
    expect(args).toContain("/state/volumes/v:/data:rw,z");
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
