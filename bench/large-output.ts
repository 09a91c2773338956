/** 100 MB of output through to R2, beside the same bytes through a pipe; and the worker's memory meanwhile. */

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Stack } from "../test/support/stack.ts";
import { report, timed } from "./figures.ts";

const BYTES = 100_000_000;
/** Memory that grew with the output would grow with each. */
const ROUNDS = 3;
const SAMPLE_EVERY_MS = 50;

export async function largeOutput(stack: Stack): Promise<void> {
  console.log("\n100 MB written by a command until the run is settled with all of it stored");
  const command = ["sh", "-c", `head -c ${BYTES} /dev/zero | tr '\\0' 'm'`];
  const floor = await timed(() =>
    promisify(execFile)(command[0] ?? "", command.slice(1), { encoding: "buffer", maxBuffer: 2 * BYTES }),
  );
  report("floor: through a pipe", { "MB/s": rate(floor) });
  for (let round = 1; round <= ROUNDS; round++) {
    const memory = watchMemory();
    const from = performance.now();
    const { id } = await stack.submit({ command });
    const run = await stack.final(id, 300_000);
    const took = performance.now() - from;
    if (run.output.stdout_bytes !== BYTES || !run.output.complete)
      throw new Error(`run ${id} kept ${run.output.stdout_bytes} bytes`);
    const read = await timed(() => stack.output(id, "stdout"));
    const peak = memory.stop();
    report(`round ${round}`, {
      "stored MB/s": rate(took),
      "× floor": (took / floor).toFixed(1),
      "read back MB/s": rate(read),
      "largest workerd": `${memory.before} MB, at most ${peak} MB`,
    });
  }
}

function rate(milliseconds: number): string {
  return (BYTES / 1000 / milliseconds).toFixed(1);
}

/** Resident memory of the largest workerd, sampled while something goes on; 0 where /proc does not exist. */
function watchMemory(): { before: number; stop(): number } {
  const before = workerdMemoryMb();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, workerdMemoryMb());
  }, SAMPLE_EVERY_MS);
  return {
    before,
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}

/** Of this bench's own workerd processes: others may run on the computer. */
function workerdMemoryMb(): number {
  const all = new Map(pids().map((pid) => [pid, statusOf(pid)]));
  const isOwn = (pid: string): boolean =>
    pid === String(process.pid) || (all.has(pid) && isOwn(field(all.get(pid), "PPid")));
  const sizes = [...all]
    .filter(([pid, status]) => field(status, "Name") === "workerd" && isOwn(pid))
    .map(([, status]) => Number(field(status, "VmRSS")));
  return Math.round(Math.max(0, ...sizes) / 1024);
}

function pids(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function field(status: string | undefined, name: string): string {
  return new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status ?? "")?.[1] ?? "";
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
