/** What somebody was told, newest first, in pages: filtered by how each stands, and searched. */

import type { Child } from "hono/jsx";
import type { Complaint } from "../../core/error.ts";
import { NOTIFICATION_STATES } from "../../core/notification/attempt.ts";
import type { ToldQuery } from "../told-query.ts";
import { withParameters } from "../words/paths.ts";
import { STATE_WORDS } from "../words/webhooks.ts";
import { described, FieldWrong } from "./field.tsx";
import { Pages } from "./pages.tsx";

export interface ToldLedgerProps {
  title: string;
  /** The page that it is on. */
  path: string;
  query: ToldQuery;
  /** Types that can be chosen of, and the one that was; null where it is not searched by them. */
  types: { all: readonly string[]; chosen: string | null } | null;
  /** What is wrong with the query. */
  complaints: readonly Complaint[];
  nextCursor: string | null;
  /** Something in it is about to change by itself. */
  isUnderWay: boolean;
  /** Null where nothing was found. */
  table: Child | null;
}

export function ToldLedger(props: ToldLedgerProps) {
  const { title, path, query } = props;
  return (
    <section class="card flush" aria-labelledby="told-title">
      <div class="table-title">
        <h2 id="told-title">{title}</h2>
        <nav class="filters" aria-label="Filter by state">
          {[null, ...NOTIFICATION_STATES].map((state) => (
            <a
              href={toldUrl(path, { ...query, state, cursor: null })}
              aria-current={state === query.state ? "page" : undefined}
            >
              {state === null ? "All" : STATE_WORDS[state]}
            </a>
          ))}
        </nav>
      </div>
      <Search {...props} />
      <ToldRows {...props} />
    </section>
  );
}

/** What the script fetches again: without the search, in which somebody may be typing. */
export function ToldRows(props: ToldLedgerProps) {
  const { path, query, nextCursor, isUnderWay, table } = props;
  const next =
    nextCursor === null ? null : { href: toldUrl(path, { ...query, cursor: nextCursor }), word: "Older" };
  return (
    <div
      id="told"
      data-part
      data-list={toldUrl(path, query, true)}
      data-refresh={isUnderWay ? "" : undefined}
    >
      {table ?? <p class="empty">{emptyWords(props)}</p>}
      <Pages first={query.cursor === null ? null : toldUrl(path, { ...query, cursor: null })} next={next} />
    </div>
  );
}

function emptyWords({ query, complaints, nextCursor }: ToldLedgerProps): string {
  if (complaints.length > 0) return "Nothing was looked for.";
  if (nextCursor !== null) return "None among those that were looked at; older ones follow.";
  const isAll = Object.values(query).every((value) => value === null || value === "");
  return isAll ? "Nothing yet." : "None here.";
}

function Search({ title, path, query, types, complaints }: ToldLedgerProps) {
  const type = { name: "type", label: "Of type", path: "query.type", complaints };
  const run = { name: "run", label: "Of run", path: "query.run", complaints };
  return (
    <search aria-label={`Search: ${title}`}>
      <form method="get" action={path} class="search">
        {query.state !== null && <input type="hidden" name="state" value={query.state} />}
        {types !== null && (
          <div class="field">
            <label for="type">{type.label}</label>
            <select {...described(type)}>
              <option value="">any</option>
              {types.all.map((each) => (
                <option value={each} selected={each === types.chosen}>
                  {each}
                </option>
              ))}
            </select>
            <FieldWrong {...type} />
          </div>
        )}
        <div class="field">
          <label for="run">{run.label}</label>
          <input
            {...described(run)}
            type="search"
            value={query.run ?? ""}
            maxlength={64}
            spellcheck={false}
            autocomplete="off"
          />
          <FieldWrong {...run} />
        </div>
        {["query.state", "query.cursor"].map((path) => (
          <FieldWrong name={path} label={path} path={path} complaints={complaints} />
        ))}
        <button class="plain" type="submit">
          Search
        </button>
      </form>
    </search>
  );
}

/** @param isPart what the script fetches again */
export function toldUrl(path: string, query: ToldQuery, isPart = false): string {
  return withParameters(path, { ...query, part: isPart ? "list" : null });
}
