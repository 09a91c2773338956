/** Deliveries, and the rules that they are judged by, in plain words. */

import type { ChangeBody, DeliverySummaryBody, HookRulesBody, TriedBody } from "../../api/delivery-schema.ts";
import type { FilteredWhy } from "../../core/hook/delivery.ts";
import type { Verdict } from "../../core/hook/verdict.ts";
import { cutText } from "../../core/utf8.ts";
import { visible } from "./body-text.ts";

/** The word of each verdict, as badges and filters show it. */
export const VERDICT_WORDS: Record<Verdict, string> = {
  started: "Started",
  filtered: "Filtered",
  paused: "Paused",
  refused: "Refused",
  ping: "Ping",
};

const FILTERED_WORDS: Record<FilteredWhy, string> = {
  event: "by its event",
  branch: "by its branch",
  tag: "by its tag",
  path: "by the files that changed",
  if: "by the condition",
  skip_ci: "its commit says so",
  deleted: "what it was about is deleted",
};

/** What a delivery came to, or would. */
export type Judged = Pick<DeliverySummaryBody, "verdict" | "why" | "detail">;

/** Why a delivery started nothing, as half a sentence; "" of one that started a run. */
export function whyWords({ verdict, why, detail }: Judged): string {
  if (detail !== null) return visible(detail);
  if (why !== null) return FILTERED_WORDS[why];
  if (verdict === "paused") return "the job was paused";
  return verdict === "ping" ? "its sender only asked whether anybody is there" : "";
}

/** "filtered by its branch", "started": for a row that has little room. */
export function shortVerdict({ verdict, why }: TriedBody["deliveries"][number]["was"]): string {
  const word = VERDICT_WORDS[verdict].toLowerCase();
  return why === null ? word : `${word}: ${FILTERED_WORDS[why]}`;
}

/** "push", "pull_request.opened". */
export function eventText({ event, action }: Pick<DeliverySummaryBody, "event" | "action">): string {
  return visible(action === null ? event : `${event}.${action}`);
}

const SHA_SHOWN_CHARS = 10;
const HEADLINE_CHARS = 100;

/** Of a commit's message, or of another text that can be long, what there is room for in a line: its first one that says something, shortened. */
export function headline(text: string): string {
  const line =
    text
      .split(/[\r\n]+/)
      .find((each) => each.trim() !== "")
      ?.trim() ?? "";
  const begin = cutText(line, HEADLINE_CHARS);
  return begin.length < line.length ? `${begin}…` : begin;
}

/** What a delivery is about in a line: "acme/site, main at 72d3162ecc, Mend the gate". */
export function changeWords(change: ChangeBody): string {
  const { branch, tag, ref, sha, message, pull_request: pull } = change;
  const place =
    pull === null
      ? (branch ?? (tag === null ? ref : `tag ${tag}`))
      : `#${pull.number} ${pull.head_ref} into ${pull.base_ref}`;
  const at = sha === null ? "" : ` at ${sha.slice(0, SHA_SHOWN_CHARS)}`;
  const about = headline(pull?.title ?? message ?? "");
  const parts = [change.repository.full_name, `${place}${at}`, about];
  return visible(parts.filter((part) => part !== "").join(", "));
}

/** Which deliveries start a run, rule by rule; none where all do. */
export function rulesWords(rules: HookRulesBody): { name: string; value: string }[] {
  const lists = (["events", "branches", "tags", "paths"] as const).flatMap((name) => {
    const list = rules[name];
    return list === undefined ? [] : { name, value: visible(list.join(", ")) };
  });
  return rules.if === undefined ? lists : [...lists, { name: "if", value: visible(rules.if) }];
}
