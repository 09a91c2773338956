import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { Supervisor } from "../../../src/cli/commands/start/supervisor.ts";

const PROGRAMS = join(import.meta.dirname, "../support/programs");
const STUBBORN = join(PROGRAMS, "stubborn.mjs");
const folder = mkdtempSync(join(tmpdir(), "mayfly-supervisor-"));
const PATIENTLY = { timeout: 10_000, interval: 20 };

let programs = 0;
function spec(args: string[]) {
  programs += 1;
  return { name: "the program", args, cwd: folder, log: join(folder, `${programs}.log`) };
}

function script(text: string): string {
  const path = join(folder, `${Math.random()}.mjs`);
  writeFileSync(path, text);
  return path;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What is dead and not yet collected by its parent still answers a signal.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function pidsIn(log: string): Promise<number[]> {
  const printed = () => /pids (\d+) (\d+)/.exec(readFileSync(log, "utf8"));
  await vi.waitUntil(printed, PATIENTLY);
  return (printed() ?? []).slice(1).map(Number);
}

test("a program that ignores TERM is ended with its children within 5 s", async () => {
  const supervisor = new Supervisor();
  const program = supervisor.start(spec([STUBBORN]));
  const pids = await pidsIn(program.log);
  expect(pids.map(isAlive)).toEqual([true, true]);
  const startedAt = Date.now();
  await supervisor.stop();
  expect(Date.now() - startedAt).toBeLessThan(5_000);
  await vi.waitUntil(() => !pids.some(isAlive), PATIENTLY);
});

test("a program that dies by itself is named, with the last lines it printed", async () => {
  const supervisor = new Supervisor();
  const lines =
    "for (let i = 0; i < 100; i++) console.log('line', i); console.error('\\u001b[31mbroken\\u001b[0m\\u0007'); process.exit(3)";
  supervisor.start(spec([script(lines)]));
  await expect(supervisor.failure).rejects.toThrow(
    /^the program ended with code 3; its last lines[\s\S]*line 99\n {4}broken\\x07$/,
  );
  await supervisor.stop();
});

test("a program that is killed from outside is named with the signal", async () => {
  const supervisor = new Supervisor();
  const program = supervisor.start(spec([STUBBORN]));
  const pids = await pidsIn(program.log);
  process.kill(pids[0] ?? 0, "SIGKILL");
  await expect(supervisor.failure).rejects.toThrow("was ended by SIGKILL");
  await supervisor.stop();
  await vi.waitUntil(() => !pids.some(isAlive), PATIENTLY);
});

test("a program that is to come to an end may, and its failure is told", async () => {
  const supervisor = new Supervisor();
  await supervisor.finish(spec([script("console.log('done')")]));
  await expect(supervisor.finish(spec([script("console.log('no'); process.exit(1)")]))).rejects.toThrow(
    /ended with code 1[\s\S]*no/,
  );
  await supervisor.stop();
});

test("nothing is started any more once the end has begun", async () => {
  const supervisor = new Supervisor();
  const stopped = supervisor.stop();
  expect(() => supervisor.start(spec([STUBBORN]))).toThrow("not started any more");
  await stopped;
});

test("kill -9 of the supervisor ends what it started all the same", async () => {
  const log = join(folder, "guarded.log");
  const supervised = spawn(process.execPath, [join(PROGRAMS, "supervised.ts"), STUBBORN, log], {
    stdio: "inherit",
  });
  await vi.waitUntil(() => {
    try {
      return readFileSync(log, "utf8") !== "";
    } catch {
      return false;
    }
  }, PATIENTLY);
  const pids = await pidsIn(log);
  supervised.kill("SIGKILL");
  await vi.waitUntil(() => !pids.some(isAlive), PATIENTLY);
  expect(readFileSync(log, "utf8")).toContain("ignored SIGTERM");
});
