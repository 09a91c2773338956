/** The top of a schedule's page: its rule, when it is due next or why it rests, and its buttons; and what else is said of it. */

import type { StoredScheduleBody } from "../../api/firing-schema.ts";
import { visible } from "../words/body-text.ts";
import { pausedWords } from "../words/firing.ts";
import { jobPath, schedulePath } from "../words/paths.ts";
import { Fact } from "./fact.tsx";
import { PausedBadge } from "./outcome-badge.tsx";
import { Age, ClockTime, Until } from "./times.tsx";

interface Props {
  schedule: StoredScheduleBody;
  nowMs: number;
}

export function ScheduleHead({ schedule, nowMs }: Props) {
  const { job, name, rule, paused_by: pausedBy } = schedule;
  const isByHand = pausedBy.includes("hand");
  return (
    <section class="run-head" id="schedule-head" data-part aria-labelledby="schedule-title">
      <p class="crumbs">
        <a href="/schedules">Schedules</a> <span aria-hidden="true">/</span> <a href={jobPath(job)}>{job}</a>
      </p>
      <div class="title">
        <h1 id="schedule-title">{name}</h1>
        <div class="buttons">
          <form method="post" action={`${schedulePath(schedule)}/run`}>
            <button type="submit" id="run">
              Run now
            </button>
          </form>
          <form method="post" action={`${schedulePath(schedule)}/${isByHand ? "resume" : "pause"}`}>
            <button class="plain" type="submit" id="pause">
              {isByHand ? "Resume schedule" : "Pause schedule"}
            </button>
          </form>
        </div>
      </div>
      <p class="rule">
        <bdi>{visible(rule)}</bdi>
      </p>
      <div class="state">
        {pausedBy.length > 0 ? (
          <Paused schedule={schedule} nowMs={nowMs} />
        ) : (
          <Next schedule={schedule} nowMs={nowMs} />
        )}
      </div>
    </section>
  );
}

function Paused({ schedule, nowMs }: Props) {
  return (
    <>
      <PausedBadge />
      <span class="muted">
        {pausedWords(schedule.paused_by).replace(/^paused /, "")}
        {schedule.paused_at !== null && (
          <>
            , <Age at={schedule.paused_at} nowMs={nowMs} />
          </>
        )}
      </span>
    </>
  );
}

function Next({ schedule, nowMs }: Props) {
  const { next_due_at: at, fly } = schedule;
  if (fly !== null) return <FlyMachine fly={fly} />;
  if (at === null) return <strong class="sentence">Over: it is not due any more</strong>;
  return (
    <>
      <strong class="sentence">
        Due <Until at={at} nowMs={nowMs} />
      </strong>
      <span class="muted">
        <ClockTime at={at} zone={schedule.timezone} />
      </span>
    </>
  );
}

/** Fly tells nobody when it starts its machine next. */
function FlyMachine({ fly }: { fly: NonNullable<StoredScheduleBody["fly"]> }) {
  const { app, machine_id: id, problem } = fly;
  return (
    <>
      <strong class="sentence">
        {id === null ? "Its machine is yet to be made" : "Fly starts its machine"}
      </strong>
      {id !== null && (
        <span class="muted">
          <code>{id}</code> in {app}
        </span>
      )}
      {problem !== null && <span class="why">{problem}</span>}
    </>
  );
}

const OVERLAP_WORDS: Record<StoredScheduleBody["overlap"], string> = {
  skip: "skip: one at a time, and what comes due meanwhile has no run",
  queue: "queue: one after the other",
  allow: "allow: several at a time",
  cancel_running: "cancel_running: the new one ends the one at work",
};

export function ScheduleFacts({ schedule }: { schedule: StoredScheduleBody }) {
  const { overlap, catch_up: catchUp, jitter, starts, ends, late_after: lateAfter, punctual, fly } = schedule;
  return (
    <section class="card facts" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl>
        <Fact name="Job">
          <a href={jobPath(schedule.job)}>{schedule.job}</a>
        </Fact>
        {fly === null && <Fact name="Overlap">{OVERLAP_WORDS[overlap]}</Fact>}
        {fly === null && (
          <Fact name="After an outage">
            {catchUp.mode === "none"
              ? "nothing is caught up"
              : `${catchUp.mode === "all" ? "all" : "the latest"} of the last ${catchUp.window}${catchUp.after_pause ? ", and after a pause" : ""}`}
          </Fact>
        )}
        {punctual && <Fact name="Punctual">machine made ahead, started on the second</Fact>}
        {jitter !== "0s" && <Fact name="Jitter">{`up to ${jitter}`}</Fact>}
        {lateAfter !== null && <Fact name="Late">{`where its run did not start within ${lateAfter}`}</Fact>}
        {starts !== null && (
          <Fact name="Starts">
            <ClockTime at={starts} zone={schedule.timezone} />
          </Fact>
        )}
        {ends !== null && (
          <Fact name="Ends">
            <ClockTime at={ends} zone={schedule.timezone} />
          </Fact>
        )}
      </dl>
    </section>
  );
}
