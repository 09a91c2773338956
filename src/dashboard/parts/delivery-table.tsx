/** A page of a hook's ledger: each delivery once, with what it came to and why. */

import type { DeliverySummaryBody } from "../../api/delivery-schema.ts";
import type { RunSummaryBody } from "../../api/run-schema.ts";
import type { HookName } from "../hook-ports.ts";
import { visible } from "../words/body-text.ts";
import { changeWords, eventText, whyWords } from "../words/deliveries.ts";
import { deliveryPath, runPath } from "../words/paths.ts";
import { RunLink } from "./last-run.tsx";
import { Age } from "./times.tsx";
import { VerdictBadge } from "./verdict-badge.tsx";

interface Props {
  of: HookName;
  deliveries: DeliverySummaryBody[];
  /** Of these deliveries, by id. */
  runs: Map<string, RunSummaryBody>;
  nowMs: number;
}

export function DeliveryTable({ of, deliveries, runs, nowMs }: Props) {
  return (
    <table class="list deliveries">
      <caption class="unseen">Deliveries, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Delivery</th>
          <th scope="col">Verdict</th>
          <th scope="col">Run, or why there is none</th>
          <th scope="col" class="end">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <tr>
            <th scope="row" class="what">
              <a href={deliveryPath(of, delivery.id)}>
                <bdi>{eventText(delivery)}</bdi>
              </a>
              {delivery.change !== null && (
                <span class="about">
                  <bdi>{changeWords(delivery.change)}</bdi>
                </span>
              )}
              <span class="id">
                <bdi>{visible(delivery.id)}</bdi>
                {delivery.repeats > 0 && `, came ${delivery.repeats + 1} times`}
              </span>
            </th>
            <td class="outcome">
              <VerdictBadge verdict={delivery.verdict} />
            </td>
            <td class="its-run">
              <DeliveryRun id={delivery.run_id} runs={runs} />
              {delivery.verdict !== "started" && (
                <span class="why">
                  <bdi>{whyWords(delivery)}</bdi>
                </span>
              )}
              {delivery.without_secrets && (
                <span class="why">without secrets: it is, or may be, from a fork</span>
              )}
            </td>
            <td class="end age">
              <Age at={delivery.received_at} nowMs={nowMs} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How the run of a delivery stands, which leads to it; by its id where it is not kept any more. */
export function DeliveryRun({ id, runs }: { id: string | null; runs: Map<string, RunSummaryBody> }) {
  if (id === null) return null;
  const run = runs.get(id);
  if (run !== undefined) return <RunLink run={run} />;
  return (
    <a class="id" href={runPath(id)}>
      {visible(id)}
    </a>
  );
}
