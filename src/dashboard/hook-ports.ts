/** What the pages of hooks need of the rest of Mayfly, in the words of the API. */

import type {
  DeliveryBody,
  DeliveryListBody,
  HookListBody,
  HookRulesBody,
  ReceiptBody,
  StoredHookBody,
  TriedBody,
} from "../api/delivery-schema.ts";
import type { ReportBody, ReportListBody, ReportSummaryBody } from "../api/report-ledger-schema.ts";
import type { ToldQuery } from "./told-query.ts";

export interface HookName {
  job: string;
  name: string;
}

/** Each as somebody typed it; null for all. */
export interface DeliveryQuery {
  verdict: string | null;
  text: string | null;
  run: string | null;
  /** As `next_cursor` gave it; null for the newest. */
  cursor: string | null;
}

export interface ShownDelivery {
  delivery: DeliveryBody;
  /** How many there are that somebody's hand made of it. */
  resends: number;
  /** Whether all of its body is kept; null where nobody can tell right now. */
  isKeptWhole: boolean | null;
}

/** Rules without `map`, which stays the hook's own. */
export type TriedRules = Omit<HookRulesBody, "map">;

/** Nothing and nobody of the name is null or false; an `AppError` of the core is shown with its sentence. */
export interface HookPorts {
  /** By job and name, of one job or all. @param url of the page, for hooks' URLs where the deployment has no name set */
  listHooks(job: string | null, cursor: string | null, url: string): Promise<HookListBody>;
  hooksOf(job: string, url: string): Promise<StoredHookBody[]>;
  getHook(hook: HookName, url: string): Promise<StoredHookBody | null>;
  /**
   * A page of its ledger, newest first, also of one that is there no more.
   * @throws AppError `invalid_input` with the path "query.text" and its like
   */
  deliveries(hook: HookName, query: DeliveryQuery): Promise<DeliveryListBody | null>;
  /** @param hasBody with all that is kept of its body; else with what its row has of that, which costs less */
  getDelivery(hook: HookName, id: string, hasBody: boolean): Promise<ShownDelivery | null>;
  /** What these rules, and no others, would make of the newest deliveries. @throws AppError `invalid_input` with the rule's path */
  tryRules(hook: HookName, rules: TriedRules): Promise<TriedBody | null>;
  /** Gives it another URL, unless it has had its own for less long than `since`. */
  rotateHook(hook: HookName, since: string): Promise<boolean>;
  /**
   * Sends a delivery once more.
   * @param after how many such there are on the page: who asks twice from one page asks once
   * @returns the one that it became
   */
  resendDelivery(hook: HookName, id: string, after: number): Promise<ReceiptBody | null>;
  /**
   * What its runs have told of their commits, newest first, also where it is there no more.
   * @throws AppError `invalid_input` with the path "query.run" and its like
   */
  reports(hook: HookName, query: ToldQuery): Promise<ReportListBody | null>;
  getReport(hook: HookName, id: string): Promise<ReportBody | null>;
  /** Has it sent again, unless that was done since the page was made. @param endedAt of the page */
  resendReport(hook: HookName, id: string, endedAt: string): Promise<boolean>;
  /** What a run of the hook has told of its commit, the oldest first. */
  reportsOfRun(hook: HookName, runId: string): Promise<ReportSummaryBody[]>;
}
