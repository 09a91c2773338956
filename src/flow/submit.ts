/** Submit: an order becomes a stored run, and its driver is told. */

import type { RunUpstream } from "../core/chain/upstream.ts";
import { AppError } from "../core/error.ts";
import type { Accepted } from "../core/event.ts";
import type { RunDelivery } from "../core/hook/run-delivery.ts";
import type { RunJob } from "../core/job.ts";
import { acceptRun, applyEvents } from "../core/lifecycle.ts";
import { RUN_AHEAD_MAX_MS } from "../core/limits.ts";
import { isFinal, type Run, type RunState } from "../core/run.ts";
import { isSameSpec, type RunSpec } from "../core/run-spec.ts";
import { isSameJson } from "../core/same-json.ts";
import type { RunFiring } from "../core/schedule/firing.ts";
import { dueAt, type TurnSettings, waysIn } from "../core/turn.ts";
import { launchOfTurn } from "./launches.ts";
import type { NewDelivery } from "./ports/hooks.ts";
import type { Launches } from "./ports/launches.ts";
import type { AcceptResult, Clock, Drivers, IdempotencyKey, Ids, Store } from "./ports.ts";

export interface SubmitPorts extends TurnSettings {
  store: Store;
  drivers: Drivers;
  clock: Clock;
  ids: Ids;
  launches: Launches;
}

/** For a due time or a delivery, which is no repeat of another. */
export type SubmitFiredPorts = Omit<SubmitPorts, "store"> & { store: Pick<Store, "accept"> };

export interface Order {
  orgId: string;
  spec: RunSpec;
  /** The run that this one repeats; null where it repeats none. */
  originId: string | null;
  /** The Job that it is a run of; absent where its spec came inline. */
  job?: RunJob;
  /** The delivery of one of the job's hooks that it is for, or that the run is for which it repeats; absent where there is none. */
  delivery?: RunDelivery;
  /** The run after which it is started, or the run was which it repeats; absent where there is none. */
  upstream?: RunUpstream;
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
  const { result, state } = await acceptOne(ports, order);
  if (result.kind === "accepted") return { state, repeated: false };
  if (result.kind === "repeated")
    return { state: await repeatedRun(ports.store, order, result), repeated: true };
  throw new Error(STANDS_IN_LINE);
}

const STANDS_IN_LINE = "a fresh run can always stand in line";

/** What became of an order for a due time. */
export type Fired =
  | { kind: "accepted"; state: RunState }
  /** Its schedule's previous run is still at work, and `overlap` is `skip`. */
  | { kind: "skipped" }
  /** The due time has a run already, or is not to have one any more. */
  | { kind: "not_armed" };

/**
 * The same for a due time of a schedule: run and ledger change together.
 * @param idMs the time in the run's id, by which runs of one moment are in order
 */
export async function submitFired(
  ports: SubmitFiredPorts,
  order: Omit<Order, "originId" | "key"> & { job: RunJob },
  firing: RunFiring,
  idMs: number,
): Promise<Fired> {
  const whole = { ...order, originId: null, key: null, firing };
  const { result, state } = await acceptOne(ports, whole, idMs);
  switch (result.kind) {
    case "accepted":
      return { kind: "accepted", state };
    case "no_room":
      return { kind: "skipped" };
    case "not_armed":
      return { kind: "not_armed" };
    case "repeated":
    case "delivered":
      throw new Error("a due time has no idempotency key, and no delivery");
  }
}

/**
 * The same for a delivery: the run and its row of the ledger are stored together.
 * @param row of the ledger; the run's id is filled in
 * @returns null where its id has a row already
 * @throws AppError `invalid_input` for a time too far ahead
 */
export async function submitDelivered(
  ports: SubmitFiredPorts,
  order: Omit<Order, "originId" | "key"> & { job: RunJob; delivery: RunDelivery },
  row: Omit<NewDelivery, "runId">,
): Promise<RunState | null> {
  const { result, state } = await acceptOne(ports, { ...order, originId: null, key: null, row });
  if (result.kind === "accepted") return state;
  if (result.kind === "delivered") return null;
  throw new Error(STANDS_IN_LINE);
}

/**
 * The same for a job that starts after another's run: the run and its handover change together.
 * @returns null where that is not waiting any more: it has a run, or is not to have one
 * @throws AppError `invalid_input` for a time too far ahead
 */
export async function submitHandedOver(
  ports: SubmitFiredPorts,
  order: Omit<Order, "originId" | "key"> & { job: RunJob; upstream: RunUpstream },
): Promise<RunState | null> {
  const { result, state } = await acceptOne(ports, { ...order, originId: null, key: null });
  if (result.kind === "accepted") return state;
  if (result.kind === "not_armed") return null;
  throw new Error(STANDS_IN_LINE);
}

/** Stores a fresh run by the best of its ways in that the store takes. */
async function acceptOne(
  ports: SubmitFiredPorts,
  order: Order & { firing?: RunFiring; row?: Omit<NewDelivery, "runId"> },
  idMs: number = ports.clock.now(),
): Promise<{ result: AcceptResult; state: RunState }> {
  const now = ports.clock.now();
  const { spec, originId, job, firing, delivery, upstream, row } = order;
  const accepted: Accepted = {
    type: "accepted",
    at: now,
    spec,
    originId,
    ...(job && { job }),
    ...(firing && { firing }),
    ...(delivery && { delivery }),
    ...(upstream && { upstream }),
  };
  const queued = acceptRun(ports.ids.runId(idMs), order.orgId, accepted);
  const recorded = row ? { ...row, runId: queued.run.id } : null;
  const due = dueAt(queued.run);
  if (due - now > RUN_AHEAD_MAX_MS)
    throw new AppError("invalid_input", "must be a time within the next 365 days", "run_at");
  const launch = due > now ? null : await launchOfTurn(ports, queued, now);
  const ways = due > now ? [[]] : waysIn(queued, ports, now, launch);
  // Ahead of its time a run takes nobody's place in a line.
  for (const events of firing?.ahead ? ways.slice(0, 1) : ways) {
    const state = applyEvents(queued, events);
    if (state === null) throw new Error("a fresh run can always be planned, or stand in line");
    // A due time that is skipped has no run, not even one that is over.
    if (firing && isFinal(state.run.status)) return unused({ kind: "no_room" });
    const result = await ports.store.accept(state, [accepted, ...events], order.key, recorded);
    if (result.kind === "no_room") continue;
    if (result.kind !== "accepted") return unused(result);
    // The sweep finds a run whose start was not heard.
    if (!isFinal(state.run.status)) await ports.drivers.start(state).catch(() => undefined);
    return { result, state };
  }
  return unused({ kind: "no_room" });

  // Whoever repeats an order again and again must not hold up those who wait. One that stays taken costs an app one turn.
  async function unused(result: AcceptResult) {
    if (launch !== null && launch !== "awaited") await ports.launches.putBack(launch).catch(() => undefined);
    return { result, state: queued };
  }
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
