/**
 * Where inits come from: a small program that forks them (`init.c`). What a fork costs grows with the memory of who forks, as
 * the kernel copies its page tables, and meanwhile that one does nothing else: in the server, which answers nobody then, it
 * takes milliseconds, and here a tenth of one.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { getSystemErrorName } from "node:util";
import { SANDBOX_READY_MS } from "../../limits.ts";
import { endOf } from "../child.ts";
import { freshName, isLeftover } from "../leftovers.ts";
import { encodeFrame, FROM_INIT, FrameReader, strings, TO_INIT } from "./protocol.ts";

const TOKEN_BYTES = 16;
const SOCKET_SUFFIX = ".socket";

export interface Zygote {
  /**
   * Forks an init, which waits for its first frame.
   * @param cwd what relative paths in its first operations start from
   * @returns the connection to it, paused. It is closed when nothing is left of what the init has made. Rejects where none can be
   * had in time.
   */
  fork(cwd: string): Promise<Duplex>;
  /** Ends the zygote, and nothing that it has forked. */
  close(): Promise<void>;
}

/** An init that is on its way. */
interface Awaited {
  /** Who is to fork it. */
  readonly from: ChildProcess;
  /** What it says for itself, since anybody could connect who may write to the directory. */
  readonly token: string;
  readonly resolve: (control: Duplex) => void;
  readonly reject: (error: Error) => void;
}

/**
 * It is started when it is first needed, and again where it has died.
 * @param program the init's path
 * @param directory where its inits turn to the server
 * @param readyMs how long an init may be on its way
 */
export function zygoteOf(program: string, directory: string, readyMs: number = SANDBOX_READY_MS): Zygote {
  const awaited = new Map<number, Awaited>();
  const name = `${freshName()}${SOCKET_SUFFIX}`;
  let lastId = 0;
  /** The latest of which something was heard. */
  let heardId = 0;
  let listener: Promise<{ close: () => void }> | null = null;
  let process: ChildProcess | null = null;

  const refuse = (id: number, why: string) => {
    awaited.get(id)?.reject(new Error(`can not fork an init: ${why}`));
    awaited.delete(id);
  };
  // An init that comes later than that is nobody's, and goes when it is not welcomed.
  const giveUp = (id: number, from: ChildProcess) => {
    refuse(id, `there was none after ${readyMs / 1000} s`);
    // Who has forked others since is well, and has lost this one alone.
    if (heardId > id) return;
    from.kill("SIGKILL");
    if (process === from) process = null;
  };
  const welcome = (control: Duplex, token: string) => {
    const found = [...awaited].find(([, each]) => each.token === token);
    if (found === undefined) {
      control.destroy();
      return;
    }
    const [id, { resolve }] = found;
    awaited.delete(id);
    heardId = Math.max(heardId, id);
    resolve(control);
  };
  const start = (): ChildProcess => {
    const started = spawn(program, [], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
      // Commands of a Machine can read what its PID 1 was started with, so that is nothing.
      argv0: "mayfly-init",
      env: {},
      cwd: directory,
      detached: true,
    });
    const frames = new FrameReader();
    controlOf(started).on("error", () => {});
    controlOf(started).on("data", (bytes: Buffer) => {
      for (const { id, payload } of frames.push(bytes)) {
        heardId = Math.max(heardId, id);
        refuse(id, getSystemErrorName(-payload.readUInt32LE(0)));
      }
    });
    void endOf(started, "exit").then(() => {
      if (process === started) process = null;
      for (const [id, { from }] of [...awaited])
        if (from === started) refuse(id, "the program that forks them has ended");
    });
    return started;
  };

  return {
    fork: async (cwd) => {
      listener ??= listen(directory, name, (control) => greet(control, welcome)).catch((error: Error) => {
        listener = null;
        throw error;
      });
      await listener;
      process ??= start();
      const from = process;
      return new Promise((resolve, reject) => {
        const [id, token] = [++lastId, randomBytes(TOKEN_BYTES).toString("hex")];
        const patience = setTimeout(giveUp, readyMs, id, from);
        const settled =
          <T>(settle: (value: T) => void) =>
          (value: T) => {
            clearTimeout(patience);
            settle(value);
          };
        awaited.set(id, { from, token, resolve: settled(resolve), reject: settled(reject) });
        controlOf(from).write(encodeFrame({ type: TO_INIT.fork, id, payload: strings(token, name, cwd) }));
      });
    },
    close: async () => {
      const last = process;
      if (last !== null) {
        const exit = endOf(last, "exit");
        // One that is stopped hears of nothing else.
        last.kill("SIGKILL");
        await exit;
      }
      (await listener?.catch(() => null))?.close();
      listener = null;
    },
  };
}

function controlOf(process: ChildProcess): Duplex {
  return process.stdio[3] as Duplex;
}

/** Hears the token of who has connected. */
function greet(control: Socket, onToken: (control: Duplex, token: string) => void): void {
  const frames = new FrameReader();
  const hear = (bytes: Buffer) => {
    const [hello] = frames.push(bytes);
    if (hello === undefined) return;
    control.off("data", hear);
    control.pause();
    onToken(control, hello.type === FROM_INIT.hello ? hello.payload.toString("latin1") : "");
  };
  control.on("error", () => {});
  control.on("data", hear);
}

/** Listens at a name in a directory, from which goes what servers that are gone have left there. */
async function listen(directory: string, name: string, onConnection: (control: Socket) => void) {
  for (const each of readdirSync(directory))
    if (each.endsWith(SOCKET_SUFFIX) && isLeftover(each.slice(0, -SOCKET_SUFFIX.length)))
      rmSync(join(directory, each), { force: true });
  // By way of a descriptor: the path of a socket has room for 107 bytes (unix(7)).
  const fd = openSync(directory, "r");
  const server = createServer(onConnection);
  server.listen(`/proc/self/fd/${fd}/${name}`);
  try {
    await once(server, "listening");
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    close: () => {
      server.close();
      closeSync(fd);
    },
  };
}
