/** The steps of a run: how each went, and the way to what it wrote. */

import type { AttemptBody, RunBody } from "../../api/run-schema.ts";
import { visible } from "../words/body-text.ts";
import { type Step, stepEnd, stepOutput, stepPath } from "../words/steps.ts";
import { StepBadge } from "./step-badge.tsx";
import { Duration } from "./times.tsx";

interface StepsProps {
  run: RunBody;
  nowMs: number;
}

/**
 * Of the last attempt, and folded away those of the attempts before it; nothing of a run that has none. Of one that has yet to begin them it
 * is a part of the page all the same, where they appear.
 */
export function Steps({ run, nowMs }: StepsProps) {
  const attempts = run.attempts.filter(({ steps }) => steps.length > 0);
  const last = attempts.at(-1);
  if (last === undefined) return run.steps.length === 0 ? null : <section id="steps" data-part hidden />;
  return (
    <section class="card steps" id="steps" data-part aria-labelledby="steps-title">
      <h2 id="steps-title">Steps</h2>
      <StepRows runId={run.id} attempt={last} nowMs={nowMs} />
      {attempts.slice(0, -1).map((attempt) => (
        <details id={`steps-${attempt.number}`}>
          <summary>{`Attempt ${attempt.number}`}</summary>
          <StepRows runId={run.id} attempt={attempt} nowMs={nowMs} />
        </details>
      ))}
    </section>
  );
}

function StepRows({ runId, attempt, nowMs }: { runId: string; attempt: AttemptBody; nowMs: number }) {
  return (
    <table>
      <caption class="unseen">{`Steps of attempt ${attempt.number}`}</caption>
      <thead class="unseen">
        <tr>
          <th scope="col">Number</th>
          <th scope="col">Step</th>
          <th scope="col">State</th>
          <th scope="col">Output</th>
          <th scope="col">Time</th>
        </tr>
      </thead>
      <tbody>
        {attempt.steps.map((step) => (
          <StepRow runId={runId} attempt={attempt} step={step} nowMs={nowMs} />
        ))}
      </tbody>
    </table>
  );
}

function StepRow({
  runId,
  attempt,
  step,
  nowMs,
}: {
  runId: string;
  attempt: AttemptBody;
  step: Step;
  nowMs: number;
}) {
  const end = stepEnd(step);
  const isUnderWay = step.state === "running";
  return (
    <tr class={step.state}>
      <td class="num">{step.number}</td>
      <th scope="row">
        {step.stdout === null ? (
          <bdi>{visible(step.name)}</bdi>
        ) : (
          <a href={stepPath(runId, attempt.number, step.number)}>
            <bdi>{visible(step.name)}</bdi>
          </a>
        )}
        {step.if !== "success" && <span class="if">{step.if === "always" ? "always" : "on failure"}</span>}
      </th>
      <td class="how">
        <StepBadge state={step.state} />
        {end !== "" && <span class="end-of">{end}</span>}
      </td>
      <td class="num size">{stepOutput(step)}</td>
      <td class="num time">
        {step.started_at !== null && (step.ended_at !== null || isUnderWay) && (
          <Duration from={step.started_at} to={step.ended_at} nowMs={nowMs} />
        )}
      </td>
    </tr>
  );
}
