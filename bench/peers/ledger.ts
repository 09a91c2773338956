/**
 * The comparison's own book on what jobs did, whatever engines say: each execution of a job tells of its start and its end over a
 * connection, which the kernel closes when the last process of it is gone. Machines share the computer's network, not its files.
 */

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { now } from "../figures.ts";
import type { Command } from "./engine.ts";
import type { Execution } from "./tally.ts";

export interface Ledger {
  /** A command that says that it starts, lasts, says that it ends and prints its job's name. */
  command(job: string): Command;
  /** In the order of their starts; those that go on change. */
  readonly executions: readonly Execution[];
  close(): void;
}

/** @param lastsS seconds; @param mark is in the arguments of each job's process, so that it can be found on the computer */
export async function openLedger(lastsS: number, mark: string): Promise<Ledger> {
  const executions: Execution[] = [];
  const server = createServer((socket) => {
    let execution: Execution | null = null;
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (part: string) => {
      text += part;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const [what, job = ""] = line.split(" ");
        if (what === "start") {
          execution = { job, startedAt: now(), endedAt: null, goneAt: null };
          executions.push(execution);
        } else if (execution) execution.endedAt = now();
      }
    });
    socket.on("close", () => {
      if (execution) execution.goneAt = now();
    });
    // A process that was killed resets its connection; what counts is that it is closed.
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const script = `exec 3>/dev/tcp/127.0.0.1/${port}; echo "start $1" >&3; sleep ${lastsS}; echo "end $1" >&3; echo "$1"`;
  return {
    command: (job) => ["bash", "--norc", "-c", script, mark, job],
    executions,
    close: () => server.close(),
  };
}
