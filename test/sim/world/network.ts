/** The way from a driver to the Machines API and back, on which everything can go wrong that goes wrong between computers. */

import { MACHINES_CALL_TIMEOUT_MS } from "../../../src/core/limits.ts";
import { FlyError, type FlyErrorKind } from "../../../src/fly/error.ts";
import type { Chance } from "../chance.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Trace } from "../trace.ts";
import {
  DUPLICATE_MAX_MS,
  LATE_REQUEST_MAX_MS,
  REQUEST_MAX_MS,
  SLOW_LIST_MAX_MS,
  SLOW_LIST_MIN_MS,
} from "./model.ts";

/** What the Machines API says to a request. */
export type Answer<T> =
  | { status: 200; body: T }
  | { status: number; error: string; code?: string | null; body?: undefined };

/** Takes a request; answers at once or later, or never. Gives back how to give it up. */
export type Serve<T> = (reply: (answer: Answer<T>) => void) => () => void;

export interface Call {
  method: "GET" | "POST" | "DELETE";
  /** Names the call in traces: "exec m1". */
  name: string;
  timeoutMs?: number;
  interrupt?: AbortSignal | undefined;
}

const GATEWAY = [502, 503, 504, 408] as const;
const NOTHING = () => {};

export class Network {
  readonly #chance: Chance;
  readonly #time: Scheduler;
  readonly #trace: Trace;
  /** How long each list is on its way, storm or not. */
  readonly #listTakesMs: number;
  #downUntil = 0;

  constructor(chance: Chance, time: Scheduler, trace: Trace) {
    this.#chance = chance;
    this.#time = time;
    this.#trace = trace;
    const isSlow = chance.fault("slow lists", 0.1);
    this.#listTakesMs = isSlow ? chance.between("slow lists take", SLOW_LIST_MIN_MS, SLOW_LIST_MAX_MS) : 0;
  }

  /** Nobody is answered for so long, or until the storm is over. */
  goDown(forMs: number): void {
    this.#trace.say(`the Machines API is down for ${forMs} ms`);
    this.#downUntil = this.#time.now() + forMs;
  }

  /** @throws FlyError, as the client of `src/fly` does */
  call<T>(call: Call, serve: Serve<T>): Promise<T> {
    const { method, name, interrupt } = call;
    this.#trace.say(`${name} is asked`);
    return new Promise((resolve, reject) => {
      const giveUps: (() => void)[] = [];
      let open = true;
      const close = (how: string, then: () => void) => {
        if (!open) return;
        open = false;
        timeout.cancel();
        interrupt?.removeEventListener("abort", onInterrupt);
        for (const giveUp of giveUps) giveUp();
        this.#trace.say(`${name}: ${how}`);
        then();
      };
      const fail = (kind: FlyErrorKind, status: number | null, reply: string, code: string | null = null) =>
        close(status === null ? reply : `${status} ${reply}`, () =>
          reject(new FlyError({ kind, method, url: name, status, reply, code, requestId: null })),
        );
      const onInterrupt = () => fail("unanswered", null, "given up by the driver");
      const timeout = this.#time.after(call.timeoutMs ?? MACHINES_CALL_TIMEOUT_MS, () =>
        fail("unanswered", null, "no answer in time"),
      );
      interrupt?.addEventListener("abort", onInterrupt);
      if (interrupt?.aborted) return onInterrupt();
      const answered = (answer: Answer<T>) => {
        if (answer.body !== undefined) {
          const { body } = answer;
          close("answered", () => resolve(body));
        } else if (answer.status === 200) close("answered", () => resolve(undefined as T));
        else if ("error" in answer) fail("answered", answer.status, answer.error, answer.code ?? null);
      };
      this.#carry(name, fail, answered, (reply) => {
        const giveUp = serve(reply);
        // The server does what it was asked for whether or not its client still waits; a held request ends with it.
        if (open) giveUps.push(giveUp);
        else giveUp();
      });
    });
  }

  /** The request's way, its effect, and the answer's way back. */
  #carry<T>(
    name: string,
    fail: (kind: FlyErrorKind, status: number | null, reply: string) => void,
    answered: (answer: Answer<T>) => void,
    serve: (reply: (answer: Answer<T>) => void) => void,
  ): void {
    const chance = this.#chance;
    const verb = name.split(" ", 1)[0] ?? "";
    const often = frequencyOf(verb);
    const gateway = () => chance.pick("gateway's status", GATEWAY);
    const away = chance.between("request takes", 1, REQUEST_MAX_MS);
    if (chance.stormy && this.#time.now() < this.#downUntil)
      return void this.#time.after(away, () => fail("answered", 503, "upstream is down"));
    if (chance.fault(`refused connection of ${verb}`, 0.03 * often))
      return void this.#time.after(away, () => fail("unreachable", null, "connection refused"));
    if (chance.fault(`429 to ${verb}`, 0.05 * often))
      return void this.#time.after(away, () => fail("answered", 429, "rate limit exceeded"));
    if (chance.fault(`gateway error before ${verb}`, 0.03 * often))
      return void this.#time.after(away, () => fail("answered", gateway(), "upstream request timeout"));
    if (chance.fault(`lost request of ${verb}`, 0.03 * often)) {
      if (chance.number("reset or silence") < 0.5)
        this.#time.after(away, () => fail("unanswered", null, "connection reset"));
      return;
    }
    const late = chance.fault(`late request of ${verb}`, 0.04 * often);
    const arrives = late ? chance.between("late request takes", 0, LATE_REQUEST_MAX_MS) : away;
    const reply = this.#answersWay(verb, fail, answered, gateway);
    if (!chance.fault(`${verb} delivered twice`, 0.04 * often))
      return void this.#time.after(arrives, () => serve(reply));
    // Who repeats a request does so for want of an answer: one that is refused is not repeated.
    let refused = false;
    const firstCounts = chance.number("which answer of two") < 0.5;
    const again = arrives + chance.between("second delivery after", 0, DUPLICATE_MAX_MS);
    this.#time.after(arrives, () =>
      serve((answer) => {
        refused = answer.status !== 200;
        if (firstCounts || refused) reply(answer);
      }),
    );
    this.#time.after(again, () => {
      if (!refused) serve(firstCounts ? NOTHING : reply);
    });
  }

  #answersWay<T>(
    verb: string,
    fail: (kind: FlyErrorKind, status: number | null, reply: string) => void,
    answered: (answer: Answer<T>) => void,
    gateway: () => number,
  ): (answer: Answer<T>) => void {
    const chance = this.#chance;
    const often = frequencyOf(verb);
    return (answer) => {
      const back =
        chance.between("answer takes", 1, REQUEST_MAX_MS) + (verb === "list" ? this.#listTakesMs : 0);
      if (chance.fault(`lost answer of ${verb}`, 0.04 * often)) {
        if (chance.number("reset or silence") < 0.5)
          this.#time.after(back, () => fail("unanswered", null, "connection reset"));
      } else if (chance.fault(`gateway error after ${verb}`, 0.03 * often))
        this.#time.after(back, () => fail("answered", gateway(), "upstream request timeout"));
      else if (chance.fault(`unreadable answer of ${verb}`, 0.02 * often))
        this.#time.after(back, () => fail("unreadable", 200, "the answer is not as documented"));
      else {
        const late = chance.fault(`late answer of ${verb}`, 0.03 * often);
        this.#time.after(late ? chance.between("late answer takes", 0, 40_000) : back, () =>
          answered(answer),
        );
      }
    };
  }
}

/** A run asks for its machine once and for output many times, and the first is where most can go wrong. */
function frequencyOf(verb: string): number {
  return verb === "create" ? 3 : 1;
}
