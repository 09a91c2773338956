/** The ledger of what somebody was told: what it can be filtered by and searched for. */

import type { LedgerField } from "./parts/ledger.tsx";
import type { ToldQuery } from "./told-query.ts";
import { STATE_WORDS } from "./words/webhooks.ts";

const RUN_MAX_CHARS = 64;

/** @param more fields before the run */
export function toldLedger(title: string, query: ToldQuery, more: readonly LedgerField[] = []) {
  const isAll = Object.values(query).every((value) => value === null || value === "");
  return {
    ...{ id: "told", title, search: `Search: ${title}`, query },
    filter: { name: "state", words: STATE_WORDS, chosen: query.state },
    fields: [...more, { name: "run", label: "Of run", value: query.run, takes: RUN_MAX_CHARS }],
    none: isAll ? "Nothing yet." : "None here.",
  };
}
