/** Mayfly as `npm start` has it: worker and local Machines API, machines at the level that it finds, the cron each minute. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunBody } from "../../src/api/run-schema.ts";
import { fireEachMinute } from "../../src/cli/commands/start/minute.ts";
import { type Stack, startStack } from "../../test/support/stack.ts";
import type { Command, Engine, Outcome } from "./engine.ts";

/** A job of which nobody knows how far it came is told as failed, and not run again. */
const NOT_AGAIN = { rules: [{ reasons: ["machine_lost" as const], do: "stop" as const }] };

export async function startMayfly(): Promise<Engine> {
  const stack = await startStack();
  let stopMinutes = fireEachMinute(stack.url);
  const submit = async (command: Command, headers: Record<string, string> = {}) =>
    stack.submit({ command: [...command], retry: NOT_AGAIN }, headers);
  return {
    name: "Mayfly",
    settings: `Mayfly in workerd, with D1 in SQLite; a machine for each job at the level that npm start takes here: ${levelOf(stack)}`,
    deaths: [
      {
        of: "worker",
        kill: async () => {
          stopMinutes();
          await stack.killWorker();
        },
      },
      {
        of: "worker and Machines API",
        kill: async () => {
          stopMinutes();
          await Promise.all([stack.killWorker(), stack.killMachines()]);
        },
      },
    ],
    run: async (command) => outcomeOf(stack, await submit(command, { prefer: "wait=30" })),
    submit: async (command) => (await submit(command)).id,
    outcome: async (id) => {
      const run = await stack.run(id);
      return run.settled_at === null ? null : outcomeOf(stack, run);
    },
    startAgain: async () => {
      if (!(await answers(stack.machinesUrl))) await stack.startMachines();
      await stack.startWorker();
      stopMinutes = fireEachMinute(stack.url);
    },
    close: async () => {
      stopMinutes();
      await stack.close();
    },
  };
}

/** What the local Machines API says of it when it starts. */
function levelOf({ folder }: Stack): string {
  return (
    /ready on \S+ \((.*)\)/.exec(readFileSync(join(folder, "logs/machines.log"), "utf8"))?.[1] ?? "unknown"
  );
}

/** Whether anything listens there. */
const answers = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );

async function outcomeOf(stack: Stack, run: RunBody): Promise<Outcome> {
  if (run.exit_code === null)
    return { ran: false, stdout: "", exitCode: null, reason: run.reason ?? run.status };
  const stdout = new TextDecoder().decode(await stack.output(run.id, "stdout"));
  return { ran: true, stdout, exitCode: run.exit_code, reason: null };
}
