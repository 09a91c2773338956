/** The page of one delivery of a hook: what came, what it came to and why, and the button that sends it once more. */

import { type Context, Hono } from "hono";
import type { DeliveryBody } from "../api/delivery-schema.ts";
import type { RunSummaryBody } from "../api/run-schema.ts";
import { isFinal } from "../core/run.ts";
import { hookOf } from "./hook-page.tsx";
import type { HookName, ShownDelivery } from "./hook-ports.ts";
import { BodyPanel } from "./parts/body-panel.tsx";
import { DeliveryFacts } from "./parts/delivery-facts.tsx";
import { DeliveryRun } from "./parts/delivery-table.tsx";
import { HookCrumbs } from "./parts/hook-head.tsx";
import { Layout } from "./parts/layout.tsx";
import { Age } from "./parts/times.tsx";
import { VerdictBadge } from "./parts/verdict-badge.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownDeliveryPage } from "./problem.tsx";
import { visible } from "./words/body-text.ts";
import { eventText, whyWords } from "./words/deliveries.ts";
import { formOf } from "./words/form.ts";
import { deliveryPath } from "./words/paths.ts";

/** Without a script the page loads itself again this often while its run is under way. */
const REFRESH_S = 5;

export function deliveryPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/hooks/:job/:name/deliveries/:delivery", async (c) => {
    const of = hookOf(c);
    const isHead = c.req.query("part") === "list";
    const shown = await ports.getDelivery(of, idOf(c), !isHead);
    if (shown === null) return unknownDelivery(c);
    const { run_id: id } = shown.delivery;
    const runs = await ports.runsById(id === null ? [] : [id]);
    const isRaw = c.req.query("body") === "raw";
    const props = { of, shown, runs, isRaw, nowMs: ports.now() };
    return c.html(isHead ? <DeliveryHead {...props} /> : <DeliveryPage {...props} />);
  });

  app.post("/hooks/:job/:name/deliveries/:delivery/resend", async (c) => {
    const of = hookOf(c);
    const { after = "" } = formOf(await c.req.parseBody());
    const receipt = await ports.resendDelivery(of, idOf(c), /^\d{1,6}$/.test(after) ? Number(after) : 0);
    return receipt === null ? unknownDelivery(c) : c.redirect(deliveryPath(of, receipt.delivery), 303);
  });

  function unknownDelivery(c: Context) {
    return c.html(<UnknownDeliveryPage nowMs={ports.now()} />, 404);
  }

  return app;
}

function idOf(c: Context): string {
  return c.req.param("delivery") ?? "";
}

interface DeliveryPageProps {
  of: HookName;
  shown: ShownDelivery;
  /** Its own, by id. */
  runs: Map<string, RunSummaryBody>;
  /** The body as it came, and not laid out. */
  isRaw: boolean;
  nowMs: number;
}

function DeliveryPage(props: DeliveryPageProps) {
  const { of, shown, isRaw, nowMs } = props;
  const { delivery } = shown;
  const path = deliveryPath(of, delivery.id);
  return (
    <Layout
      title={`${eventText(delivery)} of ${of.job} / ${of.name}`}
      nowMs={nowMs}
      signedIn={true}
      refresh={isUnderWay(props) ? { everyS: REFRESH_S, url: path } : null}
    >
      <DeliveryHead {...props} />
      <div class="columns">
        <div class="column">
          <BodyPanel
            path={path}
            body={delivery.body}
            base64={delivery.body_base64}
            isRaw={isRaw}
            rawWord="As it came"
            isEmpty={delivery.body_bytes === 0}
          >
            {shown.isKeptWhole !== true && (
              <p class="warning">{`It had ${delivery.body_bytes.toLocaleString("en")} bytes, of which ${cutWords(shown)}`}</p>
            )}
          </BodyPanel>
          <Headers delivery={delivery} />
        </div>
        <DeliveryFacts of={of} shown={shown} nowMs={nowMs} />
      </div>
    </Layout>
  );
}

function cutWords({ delivery, isKeptWhole }: ShownDelivery): string {
  if (delivery.body_of !== null && delivery.body === "")
    return "none are kept: they were with the first ref of the push, which is gone. It can not be sent once more from here.";
  return isKeptWhole === null
    ? "all but the first ones can not be read right now. Look again in a moment: until then it can not be sent once more from here."
    : "the first ones are kept, so it can not be sent once more from here.";
}

function isUnderWay({ runs }: DeliveryPageProps): boolean {
  return [...runs.values()].some((run) => !isFinal(run.status));
}

/** What changes with its run. */
function DeliveryHead(props: DeliveryPageProps) {
  const {
    of,
    shown: { delivery, resends, isKeptWhole },
    runs,
    nowMs,
  } = props;
  const path = deliveryPath(of, delivery.id);
  const why = whyWords(delivery);
  return (
    <section
      class="run-head"
      id="delivery-head"
      data-part
      data-list={`${path}?part=list`}
      data-refresh={isUnderWay(props) ? "" : undefined}
      aria-labelledby="delivery-title"
    >
      <HookCrumbs of={of} isHead={false} />
      <div class="title">
        <h1 id="delivery-title">
          <bdi>{eventText(delivery)}</bdi>
        </h1>
        {isKeptWhole === true && (
          <form method="post" action={`${path}/resend`}>
            <input type="hidden" name="after" value={String(resends)} />
            <button type="submit" id="resend">
              Send once more
            </button>
          </form>
        )}
      </div>
      <div class="state">
        <VerdictBadge verdict={delivery.verdict} />
        <DeliveryRun id={delivery.run_id} runs={runs} />
        <span class="muted">
          <Age at={delivery.received_at} nowMs={nowMs} />
        </span>
      </div>
      {delivery.verdict !== "started" && why !== "" && (
        <p class="detail">
          <bdi>{why}</bdi>
        </p>
      )}
      {delivery.without_secrets && (
        <p class="warning">
          Its run has no secrets: what it is about is, or may be, from a fork, and whoever wrote that is a
          stranger.
        </p>
      )}
    </section>
  );
}

function Headers({ delivery: { headers } }: { delivery: DeliveryBody }) {
  const entries = Object.entries(headers);
  return (
    <section class="card headers" aria-labelledby="headers-title">
      <h2 id="headers-title">Headers</h2>
      {entries.length === 0 ? (
        <p class="muted">None that matter.</p>
      ) : (
        <table>
          <caption class="unseen">Headers that matter, without signatures and tokens</caption>
          <thead class="unseen">
            <tr>
              <th scope="col">Header</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(([name, value]) => (
              <tr>
                <th scope="row">
                  <bdi>{visible(name)}</bdi>
                </th>
                <td>
                  <code>
                    <bdi>{visible(value)}</bdi>
                  </code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
