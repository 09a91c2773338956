/** Faults that are switched on from outside, and the count of calls per operation. `faulty.ts` makes calls go through them. */

import { readFileSync } from "node:fs";
import { z } from "zod";
import { CAPACITY_SHAPE_NAMES } from "./capacity.ts";

const KINDS = [
  /** Answers with `status` and `body`; nothing is done. */
  "error_before",
  /** Does it, then answers with `status` and `body` all the same. */
  "error_after",
  /** Begins it, and answers with `status` and `body` after `delay_ms` unless it was through by then. What was begun goes on. */
  "error_midway",
  /** Nothing is done, for want of room, in one of the shapes that Fly says so (`shape`). */
  "no_capacity",
  /** Does nothing and never answers. */
  "hang",
  /** Does it, then closes the connection without an answer. */
  "drop",
  /** Does it `delay_ms` later. */
  "slow",
  /** Does it at once, and answers `delay_ms` later. */
  "late",
  /** Answers as if there were nothing: every list in the answer is empty. */
  "empty",
  /** An update is accepted, and `delay_ms` later taken back: the old version is there again, stopped. */
  "revert",
  /** The host of `machine` can not be reached: reading shows the last known state, anything else is refused. */
  "machine_lost",
  /** The clock of the server is `skew_ms` off; met is every call meanwhile. */
  "clock_skew",
] as const;

/** What happens in a Machine and is no call: its image is fetched; it boots. Both can only be slow. */
const PHASES = ["pull", "boot"];
/** What alone can be reverted. */
const UPDATE = "update";
const ANY = "*";
const FOREVER_AT_MOST = 1_000_000;
/** A day: what is longer is a hang, and a timer of more than 24 days is none. */
const DELAY_MAX_MS = 24 * 3_600_000;
/** A hundred years, to either side. */
const SKEW_MAX_MS = 100 * 365 * 24 * 3_600_000;

export const fault = z
  .strictObject({
    /** "create", "wait", "exec", … as GET /_control/calls names them; "*" is any call; "pull" and "boot" are of a Machine. */
    operation: z.string().default(ANY),
    kind: z.enum(KINDS),
    /** Only calls about this app or this Machine (its id). */
    app: z.string().optional(),
    machine: z.string().optional(),
    status: z.number().int().min(200).max(599).optional(),
    /** A string is sent as plain text, as gateways do; anything else as JSON. Default: what fits the status. */
    body: z.unknown().optional(),
    shape: z.enum(CAPACITY_SHAPE_NAMES).default("region"),
    delay_ms: z.number().min(0).max(DELAY_MAX_MS).default(0),
    skew_ms: z.number().min(-SKEW_MAX_MS).max(SKEW_MAX_MS).default(0),
    /** When the host of a lost Machine is gone for good, and the Machine with it. Default: it only is unreachable. */
    gone_after_ms: z.number().min(0).max(DELAY_MAX_MS).optional(),
    /** How many calls it meets, after it let pass `after` of those it could have met. */
    count: z.number().int().min(1).max(FOREVER_AT_MOST).default(1),
    after: z.number().int().min(0).default(0),
    /** Meets only so many of its calls, drawn from `seed`: the same seed meets the same ones. */
    probability: z.number().gt(0).max(1).default(1),
    seed: z.number().int().default(1),
  })
  .refine((given) => given.kind !== "machine_lost" || given.machine !== undefined, {
    path: ["machine"],
    message: "the id of the machine that is lost is expected",
  })
  .refine((given) => !PHASES.includes(given.operation) || given.kind === "slow", {
    path: ["kind"],
    message: `${PHASES.join(" and ")} can be slow only`,
  })
  .refine((given) => given.kind !== "revert" || given.operation === UPDATE, {
    path: ["operation"],
    message: `only "${UPDATE}" can be reverted`,
  });
export type Fault = z.infer<typeof fault>;

export interface Subject {
  readonly app: string | undefined;
  readonly machine: string | undefined;
}

/** A fault and how often it was met. */
interface Armed {
  readonly fault: Fault;
  readonly draw: () => number;
  passed: number;
  met: number;
}

export class Faults {
  /** The names of all operations that the server has. */
  readonly operations = new Set<string>();
  #armed: Armed[] = [];
  #unreachable = new Map<string, Fault>();
  #skew: { readonly fault: Fault; met: number } | null = null;
  readonly #onSkew: (skewMs: number) => void;
  readonly #calls = new Map<string, number>();

  /** @param onSkew is told how far the server's clock is to be off from now on, in milliseconds */
  constructor(onSkew: (skewMs: number) => void) {
    this.#onSkew = onSkew;
  }

  /** @throws Error where no such operation is ever called */
  add(added: Fault): void {
    const { operation, kind } = added;
    if (kind === "clock_skew") {
      this.#skew = { fault: added, met: 0 };
      this.#onSkew(added.skew_ms);
      return;
    }
    if (kind === "machine_lost") {
      this.#unreachable.set(added.machine ?? "", added);
      return;
    }
    if (operation !== ANY && !PHASES.includes(operation) && !this.operations.has(operation))
      throw new Error(
        `operation: "${operation}" is none of ${[ANY, ...PHASES, ...this.operations].join(", ")}`,
      );
    this.#armed.push({ fault: added, draw: generator(added.seed), passed: 0, met: 0 });
  }

  clear(): void {
    this.#armed = [];
    this.#unreachable.clear();
    this.#skew = null;
    this.#onSkew(0);
  }

  /** What is switched on, and how often it was met. */
  list(): (Fault & { met: number })[] {
    return [
      ...this.#armed.map(({ fault: each, met }) => ({ ...each, met })),
      ...[...this.#unreachable.values()].map((each) => ({ ...each, met: 0 })),
      ...(this.#skew === null ? [] : [{ ...this.#skew.fault, met: this.#skew.met }]),
    ];
  }

  calls(): Record<string, number> {
    return Object.fromEntries(this.#calls);
  }

  get skewMs(): number {
    return this.#skew?.fault.skew_ms ?? 0;
  }

  /** The fault by which a Machine's host can not be reached, or null. */
  unreachable(machine: string | undefined): Fault | null {
    return this.#unreachable.get(machine ?? "") ?? null;
  }

  get hasUnreachable(): boolean {
    return this.#unreachable.size > 0;
  }

  /** The host of this Machine is gone, and nobody asks for it any more. */
  forget(machine: string): void {
    this.#unreachable.delete(machine);
  }

  /** Counts a call and takes the oldest fault that waits for it. */
  meet(operation: string, subject: Subject): Fault | null {
    this.#calls.set(operation, (this.#calls.get(operation) ?? 0) + 1);
    if (this.#skew !== null) this.#skew.met += 1;
    return this.#take(operation, subject, (kind) => kind !== "revert");
  }

  /** How long a phase of a Machine's start takes longer, in milliseconds. */
  delayOf(phase: "pull" | "boot", subject: Subject): number {
    return this.#take(phase, subject)?.delay_ms ?? 0;
  }

  /** After how long an update that was accepted is taken back, in milliseconds; null where it stands. */
  revertOf(subject: Subject): number | null {
    return this.#take(UPDATE, subject, (kind) => kind === "revert")?.delay_ms ?? null;
  }

  #take(operation: string, subject: Subject, isKind = (_: Fault["kind"]) => true): Fault | null {
    const found = this.#armed.find((armed) => isKind(armed.fault.kind) && isMet(armed, operation, subject));
    if (found === undefined) return null;
    found.met += 1;
    return found.fault;
  }
}

function isMet(armed: Armed, operation: string, subject: Subject): boolean {
  const { fault: given } = armed;
  if (armed.met >= given.count) return false;
  const isAny = given.operation === ANY && !PHASES.includes(operation);
  if (given.operation !== operation && !isAny) return false;
  if (given.app !== undefined && given.app !== subject.app) return false;
  if (given.machine !== undefined && given.machine !== subject.machine) return false;
  armed.passed += 1;
  return armed.passed > given.after && armed.draw() < given.probability;
}

/** Numbers from 0 to 1, always the same for a seed (mulberry32, public domain). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Reads a file of faults: a JSON array of them. @throws Error that names the file and what is wrong with it */
export function readFaultsFile(path: string): Fault[] {
  try {
    const parsed = z.array(fault).safeParse(JSON.parse(readFileSync(path, "utf8")));
    if (parsed.success) return parsed.data;
    throw new Error(complaint(parsed.error));
  } catch (error) {
    throw new Error(`the file of faults ${path}: ${(error as Error).message}`);
  }
}

/** @throws Error that names the file and the fault that no operation can meet */
export function addFromFile(faults: Faults, given: readonly Fault[], path: string): void {
  for (const [index, each] of given.entries()) {
    try {
      if (each.gone_after_ms !== undefined)
        throw new Error("gone_after_ms: only POST /_control/faults takes it, while the machine is there");
      faults.add(each);
    } catch (error) {
      throw new Error(`the file of faults ${path}: ${index}.${(error as Error).message}`);
    }
  }
}

/** "0.kind: …" for the first thing that is wrong. */
export function complaint(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue?.path.join(".") ?? "";
  return `${path === "" ? "" : `${path}: `}${issue?.message}`;
}
