/** POST …/exec: a command beside the main one; 200 also where the command fails (Fly's OpenAPI document, Machines_exec). */

import { wireExecRequest } from "../../fly/wire.ts";
import type { Operation } from "../app.ts";
import { ApiError, invalid, precondition } from "../error.ts";
import { EXEC_MAX_S } from "../limits.ts";
import { splitWords } from "../machines/words.ts";
import { bodyOf, clientLeft, machineOf } from "../request.ts";

/** Fly's words, which name the Go client that gave up inside of it. */
const TIMED_OUT =
  'deadline_exceeded: Post "http://unix/v1/exec": net/http: request canceled (Client.Timeout exceeded while awaiting headers)';

export const execMachine: Operation = async (c, { host }) => {
  const left = clientLeft(c);
  const parsed = wireExecRequest.safeParse(await bodyOf(c));
  if (!parsed.success)
    throw invalid(parsed.error.issues.map((issue) => `${issue.path}: ${issue.message}`).join("; "));
  const machine = machineOf(c, host.registry);
  const argv = commandOf(parsed.data);
  if (machine.state !== "started") throw precondition("machine not running");
  const timeoutS = Math.min(parsed.data.timeout || EXEC_MAX_S, EXEC_MAX_S);
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
  if (request.command?.length) return request.command;
  const words = splitWords(request.cmd ?? "");
  if (words === null) throw invalid("cmd: a quote is not closed");
  if (words.length === 0) throw invalid("command: no command given");
  return words;
}
