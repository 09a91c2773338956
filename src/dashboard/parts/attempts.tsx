/** Each attempt to tell something, the newest first, with its answer. */

import type { NotificationBody } from "../../api/webhook-schema.ts";
import { NOTIFICATION_ATTEMPTS_KEPT } from "../../core/limits.ts";
import { rawText } from "../words/body-text.ts";
import { attemptWords } from "../words/webhooks.ts";
import { Age } from "./times.tsx";

export function Attempts({ attempts, nowMs }: { attempts: NotificationBody["attempts"]; nowMs: number }) {
  return (
    <section class="card attempts" id="attempts" data-part aria-labelledby="attempts-title">
      <h2 id="attempts-title">Attempts</h2>
      {attempts.length === 0 ? (
        <p class="muted">None yet.</p>
      ) : (
        <ol reversed>
          {attempts.toReversed().map((attempt) => (
            <li>
              <p class="attempt">
                <strong class={attempt.error === null ? "" : "bad"}>
                  <bdi>{attemptWords(attempt)}</bdi>
                </strong>
                {attempt.error !== null && <span class="muted num">{`after ${attempt.duration_ms} ms`}</span>}
                <span class="muted">
                  <Age at={attempt.at} nowMs={nowMs} />
                </span>
              </p>
              {attempt.answer !== null && attempt.answer !== "" && <pre>{rawText(attempt.answer).text}</pre>}
            </li>
          ))}
        </ol>
      )}
      {attempts.length >= NOTIFICATION_ATTEMPTS_KEPT && (
        <p class="muted">{`Of each the last ${NOTIFICATION_ATTEMPTS_KEPT} are kept.`}</p>
      )}
    </section>
  );
}
