/** `mayfly start` as a user runs it, in a folder of its own. */

import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../../src/cli/api-client.ts";
import type { LocalMayfly } from "../../src/cli/connection.ts";
import { freePort } from "./free-port.ts";
import { eventually, type Spawned, start } from "./processes.ts";

const ROOT = join(import.meta.dirname, "../..");

export interface LocalStart {
  program: Spawned;
  /** Its --dir. */
  folder: string;
  local: LocalMayfly;
  client: Client;
  /** Waits until it has printed this. */
  says(text: string | RegExp, withinMs?: number): Promise<void>;
  /** Ends it by TERM. */
  close(): Promise<void>;
}

/**
 * Starts one and waits until it has printed a text: unless told otherwise the last of a start without a first job.
 * @param folder is removed at its end
 */
export async function startLocally(
  args: string[] = ["--no-demo"],
  until = "Ctrl-C ends it.",
  folder = mkdtempSync(join(tmpdir(), "mayfly-local-")),
): Promise<LocalStart> {
  shareCompiled(folder);
  const [port, machinesPort] = [await freePort(), await freePort()];
  const ports = ["--port", String(port), "--machines-port", String(machinesPort)];
  const program = start(
    [process.execPath, join(ROOT, "src/cli/mayfly.mjs"), "start", ...ports, "--dir", folder, ...args],
    { logFile: join(folder, `start-${port}.log`), cwd: ROOT },
  );
  let isOver = false;
  void program.exited.then(() => {
    isOver = true;
  });
  const says: LocalStart["says"] = async (text, withinMs) => {
    await eventually(
      `"${text}" of mayfly start`,
      async () => (typeof text === "string" ? program.log().includes(text) : text.test(program.log())),
      withinMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${program.log()}`);
    });
  };
  await says(until, 120_000);
  const local = JSON.parse(readFileSync(join(folder, "local.json"), "utf8")) as LocalMayfly;
  return {
    program,
    folder,
    local,
    client: new Client(local),
    says,
    async close() {
      // Of its own accord it may have ended already.
      if (!isOver) process.kill(program.pid, "SIGTERM");
      await program.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What earlier starts compiled of wrangler is used by this one as well, as it would be by a second start of its own. */
function shareCompiled(folder: string): void {
  const [compiled, own] = [process.env.NODE_COMPILE_CACHE, join(folder, "compile-cache")];
  if (compiled !== undefined && existsSync(compiled) && !existsSync(own)) symlinkSync(compiled, own);
}
