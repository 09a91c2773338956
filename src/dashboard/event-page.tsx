/** The page of a run's earlier events: those that its own page has no room for. */

import { Hono } from "hono";
import type { EventListBody, RunBody } from "../api/run-schema.ts";
import { AppError } from "../core/error.ts";
import { EarlierEvents, EventRows } from "./parts/event-table.tsx";
import { Layout } from "./parts/layout.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownRunPage } from "./problem.tsx";
import { runTitle } from "./words/what-runs.ts";

export function eventPages(ports: DashboardPorts): Hono {
  return new Hono().get("/runs/:id/events", async (c) => {
    const before = numberOf(c.req.query("before"));
    const id = c.req.param("id");
    const run = await ports.getRun(id);
    if (run === null) return c.html(<UnknownRunPage nowMs={ports.now()} />, 404);
    const events = await ports.events(id, before);
    return c.html(<EventPage run={run} events={events} nowMs={ports.now()} />);
  });
}

/** @throws AppError `invalid_input` */
function numberOf(before: string | undefined): number | null {
  if (before === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(before))
    throw new AppError("invalid_input", "before must be the number of an event, from 1", "query.before");
  return Number(before);
}

interface EventPageProps {
  run: RunBody;
  events: EventListBody["events"];
  nowMs: number;
}

function EventPage({ run, events, nowMs }: EventPageProps) {
  const [first, last] = [events[0]?.seq, events.at(-1)?.seq];
  return (
    <Layout title={`Events of ${runTitle(run)}`} nowMs={nowMs} signedIn={true}>
      <section class="card" aria-labelledby="title">
        <h1 id="title">{first === undefined ? "No events" : `Events ${first} to ${last}`}</h1>
        <p>
          of{" "}
          <a href={`/runs/${run.id}`}>
            <bdi>{runTitle(run)}</bdi>
          </a>
        </p>
        <EarlierEvents runId={run.id} leftOut={(first ?? 1) - 1} />
        <EventRows events={events} acceptedAt={run.accepted_at} />
      </section>
    </Layout>
  );
}
