/** What came, or what somebody was told, newest first, in pages: filtered by what became of it, and searched. */

import type { Child } from "hono/jsx";
import type { Complaint } from "../../core/error.ts";
import { withParameters } from "../words/paths.ts";
import { described, FieldHint, FieldWrong } from "./field.tsx";
import { Pages } from "./pages.tsx";

export interface LedgerProps {
  /** Of its rows on the page. */
  id: string;
  title: string;
  /** What its search is called. */
  search: string;
  /** The page that it is on. */
  path: string;
  /** As somebody asked for it, with what {@link filter} and {@link fields} name; null for all. */
  query: { cursor: string | null };
  filter: { name: string; words: Readonly<Record<string, string>>; chosen: string | null };
  fields: readonly LedgerField[];
  /** What is wrong with the query. */
  complaints: readonly Complaint[];
  nextCursor: string | null;
  /** Something in it is about to change by itself. */
  isUnderWay: boolean;
  /** What is said where nothing was found, and nothing is left to be looked at. */
  none: string;
  /** Null where nothing was found. */
  table: Child | null;
}

export interface LedgerField {
  name: string;
  label: string;
  hint?: string;
  value: string | null;
  /** Those that can be chosen of; or as many characters as can be typed. */
  takes: readonly string[] | number;
}

export function Ledger(props: LedgerProps) {
  const { id, title, path, query, filter } = props;
  return (
    <section class="card flush" aria-labelledby={`${id}-title`}>
      <div class="table-title">
        <h2 id={`${id}-title`}>{title}</h2>
        <nav class="filters" aria-label={`Filter by ${filter.name}`}>
          {[null, ...Object.keys(filter.words)].map((each) => (
            <a
              href={ledgerUrl(path, { ...query, [filter.name]: each, cursor: null })}
              aria-current={each === filter.chosen ? "page" : undefined}
            >
              {each === null ? "All" : filter.words[each]}
            </a>
          ))}
        </nav>
      </div>
      <Search {...props} />
      <LedgerRows {...props} />
    </section>
  );
}

/** What the script fetches again: without the search, in which somebody may be typing. */
export function LedgerRows({ id, path, query, nextCursor, isUnderWay, table, ...props }: LedgerProps) {
  const { complaints, none } = props;
  const next =
    nextCursor === null ? null : { href: ledgerUrl(path, { ...query, cursor: nextCursor }), word: "Older" };
  return (
    <div
      id={id}
      data-part
      data-list={ledgerUrl(path, query, true)}
      data-refresh={isUnderWay ? "" : undefined}
    >
      {table ?? <p class="empty">{emptyWords(complaints, nextCursor !== null, none)}</p>}
      <Pages first={query.cursor === null ? null : ledgerUrl(path, { ...query, cursor: null })} next={next} />
    </div>
  );
}

function emptyWords(complaints: readonly Complaint[], hasMore: boolean, none: string): string {
  if (complaints.length > 0) return "Nothing was looked for.";
  return hasMore ? "None among those that were looked at; older ones follow." : none;
}

function Search({ search, path, filter, fields, complaints }: LedgerProps) {
  return (
    <search aria-label={search}>
      <form method="get" action={path} class="search">
        {filter.chosen !== null && <input type="hidden" name={filter.name} value={filter.chosen} />}
        {fields.map(({ value, takes, ...each }) => {
          const field = { ...each, path: `query.${each.name}`, complaints };
          return (
            <div class="field">
              <label for={field.name}>{field.label}</label>
              {typeof takes === "number" ? (
                <input
                  {...described(field)}
                  type="search"
                  value={value ?? ""}
                  maxlength={takes}
                  spellcheck={false}
                  autocomplete="off"
                />
              ) : (
                <select {...described(field)}>
                  <option value="">any</option>
                  {takes.map((one) => (
                    <option value={one} selected={one === value}>
                      {one}
                    </option>
                  ))}
                </select>
              )}
              <FieldWrong {...field} />
              <FieldHint {...field} />
            </div>
          );
        })}
        {[`query.${filter.name}`, "query.cursor"].map((path) => (
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
export function ledgerUrl(path: string, query: LedgerProps["query"], isPart = false): string {
  return withParameters(path, { ...query, part: isPart ? "list" : null });
}
