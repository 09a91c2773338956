/** One order of a simulated caller: what is submitted, what its command will do, and what came back. */

import { newRunId } from "../../../src/core/id.ts";
import { CONCURRENCY_STRATEGIES, type Guest, type RunSpec } from "../../../src/core/run-spec.ts";
import type { Followed } from "../../../src/flow/follow.ts";
import type { IdempotencyKey } from "../../../src/flow/ports.ts";
import { aSpec } from "../../support/a-run.ts";
import type { Chance } from "../chance.ts";
import { aBehaviour, type Behaviour } from "./program.ts";
import { aRetryPolicy } from "./retry.ts";

export interface Order {
  number: number;
  spec: RunSpec;
  behaviour: Behaviour;
  /** The order whose run this one repeats; null where it repeats none. */
  repeats: Order | null;
  key: IdempotencyKey | null;
  /** How long before its time it is submitted; null where it has none, and starts as soon as it can. */
  leadMs: number | null;
  /** Ids that were drawn for it, stored or not. */
  runIds: string[];
  /** Runs that its caller was answered with. */
  answers: string[];
  /** When a cancel was first asked for, whatever became of that. */
  cancelAskedAt: number | null;
  /** What each follower was told. */
  followed: Followed[][];
}

const SIZES: readonly [Guest, ...Guest[]] = [
  { cpuKind: "shared", cpus: 1, memoryMb: 256 },
  { cpuKind: "shared", cpus: 1, memoryMb: 2048 },
  { cpuKind: "performance", cpus: 1, memoryMb: 3072 },
  // Half of the largest, and the largest but one step.
  { cpuKind: "shared", cpus: 8, memoryMb: 8192 },
  { cpuKind: "shared", cpus: 8, memoryMb: 16_128 },
];

const REGION_LISTS: readonly [string[], ...string[][]] = [
  [],
  ["ams"],
  ["ams", "fra"],
  ["fra", "ams", "fra", "eu"],
];

/** Tags by which several orders are cancelled at once. */
export const GROUPS = ["odd", "even"] as const;

/**
 * @param beginsAt of the seed, in epoch milliseconds
 * @param mayBePunctual false where a ledger would miss the due time that a run is ordered for ahead
 */
export function anOrder(number: number, chance: Chance, beginsAt: number, mayBePunctual: boolean): Order {
  const retry = aRetryPolicy(chance);
  const machine = chance.pick("size", SIZES);
  const timeouts = {
    queueMs: chance.between("queue limit", 20, 300) * 1000,
    bootMs: chance.between("boot limit", 5, 120) * 1000,
    // What can be done several times is short, so that a seed's end is near.
    runMs: Math.ceil(3 + chance.number("run limit") ** 2 * (retry.attempts > 1 ? 120 : 600)) * 1000,
    stopMs: chance.between("stop limit", 1, 10) * 1000,
  };
  const capture = chance.number("capture") < 0.8 ? "output" : "none";
  const spec = aSpec({
    timeouts,
    retry,
    machine,
    regions: chance.pick("regions", REGION_LISTS),
    capture,
    secrets: capture === "output" ? someSecrets(chance) : {},
    name: `order ${number}`,
    tags: { group: chance.pick("group", GROUPS) },
    ...aTurn(chance, beginsAt),
  });
  const order = orderOf(number, spec, null, chance);
  return mayBePunctual && chance.fault("a punctual run", 0.15) ? punctual(order, chance) : order;
}

/** For a due time that is ahead, as a punctual schedule submits it. It waits for nothing of its own besides. */
function punctual(order: Order, chance: Chance): Order {
  const spec = { ...order.spec, concurrency: null, delayMs: 0, runAt: null };
  return { ...order, spec, key: null, leadMs: chance.between("lead", 200, 40_000) };
}

/** Names of secrets by variables. */
const SECRETS: readonly [Record<string, string>, ...Record<string, string>[]] = [
  { TOKEN: "TOKEN" },
  { TOKEN: "TOKEN", SAME: "TOKEN" },
  { TOKEN: "TOKEN", PASSWORD: "PASSWORD" },
  { PASSWORD: "PASSWORD" },
];

function someSecrets(chance: Chance): Record<string, string> {
  if (!chance.fault("a run with secrets", 0.12)) return {};
  // Looking for all forms of a key of many lines takes its time.
  return chance.fault("a secret too large for one call", 0.05)
    ? { PEM: "PEM" }
    : chance.pick("secrets", SECRETS);
}

/** Keys, each of which has one limit: with several the run that took its slot last would tell. */
const KEYS: readonly [[string, number], ...[string, number][]] = [
  ["a", 1],
  ["b", 2],
];

/** The same where nothing but a launch is waited for. */
export function inARush(order: Order): Order {
  return { ...order, spec: { ...order.spec, concurrency: null, delayMs: 0, runAt: null } };
}

/** When its turn is: half of the orders share one of two keys. */
function aTurn(chance: Chance, beginsAt: number): Partial<RunSpec> {
  const [key, limit] = chance.pick("concurrency key", KEYS);
  const concurrency = { key, limit, strategy: chance.pick("strategy", CONCURRENCY_STRATEGIES) };
  return {
    concurrency: chance.number("has a concurrency key") < 0.5 ? concurrency : null,
    priority: chance.between("priority", -1, 1),
    expiresMs: chance.between("expires", 20, 900) * 1000,
    ...aTime(chance, beginsAt),
  };
}

/** At once, after a delay, or at a time that can have passed by then. */
function aTime(chance: Chance, beginsAt: number): Pick<RunSpec, "delayMs" | "runAt"> {
  const drawn = chance.number("is delayed");
  return {
    delayMs: drawn < 0.2 ? chance.between("delay", 1, 60_000) : 0,
    runAt: drawn >= 0.2 && drawn < 0.35 ? beginsAt + chance.between("run at", 0, 120_000) : null,
  };
}

/** An order that repeats another: the same once more, or with a change. */
export function aRerun(number: number, repeats: Order, chance: Chance): Order {
  const { spec } = repeats;
  const change: Partial<RunSpec> =
    chance.number("rerun with changes") < 0.5 ? { regions: chance.pick("regions", REGION_LISTS) } : {};
  return orderOf(number, { ...spec, ...change }, repeats, chance);
}

function orderOf(number: number, spec: RunSpec, repeats: Order | null, chance: Chance): Order {
  const variables = Object.keys(spec.secrets);
  const behaviour = aBehaviour(chance, spec.timeouts.runMs, spec.machine.memoryMb, variables);
  const hasKey = chance.number("has a key") < 0.5;
  const key = hasKey ? { key: `key ${number}`, bodyHash: `hash of order ${number}` } : null;
  return orderWith(number, spec, repeats, behaviour, key);
}

function orderWith(
  number: number,
  spec: RunSpec,
  repeats: Order | null,
  behaviour: Behaviour,
  key: IdempotencyKey | null,
): Order {
  return {
    number,
    spec,
    behaviour,
    repeats,
    key,
    leadMs: null,
    runIds: [],
    answers: [],
    cancelAskedAt: null,
    followed: [],
  };
}

/** An id for a run of this order. */
export function drawRunId(order: Order, nowMs: number): string {
  const id = newRunId(
    nowMs,
    Uint8Array.from({ length: 16 }, (_, index) => order.number * 31 + order.runIds.length * 7 + index),
  );
  order.runIds.push(id);
  return id;
}

/** An order for a due time. */
export function aFiredOrder(number: number, spec: RunSpec, chance: Chance): Order {
  const behaviour = aBehaviour(chance, spec.timeouts.runMs, spec.machine.memoryMb, []);
  // Each has a spec of its own, by which its run is known.
  return orderWith(number, { ...spec }, null, behaviour, null);
}

/** @param number of the run among all that are for a due time */
export function drawFiredRunId(nowMs: number, number: number): string {
  // Five bits of a byte are used.
  const digit = (index: number) => (index < 12 ? 31 : Math.floor(number / 32 ** (15 - index)) % 32);
  return newRunId(
    nowMs,
    Uint8Array.from({ length: 16 }, (_, index) => digit(index)),
  );
}
