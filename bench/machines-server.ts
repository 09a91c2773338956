/** A local Machines API of the benchmarks' own, as a program of its own, and a client that costs little. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf } from "../src/fly-local/processes/tree.ts";

const MAIN = new URL("../src/fly-local/main.ts", import.meta.url).pathname;
/** What machines ask for. Containers have one of that name with busybox's programs. */
export const IMAGE = "debian:12";
/** What the kernel counts CPU time in: USER_HZ. */
const MS_PER_TICK = 10;

export interface MachinesServer {
  /** Its level, and what that means here. */
  readonly level: string;
  readonly pid: number;
  call<T>(method: string, path: string, body?: object): Promise<T>;
  /** CPU time of the server, of what forks its inits, and of all processes under them that have ended, in milliseconds; in steps of ten. */
  cpuMs(): number;
  close(): Promise<void>;
}

/** @throws Error with what it said, where this level is not possible here */
export async function startMachines(isolation: string): Promise<MachinesServer> {
  const state = mkdtempSync(join(tmpdir(), "mayfly-bench-"));
  const images = isolation === "container" ? "real" : "host";
  // On demand: it looks for an engine.
  if (images === "real")
    await (await import("../test/fly-local/processes/containers.ts")).addTestImage(state, IMAGE);
  const args = [
    MAIN,
    "--any-token",
    "--port",
    "0",
    "--images",
    images,
    "--state",
    state,
    "--isolation",
    isolation,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said = await firstLine(child);
  const url = /http:\/\/[^ ]+/.exec(said)?.[0];
  if (url === undefined) throw new Error(said.trim());
  const agent = new Agent({ keepAlive: true });
  const pid = child.pid ?? 0;
  return {
    level: /\((.*)\)/.exec(said)?.[1] ?? isolation,
    pid,
    call: <T>(method: string, path: string, body?: object) =>
      new Promise<T>((resolve, reject) => {
        const headers = { authorization: "Bearer bench", "content-type": "application/json" };
        const call = request(url + path, { method, agent, headers }, (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part) => {
            text += part;
          });
          response.on("end", () => {
            if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text || "null") as T);
            else reject(new Error(`${method} ${path} answered ${response.statusCode}: ${text}`));
          });
        });
        call.on("error", reject).end(body && JSON.stringify(body));
      }),
    cpuMs: () => [pid, ...childrenOf(pid)].reduce((sum, each) => sum + cpuMsOf(each), 0),
    close: async () => {
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      await exit;
      agent.destroy();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** Its own, and that of children that it has waited for; none of one that has ended. */
function cpuMsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // User and system time, twice (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK;
  } catch {
    return 0;
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.stdout?.once("data", (bytes) => resolve(String(bytes)));
    child.stderr?.once("data", (bytes) => resolve(String(bytes)));
  });
}
