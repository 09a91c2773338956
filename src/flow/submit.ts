/** Submit: an order becomes a stored run, and its driver is told. */

import { AppError } from "../core/error.ts";
import type { Accepted } from "../core/event.ts";
import type { RunJob } from "../core/job.ts";
import { acceptRun, applyEvents } from "../core/lifecycle.ts";
import { RUN_AHEAD_MAX_MS } from "../core/limits.ts";
import { isFinal, type Run, type RunState } from "../core/run.ts";
import { isSameSpec, type RunSpec } from "../core/run-spec.ts";
import { isSameJson } from "../core/same-json.ts";
import { dueAt, type TurnSettings, waysIn } from "../core/turn.ts";
import { launchOfTurn } from "./launches.ts";
import type { Launches } from "./ports/launches.ts";
import type { Clock, Drivers, IdempotencyKey, Ids, Store } from "./ports.ts";

export interface SubmitPorts extends TurnSettings {
  store: Store;
  drivers: Drivers;
  clock: Clock;
  ids: Ids;
  launches: Launches;
}

export interface Order {
  orgId: string;
  spec: RunSpec;
  /** The run that this one repeats; null where it repeats none. */
  originId: string | null;
  /** The Job that it is a run of; absent where its spec came inline. */
  job?: RunJob;
  key: IdempotencyKey | null;
}

/** `repeated` is true where an earlier request with the same key, for the same run, made this one. */
export interface Submitted {
  state: RunState;
  repeated: boolean;
}

/**
 * Accepts a run, with its first attempt planned where nothing makes it wait, or else as far in its queues as it gets at once. A
 * crash right after it is stored delays the run until the sweep and does not lose it.
 * @throws AppError `idempotency_conflict` where the key was used for another run; `invalid_input` for a time too far ahead
 */
export async function submit(ports: SubmitPorts, order: Order): Promise<Submitted> {
  const now = ports.clock.now();
  const { spec, originId, job } = order;
  const accepted: Accepted = { type: "accepted", at: now, spec, originId, ...(job && { job }) };
  const queued = acceptRun(ports.ids.runId(now), order.orgId, accepted);
  const due = dueAt(queued.run);
  if (due - now > RUN_AHEAD_MAX_MS)
    throw new AppError("invalid_input", "must be a time within the next 365 days", "run_at");
  const launch = due > now ? null : await launchOfTurn(ports, queued, now);
  for (const events of due > now ? [[]] : waysIn(queued, ports, now, launch)) {
    const state = applyEvents(queued, events);
    if (state === null) throw new Error("a fresh run can always be planned, or stand in line");
    const result = await ports.store.accept(state, [accepted, ...events], order.key);
    if (result.kind === "no_room") continue;
    if (result.kind === "repeated") {
      // Whoever repeats an order again and again must not hold up those who wait. One that stays taken costs an app one turn.
      if (launch !== null && launch !== "awaited")
        await ports.launches.putBack(launch).catch(() => undefined);
      return { state: await repeatedRun(ports.store, order, result), repeated: true };
    }
    // The sweep finds a run whose start was not heard.
    if (!isFinal(state.run.status)) await ports.drivers.start(state).catch(() => undefined);
    return { state, repeated: false };
  }
  throw new Error("a fresh run can always stand in line");
}

/**
 * The run that an earlier request with this order's key made, where it ordered the same; null for a new order. It asks the store
 * once more than {@link submit}, which answers a repeat by itself: it is for an order that can not be accepted any more.
 * @param spec null where what was sent is no spec: only the same bytes are a repeat of it
 */
export async function earlierRun(
  store: Pick<Store, "usedKey" | "load">,
  { orgId, key, originId, job, spec }: Omit<Order, "spec"> & { spec: RunSpec | null },
): Promise<RunState | null> {
  const used = key && (await store.usedKey(orgId, key.key));
  const state = used && (await store.load(used.runId));
  return state && isSameOrder(state.run, used, { key, originId, job, spec }) ? state : null;
}

/**
 * The run of a used key. A body means the same where its bytes are the same, even if the deployment's defaults have changed
 * since, and where it comes to the same spec, however it is written.
 */
async function repeatedRun(
  store: Store,
  { key, spec, originId, job }: Order,
  earlier: { runId: string; bodyHash: string },
): Promise<RunState> {
  const state = await store.load(earlier.runId);
  if (state === null) throw new Error(`the run ${earlier.runId} of a used idempotency key is missing`);
  if (!isSameOrder(state.run, earlier, { key, originId, job, spec }))
    throw new AppError(
      "idempotency_conflict",
      `this Idempotency-Key was used for another run, ${earlier.runId}; use a new key for a new run`,
      "header.idempotency-key",
    );
  return state;
}

function isSameOrder(
  run: Run,
  used: { bodyHash: string },
  {
    key,
    spec,
    originId,
    job,
  }: Pick<Order, "key" | "originId"> & { job?: RunJob | undefined; spec: RunSpec | null },
): boolean {
  // The same bytes can be sent to several jobs.
  if (run.originId !== originId || run.job?.name !== job?.name) return false;
  if (used.bodyHash === key?.bodyHash) return true;
  return spec !== null && isSameSpec(run.spec, spec) && isSameInput(run.job, job);
}

function isSameInput(a: RunJob | null, b?: RunJob): boolean {
  return isSameJson(JSON.parse(a?.input ?? "null"), JSON.parse(b?.input ?? "null"));
}
