/** POST …/exec: a command beside the main one; 200 also where the command fails (Fly's OpenAPI document, Machines_exec). */

import { wireExecRequest } from "../../fly/wire.ts";
import type { Operation } from "../app.ts";
import { ApiError, invalid, precondition } from "../error.ts";
import {
  EXEC_ARGUMENT_MAX_BYTES,
  EXEC_ARGUMENTS_MAX,
  EXEC_ARGUMENTS_MAX_BYTES,
  EXEC_MAX_S,
} from "../limits.ts";
import { splitWords } from "../machines/words.ts";
import { bodyOf, clientLeft, machineOf } from "../request.ts";

/** Fly's words, which name the Go client that gave up inside of it. */
const TIMED_OUT =
  'deadline_exceeded: Post "http://unix/v1/exec": net/http: request canceled (Client.Timeout exceeded while awaiting headers)';

export const execMachine: Operation = async (c, { host }) => {
  const left = clientLeft(c);
  const parsed = wireExecRequest.safeParse(await bodyOf(c));
  if (!parsed.success)
    throw invalid(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "));
  const machine = machineOf(c, host.registry);
  const argv = commandOf(parsed.data);
  const timeoutS = timeoutOf(parsed.data.timeout ?? 0);
  if (machine.state !== "started") throw precondition("machine not running");
  const outcome = await host.exec(machine.id, argv, timeoutS * 1000, left);
  switch (outcome.kind) {
    case "ended": {
      const { code, signal, stdout, stderr } = outcome.result;
      return c.json({
        exit_code: signal === null ? code : 128 + signal,
        exit_signal: signal ?? 0,
        stdout,
        stderr,
      });
    }
    case "timed_out":
      throw new ApiError(408, TIMED_OUT);
    case "machine_died":
      throw precondition("exec request failed: EOF");
    case "could_not_start":
      throw new ApiError(503, `unavailable: the command was not started: ${outcome.reason}`);
    case "client_left":
    case "not_running":
      throw precondition("machine not running");
  }
};

function commandOf(request: { command?: string[] | undefined; cmd?: string | undefined }): string[] {
  if (request.command?.length) return checked(request.command, (index) => `command.${index}`);
  const words = splitWords(request.cmd ?? "");
  if (words === null) throw invalid("cmd: a quote is not closed");
  if (words.length === 0) throw invalid("command: no command given");
  return checked(words, () => "cmd");
}

/** Refuses what no process can be started with: a client that is told to come later would come for nothing. */
function checked(argv: string[], pathOf: (index: number) => string): string[] {
  const all = pathOf(0).replace(".0", "");
  if (argv.length > EXEC_ARGUMENTS_MAX)
    throw invalid(`${all}: ${argv.length} arguments; up to ${EXEC_ARGUMENTS_MAX} are accepted`);
  let total = 0;
  for (const [index, argument] of argv.entries()) {
    const bytes = Buffer.byteLength(argument) + 1;
    total += bytes;
    if (argument.includes("\0")) throw invalid(`${pathOf(index)}: a NUL cannot be in an argument`);
    if (bytes > EXEC_ARGUMENT_MAX_BYTES)
      throw invalid(
        `${pathOf(index)}: an argument of ${bytes - 1} bytes; up to ${EXEC_ARGUMENT_MAX_BYTES - 1} are accepted`,
      );
  }
  if (total > EXEC_ARGUMENTS_MAX_BYTES)
    throw invalid(`${all}: arguments of ${total} bytes; up to ${EXEC_ARGUMENTS_MAX_BYTES} are accepted`);
  return argv;
}

/** Fly's is an integer, and what is above its longest time, which is not documented, is cut to that here. */
function timeoutOf(asked: number): number {
  if (!Number.isInteger(asked) || asked < 0)
    throw invalid(
      `timeout: ${asked} is no whole number of seconds from 0 on; 0 and what is above ${EXEC_MAX_S} mean ${EXEC_MAX_S}`,
    );
  return Math.min(asked || EXEC_MAX_S, EXEC_MAX_S);
}
