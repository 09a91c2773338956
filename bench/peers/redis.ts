/** redis-server as BullMQ's guide to production wants it: with an append-only file, and nothing evicted. */

import { execFile } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, type Spawned } from "../../test/support/processes.ts";
import type { Programs } from "./programs.ts";

const PROGRAM = "redis-server";

/** When it has the disk write what it stored: the guide says that each second is mostly enough; or before it answers. */
export type Fsync = "everysec" | "always";

/** @throws Error that says how to get it, where it is not */
export async function redisVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)(PROGRAM, ["--version"]).catch(() => {
    throw new Error(
      `${PROGRAM} is not on this computer; Debian has it as a package: apt-get install ${PROGRAM}`,
    );
  });
  return /v=(\S+)/.exec(stdout)?.[1] ?? "of an unknown version";
}

/** Starts one on what is stored in `folder`, and returns when it answers. */
export async function startRedis(
  programs: Programs,
  folder: string,
  port: number,
  fsync: Fsync,
): Promise<Spawned> {
  const options = {
    bind: "127.0.0.1",
    port: String(port),
    dir: folder,
    appendonly: "yes",
    appendfsync: fsync,
    "maxmemory-policy": "noeviction",
    pidfile: join(folder, "redis.pid"),
  };
  const argv = [PROGRAM, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
  const server = programs.start("redis", argv);
  await eventually("redis-server's answer", () => pings(port));
  return server;
}

/** Whether it answers, and does so with no complaint: while it reads its file it says LOADING. */
function pings(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.once("data", (bytes) => {
      socket.destroy();
      resolve(String(bytes) === "+PONG\r\n");
    });
    socket.once("error", () => resolve(false));
  });
}
