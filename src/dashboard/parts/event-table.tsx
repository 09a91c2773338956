/** The numbered facts about a run, folded away until somebody wants to know. */

import type { EventListBody } from "../../api/run-schema.ts";
import { elapsed, exactTime } from "../words/elapsed.ts";

/** An event's data is shown whole up to this many characters; a long image config need not fill the page. */
const DATA_MAX_CHARS = 4000;

export function EventTable({ list, acceptedAt }: { list: EventListBody; acceptedAt: string }) {
  const startMs = Date.parse(acceptedAt);
  return (
    <section class="card" id="events" data-part aria-labelledby="events-title">
      <details id="events-list">
        <summary>
          <h2 id="events-title">Events</h2>
          <span class="muted">{`${list.events.length}${list.next_after === null ? "" : " and more"}`}</span>
        </summary>
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
              {list.events.map((event) => (
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
      </details>
    </section>
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
