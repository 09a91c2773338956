/** What a run is to carry out: the complete, checked form of what a caller sends inline, or of a Job. */

import type { CancelReason, Reason } from "./run.ts";
import { isSameJson } from "./same-json.ts";
import { type Checkout, checkoutSecrets } from "./step/checkout.ts";
import type { StepSpec } from "./step/spec.ts";

/** The size of a Machine in Fly's words: config.guest of the Machines API. */
export interface Guest {
  cpuKind: "shared" | "performance";
  cpus: number;
  memoryMb: number;
}

/** A file put into the Machine before its command starts. */
export interface SpecFile {
  /** Absolute path inside the Machine. */
  path: string;
  /** Its bytes, base64 (RFC 4648). */
  base64: string;
  /** Permission bits, such as 0o644. */
  mode: number;
}

/** The pause before an attempt: `initialMs`, times `factor` for each failure before, at most `maxMs`. */
export interface Backoff {
  initialMs: number;
  factor: number;
  maxMs: number;
  /** From 0 to 1: how much of the pause may be left out, so that what failed together is not repeated together. */
  jitter: number;
}

/** What a retry does otherwise than the attempt before, or that there is none. */
export type RetryAction = (typeof RETRY_ACTIONS)[number];

/**
 * - `same_size`: the same Machine once more.
 * - `next_size`: one of twice the memory.
 * - `next_region`: one in the next region of the run's list.
 * - `stop`: no retry.
 */
export const RETRY_ACTIONS = ["same_size", "next_size", "next_region", "stop"] as const;

/** What to do after some failures. It is for a failure that any of its three lists names; the first rule that fits is taken. */
export interface RetryRule {
  reasons: Exclude<Reason, CancelReason>[];
  exitCodes: number[];
  signals: string[];
  do: RetryAction;
  /** Pause before the attempt, in place of the backoff; null for the backoff. */
  waitMs: number | null;
}

/** When a failed attempt is followed by another; `core/retry.ts` says what applies where no rule fits. */
export interface RetryPolicy {
  /** Attempts that may fail of the job's own doing, the first one among them. */
  attempts: number;
  backoff: Backoff;
  rules: RetryRule[];
}

/** Time limits in milliseconds; `core/limits.ts` says what each one spans. */
export interface Timeouts {
  queueMs: number;
  bootMs: number;
  runMs: number;
  stopMs: number;
}

/**
 * How a run's output is had. `output`: the runner takes the place of the image's entrypoint, both streams are kept
 * byte for byte. `none`: the image runs as it is and only its exit is known (for images without a shell).
 */
export type Capture = "output" | "none";

/**
 * What a run does that finds no free slot of its concurrency key.
 * - `queue`: it waits.
 * - `cancel_running`: it asks the oldest runs of the key to cancel, as many as there are too many, and waits until they are gone.
 * - `drop_new`: it ends at once.
 */
export type ConcurrencyStrategy = (typeof CONCURRENCY_STRATEGIES)[number];

export const CONCURRENCY_STRATEGIES = ["queue", "cancel_running", "drop_new"] as const;

/** How many runs of one key may run at once. */
export interface Concurrency {
  key: string;
  limit: number;
  strategy: ConcurrencyStrategy;
}

/** A complete spec: every default filled in, every value checked. */
export interface RunSpec {
  image: string;
  /** The command and its arguments; null where `script` is given, or where `capture` is none and the image's own runs. */
  command: string[] | null;
  /** A text run by `sh`; null where `command` is given. */
  script: string | null;
  /** The repository that is brought in before; null where none is. */
  checkout: Checkout | null;
  /** What is run one after the other in place of command and script; empty where one of those is given. */
  steps: StepSpec[];
  env: Record<string, string>;
  /** Names of secrets, by the variables of the command's environment that they are given in. Their values are never in here. */
  secrets: Record<string, string>;
  files: SpecFile[];
  machine: Guest;
  /** Fly's region expressions ("ams", "eu", "any"); empty means the deployment's default region. */
  regions: string[];
  timeouts: Timeouts;
  retry: RetryPolicy;
  capture: Capture;
  /** A name for people; need not be unique. */
  name: string | null;
  tags: Record<string, string>;
  concurrency: Concurrency | null;
  /** Of the runs that wait in one queue the highest comes first. */
  priority: number;
  /** How long it may wait for its turn once it is due, in milliseconds. */
  expiresMs: number;
  /** It is due so many milliseconds after its acceptance. */
  delayMs: number;
  /** It is due then, in epoch milliseconds; null where `delayMs` says when. */
  runAt: number | null;
}

/** True for a run that is given secrets, before its command starts. */
export function hasSecrets(spec: RunSpec): boolean {
  return Object.keys(secretsOfSpec(spec)).length > 0;
}

/** All secrets that a run is given, by their variables: its command's, and those of its checkout. */
export function secretsOfSpec({ secrets, checkout }: RunSpec): Record<string, string> {
  return { ...secrets, ...checkoutSecrets(checkout) };
}

/** The spec with nothing secret in it, for a command that a stranger can have written. A repository that is not public can not be checked out then. */
export function withoutSecrets(spec: RunSpec): RunSpec {
  return {
    ...spec,
    secrets: {},
    checkout: spec.checkout && { ...spec.checkout, token: null, deployKey: null },
  };
}

/** True where two specs order the same. The order of fields, of env and of tags means nothing; that of lists does. */
export function isSameSpec(a: RunSpec, b: RunSpec): boolean {
  return isSameJson(a, b);
}
