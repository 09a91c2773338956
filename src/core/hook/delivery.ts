/** A Delivery as it was read: one call of a Hook. */

import type { Change } from "./change.ts";
import type { HookFilter, HookMap, HookSource } from "./spec.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Delivery {
  source: HookSource;
  /** The sender's own id of it; the same when it is sent again. */
  deliveryId: string;
  /** "push", "pull_request", "Push Hook" is "push", "repo:push", "invoice.paid"; of a generic sender always "call". */
  event: string;
  /** What was done, where the sender tells that beside the event: "opened". */
  action: string | null;
  payload: Json;
  /**
   * What changed: more than one where one push moved several refs and the sender tells of all in one (Bitbucket), until it is taken to
   * its parts (`parts.ts`); none where it is not about code.
   */
  changes: readonly Change[];
  /** Whether it is about a pull or merge request, by whatever its sender puts in: also where no change could be made of that. */
  isOfPullRequest?: true;
  /** True where it has no change, and what it is about can be a fork's, or is not known not to be. */
  mayBeOfFork?: true;
  /** Why it has none, where its event should tell of one: a sentence about what was not understood. Absent: nothing was missed. */
  missed?: string;
  /** The headers that matter, by their names in small letters. No secret is among them, and the delivery can be read from them again. */
  headers: Readonly<Record<string, string>>;
  /** Whether it only asks if anybody is there. */
  isPing: boolean;
}

/** Why a delivery that is not taken starts nothing. */
export type FilteredWhy = "event" | "branch" | "tag" | "path" | "if" | "skip_ci" | "deleted";

/** What a hook's rules say of a delivery. `detail` is a sentence for whoever asks why. */
export type Judgement =
  /** `change` is the delivery's; null where it has none. */
  | { verdict: "take"; change: Change | null }
  | { verdict: "ping" }
  | { verdict: "filtered"; why: FilteredWhy; detail: string; change: Change | null };

/** Steps of expressions that rules may still take, for who decides on several deliveries at once; of each `if`, and each `map`, has its own bound besides. */
export interface Allowance {
  left: number;
}

/** `judge` of `filter.ts`, for a delivery of one change or none. */
export type Judge = (filter: HookFilter, delivery: Delivery, allowance?: Allowance) => Judgement;

/** What a delivery gives its run; or which of the map's expressions could not be told, and why. */
export type Filled =
  | { env: Record<string, string>; input: Json | undefined }
  | { complaint: { path: string; message: string } };

/** `fill` of `map.ts`. */
export type Fill = (map: HookMap, delivery: Delivery, change: Change | null, allowance?: Allowance) => Filled;

/** What is wrong with a hook's field, for the API to answer where it is put: `path` is within the hook ("branches[1]", "if", "map.env.TAG"). */
export interface HookComplaint {
  path: string;
  message: string;
}

/** `hookComplaint` of `complaint.ts`: the first thing wrong with the globs and expressions of a hook; null where nothing is. */
export type ComplainOfHook = (
  filter: HookFilter,
  map: HookMap,
  dedupe: { header: string } | { expression: string } | null,
) => HookComplaint | null;
