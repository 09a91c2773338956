/** The numbered facts about a run. */

import type { EventListBody } from "../../api/run-schema.ts";
import { elapsed, exactTime } from "../words/elapsed.ts";

/** An event's data is shown whole up to this many characters; a long image config need not fill the page. */
const DATA_MAX_CHARS = 4000;

type Events = EventListBody["events"];

/** The newest events, folded away until somebody wants to know, with the way to those that are left out. */
export function EventTable({
  runId,
  events,
  acceptedAt,
}: {
  runId: string;
  events: Events;
  acceptedAt: string;
}) {
  const leftOut = (events[0]?.seq ?? 1) - 1;
  return (
    <section class="card" id="events" data-part aria-labelledby="events-title">
      <details id="events-list">
        <summary>
          <h2 id="events-title">Events</h2>
          <span class="muted">
            {leftOut === 0
              ? events.length
              : `the newest ${count(events.length)} of ${count(leftOut + events.length)}`}
          </span>
        </summary>
        <EarlierEvents runId={runId} leftOut={leftOut} />
        <EventRows events={events} acceptedAt={acceptedAt} />
      </details>
    </section>
  );
}

/** Says how many events come before those shown, and leads to them. */
export function EarlierEvents({ runId, leftOut }: { runId: string; leftOut: number }) {
  if (leftOut === 0) return null;
  return (
    <p class="earlier-events">
      {`${count(leftOut)} earlier ${leftOut === 1 ? "event is" : "events are"} left out here. `}
      <a rel="prev" href={`/runs/${runId}/events?before=${leftOut + 1}`}>
        Show earlier events
      </a>
    </p>
  );
}

const count = (number: number): string => number.toLocaleString("en");

export function EventRows({ events, acceptedAt }: { events: Events; acceptedAt: string }) {
  const startMs = Date.parse(acceptedAt);
  return (
    <div class="scroll">
      <table class="events">
        <thead>
          <tr>
            <th scope="col" class="end">
              No.
            </th>
            <th scope="col" class="end">
              After
            </th>
            <th scope="col">Event</th>
            <th scope="col">Data</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr>
              <td class="num end">{event.seq}</td>
              <td class="num end">
                <time datetime={event.at} title={exactTime(event.at)}>
                  {elapsed(Date.parse(event.at) - startMs)}
                </time>
              </td>
              <th scope="row">{event.type.replaceAll("_", " ")}</th>
              <td>
                <EventData seq={event.seq} data={event.data} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function EventData({ seq, data }: { seq: number; data: Record<string, unknown> }) {
  const names = Object.keys(data);
  if (names.length === 0) return null;
  const text = JSON.stringify(data, null, 2);
  return (
    <details id={`event-${seq}`}>
      <summary>{names.join(", ")}</summary>
      <pre>{text.length > DATA_MAX_CHARS ? `${text.slice(0, DATA_MAX_CHARS)}\n…` : text}</pre>
    </details>
  );
}
