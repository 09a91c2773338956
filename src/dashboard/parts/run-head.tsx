/** The top of a run's page: what it is, how it stands, the times of its phases, and the button that cancels it or runs it again. */

import type { RunBody } from "../../api/run-schema.ts";
import { isFinal } from "../../core/run.ts";
import { visible } from "../words/body-text.ts";
import { elapsed, exactTime } from "../words/elapsed.ts";
import { furtherDetail, outcomeSentence, STATUS_WORDS } from "../words/outcome.ts";
import { whySo } from "../words/retries.ts";
import { machineSize, runTitle } from "../words/what-runs.ts";
import { StatusBadge } from "./status-badge.tsx";
import { Age, Duration } from "./times.tsx";
import { Waterfall } from "./waterfall.tsx";

export function RunHead({ run, nowMs }: { run: RunBody; nowMs: number }) {
  const final = isFinal(run.status);
  const title = runTitle(run);
  const sentence = outcomeSentence(run);
  const detail = furtherDetail(run);
  const saysMore = sentence !== STATUS_WORDS[run.status];
  return (
    <section
      class="run-head"
      id="head"
      data-part
      data-status={run.status}
      data-final={final ? "" : undefined}
      data-waiting={run.waiting === null ? undefined : ""}
      data-title={`${STATUS_WORDS[run.status]}: ${title} · Mayfly`}
      aria-labelledby="run-title"
    >
      <p class="crumbs">
        <a href="/">Runs</a> <span aria-hidden="true">/</span> <span class="id">{run.id}</span>
      </p>
      <div class="title">
        <h1 id="run-title" class={run.name === null && run.job === null ? "code" : ""}>
          <bdi>{title}</bdi>
        </h1>
        {!final && run.cancel_requested_at === null && (
          <form method="post" action={`/runs/${run.id}/cancel`}>
            <button class="danger" type="submit" id="cancel">
              Cancel run
            </button>
          </form>
        )}
        {final && (
          <form method="post" action={`/runs/${run.id}/rerun`}>
            <input type="hidden" name="after" value={run.reruns[0] ?? ""} />
            <button type="submit" id="rerun">
              Run again
            </button>
          </form>
        )}
      </div>
      <div class="state">
        <StatusBadge status={run.status} />
        {saysMore && <strong class="sentence">{sentence}</strong>}
        <span class="muted">
          {final ? "after " : "for "}
          <Duration from={run.accepted_at} to={run.settled_at} nowMs={nowMs} />
          {final && run.settled_at !== null && (
            <>
              {", "}
              <Age at={run.settled_at} nowMs={nowMs} />
            </>
          )}
        </span>
      </div>
      {detail !== null && <p class="detail">{visible(detail)}</p>}
      {!final && run.next_attempt !== null && (
        <NextAttempt next={run.next_attempt} why={whySo(run)} nowMs={nowMs} />
      )}
      {run.waiting !== null && (run.next_attempt === null || run.waiting.for === "launch") && (
        <Waiting waiting={run.waiting} nowMs={nowMs} />
      )}
      {!final && run.cancel_requested_at !== null && (
        <p class="detail">
          Cancel was asked for <Age at={run.cancel_requested_at} nowMs={nowMs} />; its command gets{" "}
          {run.timeouts.stop} to stop.
        </p>
      )}
      <Waterfall run={run} nowMs={nowMs} />
    </section>
  );
}

function Waiting({ waiting, nowMs }: { waiting: NonNullable<RunBody["waiting"]>; nowMs: number }) {
  if (waiting.until === null) return <p class="detail">It stands in line for its launch.</p>;
  const inMs = Date.parse(waiting.until) - nowMs;
  const about = waiting.for === "launch" && waiting.place !== null ? "about " : "";
  const until = (
    <time datetime={waiting.until} title={exactTime(waiting.until)}>
      {inMs > 0 ? `in ${about}${elapsed(inMs)}` : "now"}
    </time>
  );
  if (waiting.for === "launch")
    return <p class="detail">Its machine is asked for {until}: Fly takes one create a second in each app.</p>;
  if (waiting.limit === null) return <p class="detail">It is due {until}.</p>;
  const atOnce = waiting.limit === 1 ? "One run" : `${waiting.limit} runs`;
  return (
    <p class="detail">
      {`${atOnce} at a time${waiting.key === null ? " in all" : " with this concurrency key"}`}
      {waiting.place !== null && `; this one is number ${waiting.place} in line`}. It expires {until}.
    </p>
  );
}

interface NextAttemptProps {
  next: NonNullable<RunBody["next_attempt"]>;
  why: string | null;
  nowMs: number;
}

function NextAttempt({ next, why, nowMs }: NextAttemptProps) {
  const where = next.asked_region === null ? "" : ` in ${next.asked_region}`;
  const inMs = Date.parse(next.at) - nowMs;
  return (
    <p class="detail">
      {`Attempt ${next.number} asks for ${machineSize(next.machine)}${where} `}
      <time datetime={next.at} title={exactTime(next.at)}>
        {inMs > 0 ? `in ${elapsed(inMs)}` : "now"}
      </time>
      .{why !== null && ` ${why}`}
    </p>
  );
}
