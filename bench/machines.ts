/**
 * What the local Machines API adds to a process: `echo hi` at each level of isolation beside spawning it directly, in turns,
 * so that whatever else the computer does is in both; then many machines at once. Times are those of a client over HTTP.
 * The floor is what a Node program pays for a process; a machine can come below it, as its init is smaller and forks faster.
 * Memory is that of the whole computer, so nobody else should start or end much meanwhile.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type Ear, listen } from "./ear.ts";
import { ms, now, percentile, report, timed } from "./figures.ts";
import { type Floor, startFloor } from "./floor.ts";
import { IMAGE, type MachinesServer, startMachines } from "./machines-server.ts";

const WARM_UP = 10;
const SAMPLES = 60;
/** So that each machine finds a spare sandbox, as it does where machines are not asked for one after the other. */
const PAUSE_MS = 60;
const CREATES_AT_ONCE = 8;
/** They end together, when the last has been made long since. */
const MANY_LIVE_S = 600;
const MIB = 1024 * 1024;

/** Levels in turn, with what speaks there and how many machines there are at once: a container takes tenths of a second. */
const LEVELS = [
  { isolation: "sandbox", speaker: "bash", many: 500 },
  { isolation: "process", speaker: "bash", many: 500 },
  { isolation: "container", speaker: "busybox", many: 20 },
] as const;

export async function machines(): Promise<void> {
  const direct = startFloor();
  try {
    for (const { isolation, speaker, many } of LEVELS) {
      const server = await startMachines(isolation).catch((error: Error) => {
        console.log(`\nmachines at level ${isolation}: not here (${error.message})`);
        return null;
      });
      if (server === null) continue;
      const ear = await listen(speaker);
      try {
        console.log(`\nmachines at level ${server.level}`);
        await oneAtATime(server, direct, ear);
        await execs(server, direct);
        await manyAtOnce(server, many);
      } finally {
        ear.close();
        await server.close();
      }
    }
  } finally {
    direct.close();
  }
}

async function oneAtATime(server: MachinesServer, direct: Floor, ear: Ear): Promise<void> {
  const lives: Awaited<ReturnType<typeof lifeOf>>[] = [];
  const stopped: number[] = [];
  const floor: { output: number[]; end: number[] } = { output: [], end: [] };
  for (let i = 0; i < WARM_UP; i++) await lifeOf(server, ear);
  let cpuMs = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const spawned = await spawnedDirectly(direct, ear);
    floor.output.push(spawned.output);
    floor.end.push(spawned.end);
    const before = server.cpuMs();
    lives.push(await lifeOf(server, ear));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    cpuMs += server.cpuMs() - before;
    stopped.push(await stoppedAfterEnd(server, ear));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const of = (name: keyof (typeof lives)[number]) => lives.map((life) => life[name]);
  report("floor: spawned, to first output", figures(floor.output, null));
  report("create to first output", figures(of("output"), floor.output));
  report("floor: spawned, to its end", figures(floor.end, null));
  report("create to destroyed", figures(of("destroyed"), floor.end));
  report("wait for stopped, after the end", figures(stopped, null));
  report("wait for destroyed, after the end", figures(of("afterEnd"), null));
  report("CPU time of a machine, all of it", {
    mean: ms(cpuMs / SAMPLES),
    "× floor": (cpuMs / SAMPLES / percentile(floor.end, 0.5)).toFixed(1),
  });
}

async function spawnedDirectly(direct: Floor, ear: Ear): Promise<{ output: number; end: number }> {
  const heard = ear.next();
  const { from, end } = await direct.spawn(ear.command);
  return { output: (await heard.output) - from, end: end - from };
}

/** Of a machine that destroys itself; milliseconds. */
async function lifeOf(server: MachinesServer, ear: Ear) {
  const heard = ear.next();
  const from = now();
  const id = await create(server, ear.command, true);
  await waitFor(server, id, "destroyed");
  const destroyed = now();
  const [output, end] = await Promise.all([heard.output, heard.end]);
  return { output: output - from, destroyed: destroyed - from, afterEnd: destroyed - end };
}

/** Milliseconds from the end of a machine's process to the answer of who waits for that. */
async function stoppedAfterEnd(server: MachinesServer, ear: Ear): Promise<number> {
  const heard = ear.next();
  const id = await create(server, ear.command, false);
  await waitFor(server, id, "stopped");
  const tookMs = now() - (await heard.end);
  await server.call("DELETE", `${PATH}/${id}`);
  return tookMs;
}

async function execs(server: MachinesServer, direct: Floor): Promise<void> {
  const id = await create(server, ["sleep", String(MANY_LIVE_S)], true);
  await waitFor(server, id, "started");
  const [floor, samples]: [number[], number[]] = [[], []];
  for (let i = 0; i < WARM_UP + SAMPLES; i++) {
    const spawned = await direct.spawnEcho();
    const took = await timed(() => server.call("POST", `${PATH}/${id}/exec`, { command: ["echo", "hi"] }));
    if (i < WARM_UP) continue;
    floor.push(spawned);
    samples.push(took);
  }
  report("floor: echo hi spawned", figures(floor, null));
  report("exec of echo hi, round trip", figures(samples, floor));
  await server.call("DELETE", `${PATH}/${id}?force=true`);
  await waitFor(server, id, "destroyed");
}

async function manyAtOnce(server: MachinesServer, many: number): Promise<void> {
  const alone = await memoryOfSleeps(many);
  const before = memoryInUse();
  const ids: string[] = [];
  let left = many;
  const worker = async () => {
    while (left-- > 0) {
      const id = await create(server, ["sleep", String(MANY_LIVE_S)], false);
      await waitFor(server, id, "started");
      ids.push(id);
    }
  };
  const tookMs = await timed(() => Promise.all(Array.from({ length: CREATES_AT_ONCE }, worker)));
  const each = (memoryInUse() - before) / many;
  const from = performance.now();
  const destroyed = await Promise.all(
    ids.map(async (id) => {
      await server.call("DELETE", `${PATH}/${id}?force=true`);
      await waitFor(server, id, "destroyed");
      return performance.now() - from;
    }),
  );
  report(`${many} machines at once`, {
    "each made in": ms(tookMs / many),
    "MiB each": (each / MIB).toFixed(2),
    "MiB beyond its process": ((each - alone) / MIB).toFixed(2),
    "all ended within": ms(Math.max(...destroyed)),
    lost: many - destroyed.length,
  });
}

/** Bytes that a process takes that is spawned directly, the mean of many. */
async function memoryOfSleeps(many: number): Promise<number> {
  const before = memoryInUse();
  const children = Array.from({ length: many }, () =>
    spawn("sleep", [String(MANY_LIVE_S)], { stdio: "ignore" }),
  );
  await Promise.all(children.map((child) => once(child, "spawn")));
  const each = (memoryInUse() - before) / many;
  await Promise.all(
    children.map((child) => {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      return exit;
    }),
  );
  return each;
}

/** Bytes of the computer's memory that processes and the kernel hold, and which are no copies of files. */
function memoryInUse(): number {
  const text = readFileSync("/proc/meminfo", "latin1");
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
  const kinds = ["AnonPages", "Shmem", "SUnreclaim", "KernelStack", "PageTables", "Percpu"];
  return kinds.reduce((sum, name) => sum + kib(name), 0) * 1024;
}

const PATH = "/v1/apps/bench/machines";

async function create(
  server: MachinesServer,
  exec: readonly string[],
  autoDestroy: boolean,
): Promise<string> {
  const config = { image: IMAGE, auto_destroy: autoDestroy, restart: { policy: "no" }, init: { exec } };
  return (await server.call<{ id: string }>("POST", PATH, { config })).id;
}

function waitFor(server: MachinesServer, id: string, state: string): Promise<unknown> {
  return server.call("GET", `${PATH}/${id}/wait?state=${state}&timeout=60`);
}

function figures(samples: number[], floor: number[] | null): Record<string, string> {
  const p50 = percentile(samples, 0.5);
  const least = floor === null ? null : percentile(floor, 0.5);
  return {
    p50: ms(p50),
    p95: ms(percentile(samples, 0.95)),
    ...(least !== null && { "over the floor": ms(p50 - least), "× floor": (p50 / least).toFixed(1) }),
  };
}
