/** The page with all runs, newest first. */

import { type Context, Hono } from "hono";
import type { RunListBody } from "../api/run-schema.ts";
import { builtChange } from "../core/built-change.ts";
import { AppError, type Complaint } from "../core/error.ts";
import { branchNameOf, COMMIT_COMPLAINT, COMMIT_PREFIX } from "../core/hook/commit.ts";
import { DELIVERY_TEXT_MAX_CHARS } from "../core/limits.ts";
import { isFinal, RUN_STATUSES, type RunStatus } from "../core/run.ts";
import { described, FieldWrong } from "./parts/field.tsx";
import { FirstRun } from "./parts/first-run.tsx";
import { Layout } from "./parts/layout.tsx";
import { RunTable } from "./parts/run-table.tsx";
import type { DashboardPorts, RunQuery } from "./ports.ts";
import { visible } from "./words/body-text.ts";

/** Without a script the list loads itself again this often while a run on it is under way. */
const REFRESH_S = 5;

interface Filter {
  name: string;
  statuses: RunStatus[];
}

const FILTERS: readonly Filter[] = [
  { name: "All", statuses: [] },
  { name: "Under way", statuses: RUN_STATUSES.filter((status) => !isFinal(status)) },
  { name: "Succeeded", statuses: ["succeeded"] },
  { name: "Failed", statuses: ["failed"] },
  { name: "Cancelled", statuses: ["cancelled"] },
];

export function runListPage(ports: DashboardPorts): Hono {
  return new Hono().get("/", async (c) => {
    const query = queryOf(c);
    const complaints = complaintsOf(query);
    const list = complaints.length > 0 ? { runs: [], next_cursor: null } : await ports.listRuns(query);
    const props = { query, list, complaints, nowMs: ports.now(), origin: new URL(c.req.url).origin };
    if (c.req.query("part") === "list") return c.html(<ListPart {...props} />);
    const unknownMachines = await ports.unknownMachines();
    return c.html(
      <ListPage {...props} unknownMachines={unknownMachines} />,
      complaints.length > 0 ? 422 : 200,
    );
  });
}

/** @throws AppError `invalid_input`: runs that were not asked for would be taken for those that were */
function queryOf(c: Context): RunQuery {
  const { status = "", tag = "", job = "", cursor = null } = c.req.query();
  const typed = (name: string) => c.req.query(name)?.trim() || null;
  const branch = typed("branch");
  return {
    statuses: statusesOf(status),
    tag: tagOf(tag),
    job: job === "" ? null : job,
    commit: typed("commit")?.toLowerCase() ?? null,
    branch: branch === null ? null : branchNameOf(branch),
    cursor,
  };
}

/** What somebody typed and is wrong is told where it was typed. */
function complaintsOf({ commit }: RunQuery): Complaint[] {
  if (commit === null || COMMIT_PREFIX.test(commit)) return [];
  return [{ path: "query.commit", message: COMMIT_COMPLAINT }];
}

function statusesOf(text: string): RunStatus[] {
  const words = text === "" ? [] : text.split(",");
  const isStatus = (word: string): word is RunStatus => (RUN_STATUSES as readonly string[]).includes(word);
  if (words.every(isStatus)) return words;
  const accepted = RUN_STATUSES.join(", ");
  throw new AppError("invalid_input", `status must be one or more of ${accepted}`, "query.status");
}

function tagOf(text: string): RunQuery["tag"] {
  if (text === "") return null;
  const [, key, value] = /^([^:]+):(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new AppError("invalid_input", 'tag must be key:value, such as "team:data"', "query.tag");
  return { key, value };
}

interface ListProps {
  query: RunQuery;
  list: RunListBody;
  /** What is wrong with the query. */
  complaints: readonly Complaint[];
  nowMs: number;
  origin: string;
}

function ListPage(props: ListProps & { unknownMachines: number }) {
  const { query, list, nowMs, unknownMachines } = props;
  const open = list.runs.some((run) => !isFinal(run.status));
  return (
    <Layout
      title="Runs"
      nowMs={nowMs}
      signedIn={true}
      refresh={open ? { everyS: REFRESH_S, url: listUrl(query) } : null}
    >
      <div class="page-head">
        <h1>Runs</h1>
        <nav class="filters" aria-label="Filter by status">
          {FILTERS.map(({ name, statuses }) => (
            <a
              href={listUrl({ ...query, statuses, cursor: null })}
              aria-current={statuses.join() === query.statuses.join() ? "page" : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        {query.tag !== null && (
          <a
            class="tag"
            href={listUrl({ ...query, tag: null, cursor: null })}
            aria-label={`Remove the filter by tag ${query.tag.key}`}
          >
            <bdi>{visible(query.tag.key)}</bdi>: <bdi>{visible(query.tag.value)}</bdi>{" "}
            <span aria-hidden="true">×</span>
          </a>
        )}
        {query.job !== null && (
          <a
            class="tag"
            href={listUrl({ ...query, job: null, cursor: null })}
            aria-label={`Remove the filter by job ${query.job}`}
          >
            job: <bdi>{visible(query.job)}</bdi> <span aria-hidden="true">×</span>
          </a>
        )}
      </div>
      <ChangeSearch {...props} />
      {unknownMachines > 0 && (
        <p class="warning" role="status">
          {unknownMachines === 1 ? "1 machine belongs" : `${unknownMachines} machines belong`} to no run that
          goes on, and will be destroyed by the sweep of each minute: within two, or within ten where its run
          is in no database.
        </p>
      )}
      <ListPart {...props} />
    </Layout>
  );
}

/** The search for what was built; nowhere to be seen where nothing is. */
function ChangeSearch({ query, list, complaints }: ListProps) {
  const { commit, branch, statuses, tag, job } = query;
  if (commit === null && branch === null && !list.runs.some((run) => builtChange(run) !== null)) return null;
  const fields = [
    { name: "branch", label: "Of branch", path: "query.branch", complaints, value: branch },
    { name: "commit", label: "Of commit", path: "query.commit", complaints, value: commit },
  ];
  return (
    <search aria-label="Search by what was built">
      <form method="get" action="/" class="search alone">
        {statuses.length > 0 && <input type="hidden" name="status" value={statuses.join(",")} />}
        {tag !== null && <input type="hidden" name="tag" value={`${tag.key}:${tag.value}`} />}
        {job !== null && <input type="hidden" name="job" value={job} />}
        {fields.map(({ value, ...field }) => (
          <div class="field">
            <label for={field.name}>{field.label}</label>
            <input
              {...described(field)}
              type="search"
              value={value ?? ""}
              maxlength={DELIVERY_TEXT_MAX_CHARS}
              spellcheck={false}
              autocomplete="off"
            />
            <FieldWrong {...field} />
          </div>
        ))}
        <button class="plain" type="submit">
          Search
        </button>
      </form>
    </search>
  );
}

/** What the script fetches again while runs are under way. */
function ListPart({ query, list, nowMs, origin }: ListProps) {
  const everything = listUrl(query) === "/";
  if (list.runs.length === 0 && everything) return <FirstRun origin={origin} />;
  const open = list.runs.some((run) => !isFinal(run.status));
  return (
    <section
      id="runs"
      data-part
      data-list={listUrl(query, true)}
      data-refresh={open ? "" : undefined}
      class="card flush"
      aria-label="Runs"
    >
      {list.runs.length === 0 ? (
        <p class="empty">
          {list.next_cursor === null
            ? "No such runs. "
            : "None among those that were looked at; older ones follow. "}
          <a href="/">Show all</a>
        </p>
      ) : (
        <RunTable runs={list.runs} nowMs={nowMs} />
      )}
      {(query.cursor !== null || list.next_cursor !== null) && (
        <nav class="pages" aria-label="Pages">
          {query.cursor !== null && <a href={listUrl({ ...query, cursor: null })}>Newest</a>}
          {list.next_cursor !== null && (
            <a rel="next" href={listUrl({ ...query, cursor: list.next_cursor })}>
              Older
            </a>
          )}
        </nav>
      )}
    </section>
  );
}

function listUrl(query: RunQuery, part = false): string {
  const parameters = new URLSearchParams();
  if (query.statuses.length > 0) parameters.set("status", query.statuses.join(","));
  if (query.tag !== null) parameters.set("tag", `${query.tag.key}:${query.tag.value}`);
  if (query.job !== null) parameters.set("job", query.job);
  if (query.branch !== null) parameters.set("branch", query.branch);
  if (query.commit !== null) parameters.set("commit", query.commit);
  if (query.cursor !== null) parameters.set("cursor", query.cursor);
  if (part) parameters.set("part", "list");
  const text = parameters.toString();
  return text === "" ? "/" : `/?${text}`;
}
