/** Parts that the routes' OpenAPI descriptions share. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../core/error.ts";
import { isRunId } from "../../core/id.ts";
import { DOWNSTREAM_SHOWN_MAX, RERUNS_SHOWN_MAX } from "../../core/limits.ts";
import { isFinal, type RunState } from "../../core/run.ts";
import { LAUNCH_QUEUE } from "../../core/turn.ts";
import type { HandoverStore } from "../../flow/ports/handovers.ts";
import type { Launches } from "../../flow/ports/launches.ts";
import type { Clock, ShownPlace, Store } from "../../flow/ports.ts";
import { runBody } from "../run-body.ts";
import { errorSchema, type RunBody } from "../run-schema.ts";
import { awaitedTicket } from "../waiting-body.ts";

export const runIdParam = z.object({
  id: z.string().openapi({ param: { name: "id", in: "path" }, example: "run_01jd0k3v7c9q2m8w5x4y6z7a8b" }),
});

/** An error answer in an OpenAPI description. */
export function errorAnswer(description: string) {
  return { description, content: { "application/json": { schema: errorSchema } } };
}

/** Errors that every call under /v1 can answer. */
export const COMMON_ERRORS = {
  401: errorAnswer("the API token is missing or not right"),
  422: errorAnswer("a field is not accepted; path names it"),
  500: errorAnswer("something went wrong on our side"),
  503: errorAnswer("not possible right now, or the deployment is not configured; message tells"),
};

/** Loads a run or answers that there is none. @throws AppError `not_found` */
export async function loadRun(store: Store, runId: string): Promise<RunState> {
  const state = isRunId(runId) ? await store.load(runId) : null;
  if (state === null) throw new AppError("not_found", `there is no run ${runId.slice(0, 64)}`, "path.id");
  return state;
}

/** What a run's place in line is worked out from. */
interface PlacePorts {
  store: Pick<Store, "reruns" | "placeInQueue">;
  launches: Pick<Launches, "expectedAt">;
  clock: Clock;
}

interface ShownPorts extends PlacePorts {
  handovers: Pick<HandoverStore, "ofRun">;
}

/** A run that is there, with the runs that repeat it or follow it, and its place in line. */
export async function shownRun(ports: ShownPorts, state: RunState): Promise<RunBody> {
  const { run } = state;
  const [reruns, downstream, place] = await Promise.all([
    ports.store.reruns(run.id, RERUNS_SHOWN_MAX),
    // Nothing starts after a run that is not over, or is of no job.
    run.job !== null && isFinal(run.status) ? ports.handovers.ofRun(run, DOWNSTREAM_SHOWN_MAX) : [],
    placeOf(ports, state),
  ]);
  return runBody(state, { reruns, downstream }, place);
}

/** A run that was just made, which nobody can have repeated. */
export async function newRun(ports: PlacePorts, state: RunState): Promise<RunBody> {
  return runBody(state, undefined, await placeOf(ports, state));
}

async function placeOf(
  { store, launches, clock }: PlacePorts,
  { run }: RunState,
): Promise<ShownPlace | null> {
  const ticket = awaitedTicket(run);
  if (ticket === null) return null;
  const place = await store.placeInQueue(run, ticket.queue);
  const isForLaunch = ticket.queue === LAUNCH_QUEUE;
  return { ...place, launchAt: isForLaunch ? launches.expectedAt(clock.now(), place.ahead) : null };
}
