/** The page with all runs, newest first. */

import { type Context, Hono } from "hono";
import type { RunListBody } from "../api/run-schema.ts";
import { isFinal, RUN_STATUSES, type RunStatus } from "../core/run.ts";
import { FirstRun } from "./parts/first-run.tsx";
import { Layout } from "./parts/layout.tsx";
import { RunTable } from "./parts/run-table.tsx";
import type { DashboardPorts, RunQuery } from "./ports.ts";

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
    const list = await ports.listRuns(query);
    const props = { query, list, nowMs: ports.now(), origin: new URL(c.req.url).origin };
    if (c.req.query("part") === "list") return c.html(<ListPart {...props} />);
    return c.html(<ListPage {...props} />);
  });
}

function queryOf(c: Context): RunQuery {
  const statuses = (c.req.query("status") ?? "").split(",").filter((text): text is RunStatus => {
    return (RUN_STATUSES as readonly string[]).includes(text);
  });
  const [, key, value] = /^([^:]+):(.*)$/s.exec(c.req.query("tag") ?? "") ?? [];
  const tag = key === undefined || value === undefined ? null : { key, value };
  return { statuses, tag, cursor: c.req.query("cursor") ?? null };
}

interface ListProps {
  query: RunQuery;
  list: RunListBody;
  nowMs: number;
  origin: string;
}

function ListPage(props: ListProps) {
  const { query, list, nowMs } = props;
  const open = list.runs.some((run) => !isFinal(run.status));
  return (
    <Layout title="Runs" nowMs={nowMs} signedIn={true} refreshS={open ? REFRESH_S : null}>
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
            <bdi>{query.tag.key}</bdi>: <bdi>{query.tag.value}</bdi> <span aria-hidden="true">×</span>
          </a>
        )}
      </div>
      <ListPart {...props} />
    </Layout>
  );
}

/** What the script fetches again while runs are under way. */
function ListPart({ query, list, nowMs, origin }: ListProps) {
  const everything = query.statuses.length === 0 && query.tag === null && query.cursor === null;
  if (list.runs.length === 0 && everything) return <FirstRun origin={origin} />;
  const open = list.runs.some((run) => !isFinal(run.status));
  return (
    <section
      id="runs"
      data-part
      data-refresh={open ? listUrl(query, true) : undefined}
      class="card flush"
      aria-label="Runs"
    >
      {list.runs.length === 0 ? (
        <p class="empty">
          No such runs. <a href="/">Show all</a>
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
  if (query.cursor !== null) parameters.set("cursor", query.cursor);
  if (part) parameters.set("part", "list");
  const text = parameters.toString();
  return text === "" ? "/" : `/?${text}`;
}
