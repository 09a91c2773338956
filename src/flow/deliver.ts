/** Deliver: a call of a hook is verified, read and judged, and recorded together with the run that it starts. */

import { AppError } from "../core/error.ts";
import type { Change } from "../core/hook/change.ts";
import type { Allowance, Delivery, Filled, FilteredWhy } from "../core/hook/delivery.ts";
import { judge } from "../core/hook/filter.ts";
import { fill } from "../core/hook/map.ts";
import { type Parts, partsOf } from "../core/hook/parts.ts";
import { keptChange, runDelivery, type ToldChange } from "../core/hook/run-delivery.ts";
import type { HookFilter, HookMap, HookOptions, HookSource } from "../core/hook/spec.ts";
import type { Verdict } from "../core/hook/verdict.ts";
import type { RunJob } from "../core/job.ts";
import { DELIVERY_RULES_MAX_STEPS, DELIVERY_TEXT_MAX_CHARS } from "../core/limits.ts";
import type { RunSpec } from "../core/run-spec.ts";
import { rowFrom, rowOf } from "./delivery-row.ts";
import { type KeptBody, keptBody } from "./kept-body.ts";
import type {
  DeliveryBodies,
  DeliverySummary,
  HookStore,
  NewDelivery,
  Senders,
  StoredHook,
} from "./ports/hooks.ts";
import type { DefinedJob } from "./ports/jobs.ts";
import type { SecretKeeper, SecretSize } from "./ports/secrets.ts";
import { type SubmitPorts, submitDelivered } from "./submit.ts";

/** What a run that a delivery starts is to do. */
export interface DeliveredOrder {
  spec: RunSpec;
  job: RunJob;
  isWithoutSecrets: boolean;
}

export interface DecidePorts {
  /** What rules may take of all deliveries together that are decided on at once; absent, each has its own bounds alone. */
  allowance?: Allowance;
  /**
   * @param filled what the hook's map makes of the delivery
   * @param told what is to be built, or why it runs; of a stranger's it must see no secrets
   * @param runSecrets those that the job's run names and that are in force, by whoever has just read them
   * @throws AppError where the job can not be run with that
   */
  orderOf(
    job: DefinedJob,
    filled: FilledRun,
    told: DeliveredChange,
    runSecrets?: readonly SecretSize[],
  ): Promise<DeliveredOrder>;
}

/** What a delivery tells of, and whose it is. */
export type DeliveredChange = ToldChange<Change> & { source: HookSource };

export type FilledRun = Exclude<Filled, { complaint: unknown }>;

export interface DeliverPorts extends SubmitPorts, DecidePorts {
  hooks: HookStore;
  bodies: DeliveryBodies;
  senders: Senders;
  secrets: Pick<SecretKeeper, "values">;
  /** Counts a call that was not let in, whether or not there is a hook of the id: it must take the same. */
  countRefused(id: string): void;
}

export type Received =
  /** There is no such hook, or none of its secrets signed this: nobody is told which. */
  | { kind: "unknown" }
  /** It is the sender's, and not as his are. */
  | { kind: "unreadable"; complaint: string }
  /** It is in the ledger. `isNew` is false where an earlier call brought it there: `delivery` tells what that came to. */
  | ({ kind: "recorded" } & Recorded);

export interface Recorded {
  delivery: DeliverySummary;
  isNew: boolean;
}

/** In place of the event of a call that could not be read. */
export const UNREADABLE = "unreadable";

/** Who the call of a hook that nobody knows is checked as. */
const NOBODY: { source: HookSource; options: HookOptions } = {
  source: "github",
  options: { signature: null, dedupe: null },
};

/** Receives one call of a hook. Of several calls with one delivery, also at once, one starts a run. */
export async function receive(
  ports: DeliverPorts,
  id: string,
  headers: Headers,
  body: Uint8Array,
): Promise<Received> {
  const now = ports.clock.now();
  const called = await ports.hooks.called(id);
  const { source, options } = called?.hook.spec ?? NOBODY;
  const secrets = await ports.secrets.values(called?.hook.orgId ?? "", called?.secrets ?? []);
  const isSigned = await ports.senders.verify(source, options, headers, body, secrets, now);
  if (called === null || !isSigned) {
    ports.countRefused(id);
    return { kind: "unknown" };
  }
  const { hook, job, runSecrets } = called;
  const read = await ports.senders.read(source, options, headers, body, hook.spec);
  if ("complaint" in read) {
    await ports.hooks.record(await unreadable(ports, hook, job, headers, body, read.complaint, now), now);
    return { kind: "unreadable", complaint: read.complaint };
  }
  const { parts, rest } = partsOf(read);
  const together = { ...ports, allowance: { left: DELIVERY_RULES_MAX_STEPS } };
  // As large as it may be it is hashed and put once, and not for each of its parts.
  const kept = await keptBody(ports, hook, body, now, read.deliveryId);
  const recorded: Recorded[] = [];
  for (const part of parts) {
    const of = { kept: keptBeside(recorded[0], kept), originId: null, runSecrets };
    const one = await deliver(together, hook, job, part, of);
    if (one === null) throw new Error(`the delivery ${part.deliveryId} came and went`);
    recorded.push(one);
  }
  if (rest !== null) recorded.push(await recordRest(ports, hook, job, keptBeside(recorded[0], kept), rest));
  return { kind: "recorded", ...mostTelling(recorded) };
}

/** What the rows of a call have of its body that follow the first: nothing where that has the same. They go when it goes, so all are of its time. */
function keptBeside(first: Recorded | undefined, kept: KeptBody): KeptBody {
  if (first === undefined || first.delivery.bodySha256 !== kept.bodySha256) return kept;
  const { id, bodyOf, receivedAt } = first.delivery;
  return bodyOf === null ? { ...kept, receivedAt, body: new Uint8Array(), bodyOf: id } : kept;
}

/** Of several parts the sender is told of the first that started a run. @param recorded one at least */
function mostTelling(recorded: Recorded[]): Recorded {
  const told = recorded.find(({ delivery }) => delivery.verdict === "started") ?? recorded[0];
  if (told === undefined) throw new Error("a delivery has a part at least");
  return { ...told, isNew: recorded.some(({ isNew }) => isNew) };
}

/** A row that says what was too much at once. */
async function recordRest(
  { hooks, clock }: Pick<DeliverPorts, "hooks" | "clock">,
  hook: StoredHook,
  job: DefinedJob,
  kept: KeptBody,
  { delivery, detail }: NonNullable<Parts["rest"]>,
): Promise<Recorded> {
  const row = rowFrom(rowOf(hook, job, kept), delivery, null);
  const told = toldOf({ verdict: "refused", change: null, detail });
  return hooks.record({ ...row, ...told, runId: null }, clock.now());
}

/**
 * Decides on a delivery and records that.
 * @param of its body, the delivery that it repeats by somebody's hand, and what is known of secrets
 * @returns null where a row of its id came and went at the same time, which none does but after 90 days
 */
export async function deliver(
  ports: Pick<DeliverPorts, "hooks"> & SubmitPorts & DecidePorts,
  hook: StoredHook,
  job: DefinedJob,
  delivery: Delivery,
  of: { kept: KeptBody; originId: string | null; runSecrets?: readonly SecretSize[] },
): Promise<Recorded | null> {
  const { hooks, clock } = ports;
  const at = clock.now();
  const decision = await decide(ports, hook.spec, job, delivery, of.runSecrets);
  const row = {
    ...rowFrom(rowOf(hook, job, of.kept), delivery, of.originId),
    ...toldOf(decision),
  };
  if (decision.verdict !== "started") return hooks.record({ ...row, runId: null }, at);
  const { order, change } = decision;
  const runOf = runDelivery(hook.spec, delivery, change, order.isWithoutSecrets);
  try {
    const state = await submitDelivered(ports, { orgId: hook.orgId, ...order, delivery: runOf }, row);
    if (state !== null)
      return {
        delivery: { ...summaryOf(row), runId: state.run.id, repeats: 0, repeatedAt: null },
        isNew: true,
      };
  } catch (error) {
    const detail = refusal(error);
    return hooks.record({ ...row, runId: null, verdict: "refused", detail }, at);
  }
  const earlier = await hooks.repeated(hook, row.id, at);
  return earlier && { delivery: earlier, isNew: false };
}

/** What a delivery comes to by a hook's rules, or by others. */
export type Decision =
  | {
      verdict: "started";
      change: Change | null;
      order: DeliveredOrder;
      filled: FilledRun;
      detail: string | null;
    }
  | { verdict: "filtered"; change: Change | null; why: FilteredWhy; detail: string }
  | { verdict: "paused" | "ping"; change: Change | null }
  | { verdict: "refused"; change: Change | null; detail: string };

/** Decides, and starts nothing. */
export async function decide(
  ports: DecidePorts,
  { filter, map }: { filter: HookFilter; map: HookMap },
  job: DefinedJob,
  delivery: Delivery,
  runSecrets?: readonly SecretSize[],
): Promise<Decision> {
  const judgement = judge(filter, delivery, ports.allowance);
  if (judgement.verdict === "ping") return { verdict: "ping", change: null };
  if (judgement.verdict === "filtered") return judgement;
  const { change, undecided } = judgement;
  if (job.job.pausedAt !== null) return { verdict: "paused", change };
  const filled = fill(map, delivery, change, ports.allowance);
  if ("complaint" in filled) {
    const { path, message } = filled.complaint;
    return { verdict: "refused", change, detail: `${path}: ${message}` };
  }
  try {
    const { source, isOfPullRequest = false, mayBeOfFork = false } = delivery;
    const told = { source, change, isOfPullRequest, mayBeOfFork };
    const order = await ports.orderOf(job, filled, told, runSecrets);
    return { verdict: "started", change, order, filled, detail: undecided };
  } catch (error) {
    const missed =
      delivery.missed === undefined ? "" : `; what has changed was not understood: ${delivery.missed}`;
    return { verdict: "refused", change, detail: refusal(error) + missed };
  }
}

/** Why a job can not be run. @throws what is no answer to a caller */
function refusal(error: unknown): string {
  if (!(error instanceof AppError) || error.code !== "invalid_input") throw error;
  return `the job can not be run: ${error.path === null ? "" : `${error.path}: `}${error.message}`;
}

/** What a row tells of a decision. */
function toldOf(decision: Decision) {
  const { verdict, change } = decision;
  return {
    verdict: verdict as Verdict,
    why: decision.verdict === "filtered" ? decision.why : null,
    detail: ("detail" in decision ? decision.detail?.slice(0, DELIVERY_TEXT_MAX_CHARS) : null) ?? null,
    change: change && keptChange(change),
    isWithoutSecrets: decision.verdict === "started" && decision.order.isWithoutSecrets,
  };
}

/** What could not be read has no id that the sender gave it. */
function unreadableId(bodySha256: string): string {
  return `unreadable-${bodySha256}`;
}

/** A row of what could not be read. */
async function unreadable(
  ports: Pick<DeliverPorts, "hooks" | "bodies">,
  hook: StoredHook,
  job: DefinedJob,
  headers: Headers,
  body: Uint8Array,
  complaint: string,
  at: number,
): Promise<NewDelivery> {
  const row = rowOf(hook, job, await keptBody(ports, hook, body, at, unreadableId));
  const type = headers.get("content-type");
  return {
    ...row,
    id: unreadableId(row.bodySha256),
    event: UNREADABLE,
    action: null,
    headers: type === null ? {} : { "content-type": type.slice(0, DELIVERY_TEXT_MAX_CHARS) },
    verdict: "refused",
    why: null,
    detail: complaint.slice(0, DELIVERY_TEXT_MAX_CHARS),
    runId: null,
    originId: null,
    isWithoutSecrets: false,
    change: null,
  };
}

function summaryOf({ headers: _headers, body: _body, ...summary }: Omit<NewDelivery, "runId">) {
  return summary;
}
