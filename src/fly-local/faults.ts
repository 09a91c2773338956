/** Faults that a test switches on from outside, and the count of calls per operation. */

import { z } from "zod";

export const fault = z.object({
  /** The operation's name, such as "create", "wait", "exec", "get", "list", "signal" or "destroy". */
  operation: z.string(),
  kind: z.enum([
    /** Answers with `status` and `body`; nothing is done. */
    "error_before",
    /** Does it, then answers with `status` and `body` all the same. */
    "error_after",
    /** Does nothing and never answers. */
    "hang",
    /** Does it, then closes the connection without an answer. */
    "drop",
    /** Does it `delay_ms` later. */
    "slow",
  ]),
  status: z.number().int().min(200).max(599).default(500),
  /** A string is sent as plain text, as gateways do; anything else as JSON. */
  body: z.unknown().optional(),
  delay_ms: z.number().min(0).default(0),
  /** How many calls it meets. */
  count: z.number().int().min(1).default(1),
});
export type Fault = z.infer<typeof fault>;

export class Faults {
  #armed: Fault[] = [];
  readonly #calls = new Map<string, number>();

  add(added: Fault): void {
    this.#armed.push({ ...added });
  }

  clear(): void {
    this.#armed = [];
  }

  calls(): Record<string, number> {
    return Object.fromEntries(this.#calls);
  }

  /** Counts a call and takes the oldest fault that waits for its operation. */
  meet(operation: string): Fault | null {
    this.#calls.set(operation, (this.#calls.get(operation) ?? 0) + 1);
    const found = this.#armed.find((armed) => armed.operation === operation);
    if (found === undefined) return null;
    found.count -= 1;
    if (found.count === 0) this.#armed = this.#armed.filter((armed) => armed !== found);
    return found;
  }
}
