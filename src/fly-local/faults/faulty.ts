/** Runs an operation through the fault that waits for it, if one does. */

import { ApiError } from "../error.ts";
import type { Call } from "../request.ts";
import { CAPACITY_SHAPES } from "./capacity.ts";
import type { Fault, Faults } from "./faults.ts";

type Run = () => Response | Promise<Response>;

export async function faulty(c: Call, faults: Faults, operation: string, run: Run): Promise<Response> {
  const subject = { app: c.req.param("app"), machine: c.req.param("id") };
  const fault = faults.meet(operation, subject);
  if (fault === null && !faults.hasUnreachable) return run();
  const lost = faults.unreachable(subject.machine);
  if (lost !== null && c.req.method !== "GET") return answer(lost, HOST_DOWN);
  const response = await (fault === null ? run() : met(c, fault, run));
  return faults.hasUnreachable ? shownUnreachable(response, faults) : response;
}

async function met(c: Call, fault: Fault, run: Run): Promise<Response> {
  switch (fault.kind) {
    case "error_before":
      return answer(fault, 500);
    case "no_capacity":
      return capacity(fault);
    case "hang":
      return unanswered(c);
    case "slow":
      await passing(fault.delay_ms);
      return run();
    case "late":
      return late(run, fault.delay_ms);
    case "error_after":
      await settled(run);
      return answer(fault, 500);
    case "error_midway":
      return midway(run, fault);
    case "drop":
      await settled(run);
      c.env.outgoing.destroy();
      return unanswered(c);
    case "empty":
      return emptied(await run());
    // These happen elsewhere than to a call.
    case "revert":
    case "machine_lost":
    case "clock_skew":
      return run();
  }
}

/** What Fly and the gateways before it say where nobody chose other words. */
const BODIES: Record<number, unknown> = {
  408: { error: "deadline_exceeded: context deadline exceeded" },
  412: { error: "failed_precondition: exec request failed: EOF" },
  429: { error: "rate limit exceeded" },
  502: "Bad Gateway",
  503: { error: "unavailable: the host of the machine can not be reached" },
  504: "upstream request timeout",
};
/** One team saw 503, another one 408 (neither captured). */
const HOST_DOWN = 503;
/** What an exec is answered with whose Machine dies. */
const EOF = 412;

function answer(fault: Fault, statusDefault: number): Response {
  const { status = statusDefault } = fault;
  return worded(status, fault.body ?? BODIES[status] ?? { error: "unknown: injected fault" });
}

function capacity(fault: Fault): Response {
  const shape = CAPACITY_SHAPES[fault.shape];
  return worded(fault.status ?? shape.status, fault.body ?? shape.body);
}

function worded(status: number, body: unknown): Response {
  const isText = typeof body === "string";
  return new Response(isText ? String(body) : JSON.stringify(body), {
    status,
    headers: { "content-type": isText ? "text/plain" : "application/json" },
  });
}

/** The effect counts, whatever its answer would have been. */
async function settled(run: Run): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

async function late(run: Run, delayMs: number): Promise<Response> {
  const outcome = await Promise.resolve()
    .then(run)
    .then(
      (response) => () => response,
      (error: unknown) => () => {
        throw error;
      },
    );
  await passing(delayMs);
  return outcome();
}

function midway(run: Run, fault: Fault): Promise<Response> {
  const done = Promise.resolve().then(run);
  // Nobody hears of it once the fault was the answer.
  done.catch(() => {});
  return Promise.race([done, passing(fault.delay_ms).then(() => answer(fault, EOF))]);
}

/** Settles when the connection is closed: nobody reads what it settles with. */
function unanswered(c: Call): Promise<Response> {
  const { outgoing } = c.env;
  return new Promise((resolve) => {
    const nobody = () => resolve(new Response(null, { status: 499 }));
    if (outgoing.destroyed) nobody();
    else outgoing.once("close", nobody);
  });
}

/** A list, and every list that is a member of the answer, without what is in it. */
async function emptied(response: Response): Promise<Response> {
  const body = await jsonOf(response);
  if (Array.isArray(body)) return worded(response.status, []);
  const members = Object.entries(body ?? {}).map(([key, value]) => [key, Array.isArray(value) ? [] : value]);
  return body === null ? response : worded(response.status, Object.fromEntries(members));
}

/** Reading still works where a host is down, and shows that it is. */
async function shownUnreachable(response: Response, faults: Faults): Promise<Response> {
  const body = await jsonOf(response);
  if (body === null) return response;
  const mark = (machine: unknown) =>
    faults.unreachable((machine as { id?: string } | null)?.id) === null
      ? machine
      : { ...(machine as object), host_status: "unreachable" };
  return worded(response.status, Array.isArray(body) ? body.map(mark) : mark(body));
}

/** The body of a JSON answer; the answer itself can still be sent. */
async function jsonOf(response: Response): Promise<object | null> {
  if (!response.headers.get("content-type")?.includes("json")) return null;
  return (await response.clone().json()) as object | null;
}

function passing(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
