/** Submit: an order becomes a stored run, and its driver is told. */

import { AppError } from "../core/error.ts";
import type { Accepted } from "../core/event.ts";
import { machineName } from "../core/id.ts";
import { acceptRun, applyEvent } from "../core/lifecycle.ts";
import { planAttempt } from "../core/plan.ts";
import type { RunState } from "../core/run.ts";
import { isSameSpec, type RunSpec } from "../core/run-spec.ts";
import type { Clock, Drivers, IdempotencyKey, Ids, Launches, Store } from "./ports.ts";

export interface SubmitPorts {
  store: Store;
  drivers: Drivers;
  clock: Clock;
  ids: Ids;
  launches: Launches;
  defaultRegion: string | null;
}

export interface Order {
  orgId: string;
  spec: RunSpec;
  /** The run that this one repeats; null where it repeats none. */
  originId: string | null;
  key: IdempotencyKey | null;
}

/** `repeated` is true where an earlier request with the same key, for the same run, made this one. */
export interface Submitted {
  state: RunState;
  repeated: boolean;
}

/**
 * Accepts a run, with its first attempt planned since nothing makes it wait. A crash right after it is stored delays the run
 * until the sweep and does not lose it.
 * @throws AppError `idempotency_conflict` where the key was used for another run
 */
export async function submit(ports: SubmitPorts, order: Order): Promise<Submitted> {
  const now = ports.clock.now();
  const accepted: Accepted = { type: "accepted", at: now, spec: order.spec, originId: order.originId };
  const queued = acceptRun(ports.ids.runId(now), order.orgId, accepted);
  const launch = await ports.launches.take(now, { machineName: machineName(queued.run.id, 1) });
  const planned = planAttempt(queued, ports.defaultRegion, now, launch);
  const state = applyEvent(queued, planned);
  if (state === null) throw new Error("a fresh run can always be planned");
  const result = await ports.store.accept(state, [accepted, planned], order.key);
  if (result.kind === "repeated") {
    // Whoever repeats an order again and again must not hold up those who wait. One that stays taken costs an app one turn.
    await ports.launches.putBack(launch).catch(() => undefined);
    return { state: await repeatedRun(ports.store, order, result), repeated: true };
  }
  // The sweep finds a run whose start was not heard.
  await ports.drivers.start(state).catch(() => undefined);
  return { state, repeated: false };
}

/**
 * The run of a used key. A body means the same where its bytes are the same, even if the deployment's defaults have changed
 * since, and where it comes to the same spec, however it is written.
 */
async function repeatedRun(
  store: Store,
  { key, spec, originId }: Order,
  earlier: { runId: string; bodyHash: string },
): Promise<RunState> {
  const state = await store.load(earlier.runId);
  if (state === null) throw new Error(`the run ${earlier.runId} of a used idempotency key is missing`);
  const isSame = earlier.bodyHash === key?.bodyHash || isSameSpec(state.run.spec, spec);
  if (!isSame || state.run.originId !== originId)
    throw new AppError(
      "idempotency_conflict",
      `this Idempotency-Key was used for another run, ${earlier.runId}; use a new key for a new run`,
      "header.idempotency-key",
    );
  return state;
}
