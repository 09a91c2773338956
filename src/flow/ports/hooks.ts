/** Where hooks and the ledger of their deliveries are kept, and who knows what senders sign and say. */

import type { Delivery, FilteredWhy } from "../../core/hook/delivery.ts";
import type { HookKey, HookSpec, RefusedCalls } from "../../core/hook/hook.ts";
import type { RunChange } from "../../core/hook/run-delivery.ts";
import type { HookOptions, HookRules, HookSource } from "../../core/hook/spec.ts";
import type { Verdict } from "../../core/hook/verdict.ts";
import type { Run } from "../../core/run.ts";
import type { DefinedJob } from "./jobs.ts";
import type { SealedSecret, SecretSize } from "./secrets.ts";

/** A hook as it is put: the id is for one that is new. */
export interface NewHook {
  id: string;
  spec: HookSpec;
}

export interface StoredHook extends HookKey {
  /** What its URL ends with: nobody guesses it. It stays as long as the job has a hook of the name. */
  id: string;
  spec: HookSpec;
  /** Epoch milliseconds, like every `…At`: the job has a hook of the name since then. */
  createdAt: number;
  /** It has its URL since then. */
  urlSince: number;
  /** Calls of this URL that were not let in; null where none was. */
  refused: RefusedCalls | null;
}

/** All that a call of a hook is decided by. */
export interface CalledHook {
  hook: StoredHook;
  job: DefinedJob;
  /** Those of its secrets that are in force. */
  secrets: SealedSecret[];
  /** Of the secrets that the job's run names, those in force. */
  runSecrets: SecretSize[];
}

/** A delivery in a list. */
export interface DeliverySummary extends HookKey {
  /** The sender's own. */
  id: string;
  receivedAt: number;
  source: HookSource;
  event: string;
  action: string | null;
  verdict: Verdict;
  why: FilteredWhy | null;
  /** A sentence for people; null where the verdict says it all. */
  detail: string | null;
  /** The version of the job that was in force. */
  jobVersion: number;
  runId: string | null;
  /** The delivery that this one repeats by somebody's hand; null where the sender called. */
  originId: string | null;
  isWithoutSecrets: boolean;
  /** Calls after the first one. */
  repeats: number;
  repeatedAt: number | null;
  change: RunChange | null;
  bodyBytes: number;
  bodySha256: string;
  /** The delivery of this ledger whose row has the body of both; null where it is this one's own. */
  bodyOf: string | null;
}

/** A row of the ledger. */
export interface RecordedDelivery extends DeliverySummary {
  headers: Record<string, string>;
  /** The first `DELIVERY_BODY_KEPT_BYTES` of it, whichever row has them; nothing where that row is gone. */
  body: Uint8Array;
}

/** A row that is not in the ledger yet; its body is empty where another's row has it. */
export type NewDelivery = Omit<RecordedDelivery, "repeats" | "repeatedAt">;

/** What a ledger tells of a delivery's run. */
export interface DeliveryRun extends Pick<Run, "status" | "reason"> {}

/** A row with how its run is doing; null where it has none. */
export type ShownDelivery<D extends DeliverySummary = DeliverySummary> = D & { run: DeliveryRun | null };

/** A row's place in its ledger. */
export interface DeliveryPlace {
  receivedAt: number;
  id: string;
}

export interface DeliveryFilter {
  /** Null for all, likewise the others. */
  verdict: Verdict | null;
  runId: string | null;
  /** In its id, event, detail, headers, change or kept body, whatever the case of its letters (A to Z). */
  text: string | null;
  /** Only those that are older; null for no bound. */
  before: DeliveryPlace | null;
  limit: number;
}

export interface DeliveryPage {
  /** Newest first. */
  deliveries: ShownDelivery[];
  /** The `before` of the next page; null where there are no others. */
  nextBefore: DeliveryPlace | null;
}

export interface HookStore {
  /** What a URL's last part leads to; null where that is nothing. It reads the same number of times whatever is found. */
  called(id: string): Promise<CalledHook | null>;
  find(key: HookKey): Promise<StoredHook | null>;
  /** Those of one job, by name. */
  ofJob(orgId: string, job: string): Promise<StoredHook[]>;
  /** By job and name, after one of them; null for the first. */
  list(orgId: string, after: { job: string; name: string } | null, limit: number): Promise<StoredHook[]>;
  /** Of these hooks the newest row of each ledger that has one, in any order. */
  lastDeliveries(keys: HookKey[]): Promise<ShownDelivery[]>;
  /** Gives a hook another URL. @returns the hook then; null where there is none */
  rotate(key: HookKey, id: string, at: number): Promise<StoredHook | null>;
  /** Adds calls that were not let in to those of the hook with this URL, as far as those are not long ago; nothing where there is none. */
  addRefused(id: string, refused: RefusedCalls): Promise<void>;
  /**
   * Adds a row that has no run, or counts one call more of the one that is there.
   * @param at of the call
   */
  record(delivery: NewDelivery, at: number): Promise<{ delivery: DeliverySummary; isNew: boolean }>;
  /** Counts one call more of a row that is there. @returns the row; null where there is none */
  repeated(key: HookKey, id: string, at: number): Promise<DeliverySummary | null>;
  delivery(key: HookKey, id: string): Promise<ShownDelivery<RecordedDelivery> | null>;
  deliveries(key: HookKey, filter: DeliveryFilter): Promise<DeliveryPage>;
  /** The newest rows with their bodies that no resend made, at most `limit`, and of so many bytes together but for the first. */
  newest(key: HookKey, limit: number, maxBytes: number): Promise<RecordedDelivery[]>;
  /** How many rows repeat one by somebody's hand. */
  resends(key: HookKey, originId: string): Promise<number>;
  /** The first ledgers after one, by their keys; null for the first of all. Those of hooks that are gone are among them. */
  ledgers(after: HookKey | null, limit: number): Promise<HookKey[]>;
  /**
   * Removes rows of some ledgers that were received before a moment, as many as one call may, and none that has the body of another that
   * is there.
   * @returns how many
   */
  forget(ledgers: HookKey[], beforeMs: number, limit: number): Promise<number>;
}

/** Which body: all that fixes its bytes, and when it came. */
export type BodyPlace = Pick<DeliverySummary, keyof HookKey | "receivedAt" | "bodySha256">;

/** Where bodies are whole that are longer than what rows keep of them. */
export interface DeliveryBodies {
  put(place: BodyPlace, body: Uint8Array): Promise<void>;
  /** Null where it is not kept. */
  get(place: BodyPlace): Promise<Uint8Array | null>;
  /** Whether it is kept, without a look at it. */
  has(place: BodyPlace): Promise<boolean>;
  /** Forgets those that were received before a moment, or at most a day later, as many as one call may. @returns how many */
  forget(beforeMs: number): Promise<number>;
}

/** What is known of each sender. */
export interface Senders {
  /**
   * Whether one of the secrets signed the body. It takes the same time whatever is wrong, also with no secret at all, which is how a
   * hook that nobody knows is answered.
   * @param nowMs what the times of Stripe and Standard Webhooks are compared with, epoch milliseconds
   */
  verify(
    source: HookSource,
    options: HookOptions,
    headers: Headers,
    rawBody: Uint8Array,
    secrets: readonly string[],
    nowMs: number,
  ): Promise<boolean>;
  /**
   * What a call says, in words that are the same for all senders. A complaint is a sentence about a body or header that is not as this
   * sender's are.
   * @param rules of a generic sender only headers that they name are kept; absent, none
   */
  read(
    source: HookSource,
    options: HookOptions,
    headers: Headers,
    rawBody: Uint8Array,
    rules?: HookRules,
  ): Promise<Delivery | { complaint: string }>;
}
