/** One order of a simulated caller: what is submitted, what its command will do, and what came back. */

import { newRunId } from "../../../src/core/id.ts";
import type { RunSpec } from "../../../src/core/run-spec.ts";
import type { Followed } from "../../../src/flow/follow.ts";
import type { IdempotencyKey } from "../../../src/flow/ports.ts";
import { aSpec } from "../../support/a-run.ts";
import type { Chance } from "../chance.ts";
import { aProgram, type Program } from "./program.ts";

export interface Order {
  number: number;
  spec: RunSpec;
  program: Program;
  key: IdempotencyKey | null;
  /** Ids that were drawn for it, stored or not. */
  runIds: string[];
  /** Runs that its caller was answered with. */
  answers: string[];
  /** When a cancel was first asked for, whatever became of that. */
  cancelAskedAt: number | null;
  /** What each follower was told. */
  followed: Followed[][];
}

export function anOrder(number: number, chance: Chance): Order {
  const timeouts = {
    queueMs: chance.between("queue limit", 20, 300) * 1000,
    bootMs: chance.between("boot limit", 5, 120) * 1000,
    runMs: Math.ceil(3 + chance.number("run limit") ** 2 * 600) * 1000,
    stopMs: chance.between("stop limit", 1, 10) * 1000,
  };
  return {
    number,
    spec: aSpec({
      timeouts,
      capture: chance.number("capture") < 0.8 ? "output" : "none",
      name: `order ${number}`,
    }),
    program: aProgram(chance, timeouts.runMs),
    key:
      chance.number("has a key") < 0.5 ? { key: `key ${number}`, bodyHash: `hash of order ${number}` } : null,
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
