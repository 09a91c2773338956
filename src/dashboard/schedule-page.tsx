/** The page of one schedule: when it is due, its ledger, and its buttons: run now, pause and resume. */

import { type Context, Hono } from "hono";
import type { FiringListBody, StoredScheduleBody } from "../api/firing-schema.ts";
import type { RunSummaryBody } from "../api/run-schema.ts";
import { AppError } from "../core/error.ts";
import { isFinal } from "../core/run.ts";
import { FIRING_OUTCOMES, type FiringOutcome } from "../core/schedule/schedule.ts";
import type { FiringQuery, ScheduleName } from "./job-ports.ts";
import { LastAlert } from "./parts/alerts.tsx";
import { FiringTable } from "./parts/firing-table.tsx";
import { Layout } from "./parts/layout.tsx";
import { Pages } from "./parts/pages.tsx";
import { ScheduleFacts, ScheduleHead } from "./parts/schedule-head.tsx";
import { ClockTime, Until } from "./parts/times.tsx";
import type { DashboardPorts } from "./ports.ts";
import { UnknownSchedulePage } from "./problem.tsx";
import { OUTCOME_WORDS } from "./words/firing.ts";
import { firingPath, jobPath, schedulePath } from "./words/paths.ts";

/** Without a script the page loads itself again this often while something on it is under way. */
const REFRESH_S = 5;
const NEXT_SHOWN = 10;

export function schedulePages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/schedules/:job/:name", async (c) => {
    const key = keyOf(c);
    const query = { outcome: outcomeOf(c.req.query("outcome")), cursor: c.req.query("cursor") ?? null };
    const [schedule, ledger, nextDue] = await Promise.all([
      ports.getSchedule(key),
      ports.firings(key, query),
      ports.nextDue(key, NEXT_SHOWN),
    ]);
    if (ledger === null) return unknownSchedule(c);
    const runs = await ports.runsById(ledger.firings.flatMap(({ run_id: id }) => id ?? []));
    const props = { of: key, schedule, query, ledger, runs, nextDue, nowMs: ports.now() };
    return c.html(c.req.query("part") === "list" ? <Parts {...props} /> : <SchedulePage {...props} />);
  });

  app.post("/schedules/:job/:name/run", async (c) => {
    const key = keyOf(c);
    const firing = await ports.runSchedule(key);
    // What came of it is in the ledger: there need not be a run.
    return firing === null ? unknownSchedule(c) : c.redirect(firingPath(key, firing.due_at), 303);
  });

  for (const [action, isPaused] of [
    ["pause", true],
    ["resume", false],
  ] as const)
    app.post(`/schedules/:job/:name/${action}`, async (c) => {
      const key = keyOf(c);
      const isThere = await ports.pauseSchedule(key, isPaused);
      return isThere ? c.redirect(schedulePath(key), 303) : unknownSchedule(c);
    });

  function unknownSchedule(c: Context) {
    return c.html(<UnknownSchedulePage nowMs={ports.now()} />, 404);
  }

  return app;
}

function keyOf(c: Context): ScheduleName {
  return { job: c.req.param("job") ?? "", name: c.req.param("name") ?? "" };
}

/** @throws AppError `invalid_input` */
function outcomeOf(text: string | undefined): FiringOutcome | null {
  if (text === undefined || text === "") return null;
  const outcome = FIRING_OUTCOMES.find((each) => each === text);
  if (outcome !== undefined) return outcome;
  throw new AppError(
    "invalid_input",
    `outcome must be one of ${FIRING_OUTCOMES.join(", ")}`,
    "query.outcome",
  );
}

interface SchedulePageProps {
  of: ScheduleName;
  /** Null where it is not there any more, and its ledger is. */
  schedule: StoredScheduleBody | null;
  query: FiringQuery;
  ledger: FiringListBody;
  runs: Map<string, RunSummaryBody>;
  nextDue: string[];
  nowMs: number;
}

function SchedulePage(props: SchedulePageProps) {
  const { of, schedule, query, nowMs } = props;
  const refresh = isUnderWay(props) ? { everyS: REFRESH_S, url: listUrl(of, query) } : null;
  return (
    <Layout title={`${of.job} / ${of.name}`} nowMs={nowMs} signedIn={true} refresh={refresh}>
      {schedule === null ? <GoneHead of={of} /> : <ScheduleHead schedule={schedule} nowMs={nowMs} />}
      {schedule !== null && <LastAlert alert={schedule.last_alert} nowMs={nowMs} />}
      <div class="columns">
        <div class="column">
          <Ledger {...props} />
        </div>
        <div class="column">
          <NextTimes {...props} />
          {schedule !== null && <ScheduleFacts schedule={schedule} />}
        </div>
      </div>
    </Layout>
  );
}

/** What the script fetches again. */
function Parts(props: SchedulePageProps) {
  return (
    <>
      {props.schedule !== null && <ScheduleHead schedule={props.schedule} nowMs={props.nowMs} />}
      <NextTimes {...props} />
      <Ledger {...props} />
    </>
  );
}

/** Something on the page is about to change by itself. */
function isUnderWay({ ledger, runs }: SchedulePageProps): boolean {
  const isOpen = [...runs.values()].some((run) => !isFinal(run.status));
  return isOpen || ledger.firings.some(({ outcome }) => outcome === "armed");
}

function GoneHead({ of }: { of: ScheduleName }) {
  return (
    <section class="run-head" aria-labelledby="schedule-title">
      <p class="crumbs">
        <a href="/schedules">Schedules</a> <span aria-hidden="true">/</span>{" "}
        <a href={jobPath(of.job)}>{of.job}</a>
      </p>
      <h1 id="schedule-title">{of.name}</h1>
      <p class="detail">This schedule is not there any more. Its ledger stays.</p>
    </section>
  );
}

const FILTERS: readonly (FiringOutcome | null)[] = [null, "ran", "caught_up", "skipped", "missed", "paused"];

function Ledger(props: SchedulePageProps) {
  const { of, schedule, query, ledger, runs, nowMs } = props;
  const next =
    ledger.next_cursor === null
      ? null
      : { href: listUrl(of, { ...query, cursor: ledger.next_cursor }), word: "Older" };
  return (
    <section
      id="ledger"
      data-part
      data-list={listUrl(of, query, true)}
      data-refresh={isUnderWay(props) ? "" : (schedule?.next_due_at ?? undefined)}
      class="card flush"
      aria-labelledby="ledger-title"
    >
      <div class="table-title">
        <h2 id="ledger-title">Ledger</h2>
        <nav class="filters" aria-label="Filter by outcome">
          {FILTERS.map((outcome) => (
            <a
              href={listUrl(of, { outcome, cursor: null })}
              aria-current={outcome === query.outcome ? "page" : undefined}
            >
              {outcome === null ? "All" : OUTCOME_WORDS[outcome]}
            </a>
          ))}
        </nav>
      </div>
      {ledger.firings.length === 0 ? (
        <p class="empty">{query.outcome === null && query.cursor === null ? "Not due yet." : "None here."}</p>
      ) : (
        <FiringTable firings={ledger.firings} runs={runs} zone={schedule?.timezone ?? null} nowMs={nowMs} />
      )}
      <Pages first={query.cursor === null ? null : listUrl(of, { ...query, cursor: null })} next={next} />
    </section>
  );
}

function NextTimes({ schedule, nextDue, nowMs }: SchedulePageProps) {
  // Nobody knows when Fly starts a machine.
  if (schedule === null || schedule.fly !== null) return null;
  const rests = schedule.paused_by.length > 0;
  return (
    <section class="card next-times" id="next-times" data-part aria-labelledby="next-title">
      <h2 id="next-title">{rests ? "Would be due" : "Next due"}</h2>
      {schedule.timezone !== null && (
        <p class="muted">{`by the clocks of ${schedule.timezone.replaceAll("_", " ")}`}</p>
      )}
      {nextDue.length === 0 ? (
        <p class="muted">Not any more.</p>
      ) : (
        <ol>
          {nextDue.map((at) => (
            <li>
              <ClockTime at={at} zone={schedule.timezone} namesZone={false} />
              <span class="in">
                <Until at={at} nowMs={nowMs} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function listUrl(of: ScheduleName, { outcome, cursor }: FiringQuery, part = false): string {
  const parameters = new URLSearchParams();
  if (outcome !== null) parameters.set("outcome", outcome);
  if (cursor !== null) parameters.set("cursor", cursor);
  if (part) parameters.set("part", "list");
  const text = parameters.toString();
  return text === "" ? schedulePath(of) : `${schedulePath(of)}?${text}`;
}
