/** The page of one step of a run: how it went, and what it wrote. */

import { Hono } from "hono";
import { raw } from "hono/html";
import type { AttemptBody, OutputLine, RunBody } from "../api/run-schema.ts";
import { PAGE_OUTPUT_MAX_BYTES } from "../core/limits.ts";
import { renderLog } from "./log/render.ts";
import { rowsHtml } from "./log/rows-html.ts";
import { Layout } from "./parts/layout.tsx";
import { StepBadge } from "./parts/step-badge.tsx";
import { Duration } from "./parts/times.tsx";
import type { DashboardPorts, StoredOutput } from "./ports.ts";
import { UnknownRunPage } from "./problem.tsx";
import { visible } from "./words/body-text.ts";
import { droppedRowsNote } from "./words/dropped-rows.ts";
import { type Step, stepEnd, stepPath } from "./words/steps.ts";
import { runTitle } from "./words/what-runs.ts";

/** The page loads itself again this often while the step is under way. */
const REFRESH_S = 4;

export function stepPages(ports: DashboardPorts): Hono {
  return new Hono().get("/runs/:id/steps/:step", async (c) => {
    const { id, step: number } = c.req.param();
    const run = await ports.getRun(id);
    const asked = c.req.query("attempt");
    const attempt =
      asked === undefined
        ? run?.attempts.at(-1)
        : run?.attempts.find((each) => String(each.number) === asked);
    const step = attempt?.steps.find((each) => String(each.number) === number);
    if (!run || !attempt || !step) return c.html(<UnknownRunPage nowMs={ports.now()} />, 404);
    const stored = await ports.readStep(id, attempt.number, step, PAGE_OUTPUT_MAX_BYTES);
    return c.html(<StepPage {...{ run, attempt, step, stored }} nowMs={ports.now()} />);
  });
}

/** The lines with their offsets counted from where the step's section begins. */
function ofSection(lines: OutputLine[], { stdout, stderr }: Step): OutputLine[] {
  const begins = { stdout: stdout?.from ?? 0, stderr: stderr?.from ?? 0 };
  return lines.map((line) => ({ ...line, offset: line.offset - begins[line.stream] }));
}

interface StepPageProps {
  run: RunBody;
  attempt: AttemptBody;
  step: Step;
  stored: StoredOutput;
  nowMs: number;
}

function StepPage({ run, attempt, step, stored, nowMs }: StepPageProps) {
  const log = renderLog(ofSection(stored.lines, step), step.ended_at !== null, stored.fromStart);
  const end = stepEnd(step);
  const path = `/runs/${run.id}`;
  const isUnderWay = step.state === "running";
  return (
    <Layout
      title={`${visible(step.name)} of ${runTitle(run)}`}
      nowMs={nowMs}
      signedIn={true}
      refresh={isUnderWay ? { everyS: REFRESH_S, url: stepPath(run.id, attempt.number, step.number) } : null}
    >
      <section class="run-head" aria-labelledby="step-title">
        <p class="crumbs">
          <a href="/">Runs</a> <span aria-hidden="true">/</span>{" "}
          <a href={path}>
            <bdi>{runTitle(run)}</bdi>
          </a>
          {run.attempts.length > 1 && ` / attempt ${attempt.number}`}
        </p>
        <div class="title">
          <h1 id="step-title">
            <bdi>{visible(step.name)}</bdi>
          </h1>
        </div>
        <div class="state">
          <StepBadge state={step.state} />
          {end !== "" && <strong class="sentence">{end}</strong>}
          {step.started_at !== null && (step.ended_at !== null || isUnderWay) && (
            <span class="muted">
              {step.ended_at === null ? "for " : "after "}
              <Duration from={step.started_at} to={step.ended_at} nowMs={nowMs} />
            </span>
          )}
        </div>
        <nav class="neighbours" aria-label="Steps">
          {attempt.steps.map((each) =>
            each.number === step.number ? (
              <span aria-current="page">
                <bdi>{visible(each.name)}</bdi>
              </span>
            ) : (
              <a class={each.state} href={stepPath(run.id, attempt.number, each.number)}>
                <bdi>{visible(each.name)}</bdi>
              </a>
            ),
          )}
        </nav>
      </section>
      <section class="card output" aria-labelledby="output-title">
        <div class="toolbar">
          <h2 id="output-title">Output</h2>
          <span class="legend">stderr</span>
        </div>
        {log.dropped !== null && <p class="dropped-rows">{droppedRowsNote(log.dropped)}</p>}
        <section class="log" tabindex={0} aria-labelledby="output-title">
          {raw(rowsHtml(log.rows))}
        </section>
        {log.snapshot.nextRow === 0 && (
          <p class="muted">
            {isUnderWay
              ? "Nothing written yet."
              : step.stdout === null
                ? "It was not run."
                : "Nothing was written."}
          </p>
        )}
      </section>
    </Layout>
  );
}
