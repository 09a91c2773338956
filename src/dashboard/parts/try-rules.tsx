/** The form that tries rules on a hook's past deliveries, and what these would come to. */

import type { StoredHookBody, TriedBody } from "../../api/delivery-schema.ts";
import type { Complaint } from "../../core/error.ts";
import { CODE_SOURCES } from "../../core/hook/spec.ts";
import { EXPRESSION_MAX_CHARS } from "../../core/limits.ts";
import type { TriedRules } from "../hook-ports.ts";
import { visible } from "../words/body-text.ts";
import { shortVerdict, whyWords } from "../words/deliveries.ts";
import { type Form, linesOf } from "../words/form.ts";
import { deliveryPath, hookPath } from "../words/paths.ts";
import { complaintsElsewhere, LinesField } from "./field.tsx";
import { Age } from "./times.tsx";
import { VerdictBadge } from "./verdict-badge.tsx";

const FIELDS = ["events", "branches", "tags", "paths", "if"] as const;
const LISTS = ["events", "branches", "tags", "paths"] as const;

const LABELS: Record<(typeof FIELDS)[number], string> = {
  events: "Events",
  branches: "Branches",
  tags: "Tags",
  paths: "Paths",
  if: "Condition",
};

/** What a hook's own rules fill the form with. */
export function formOfRules({ rules }: StoredHookBody): Form {
  const lists = LISTS.map((name) => [name, (rules[name] ?? []).join("\n")]);
  return Object.fromEntries([...lists, ["if", rules.if ?? ""]]);
}

/** A field without a word in it is a rule that is not there. */
export function rulesOfForm(form: Form): TriedRules {
  const lists = LISTS.flatMap((name) => {
    const lines = linesOf(form[name]);
    return lines.length === 0 ? [] : [[name, lines]];
  });
  const condition = (form.if ?? "").trim();
  return { ...Object.fromEntries(lists), ...(condition !== "" && { if: condition }) };
}

export interface TryRulesProps {
  hook: StoredHookBody;
  form: Form;
  complaints: readonly Complaint[];
  /** Null where nothing was tried yet. */
  tried: TriedBody | null;
  nowMs: number;
}

export function TryRules({ hook, form, complaints, tried, nowMs }: TryRulesProps) {
  const fields = CODE_SOURCES.has(hook.source) ? FIELDS : (["events", "if"] as const);
  const others = complaintsElsewhere(complaints, [...fields]);
  const isOpen = tried !== null || complaints.length > 0;
  return (
    <section class="card try" id="try" aria-labelledby="try-title">
      <details open={isOpen}>
        <summary>
          <h2 id="try-title">Try other rules</h2>
        </summary>
        <p class="muted">
          What they would have made of the last deliveries. Nothing is started, and nothing changes: the rules
          in force are those of the job's definition.
        </p>
        {others.map(({ path, message }) => (
          <p class="problem" role="alert">
            <bdi>{visible(path === null ? message : `${path}: ${message}`)}</bdi>
          </p>
        ))}
        <form method="post" action={`${hookPath(hook)}#try`} class="stack">
          {fields.map((name) =>
            name === "if" ? (
              <LinesField
                name="if"
                label={LABELS.if}
                hint={
                  <>
                    CEL over <code>event</code>, <code>action</code>, <code>payload</code>,{" "}
                    <code>headers</code> and <code>change</code>, at most {EXPRESSION_MAX_CHARS} characters
                  </>
                }
                complaints={complaints}
                value={form.if ?? ""}
              />
            ) : (
              <LinesField
                name={name}
                label={LABELS[name]}
                hint={
                  name === "events" ? "one a line; none lets all pass" : "globs, one a line; ! takes away"
                }
                complaints={complaints}
                value={form[name] ?? ""}
                rows={1}
              />
            ),
          )}
          <button type="submit">Try</button>
        </form>
        {tried !== null && <Tried of={hook} tried={tried} nowMs={nowMs} />}
      </details>
    </section>
  );
}

function Tried({ of, tried, nowMs }: { of: StoredHookBody; tried: TriedBody; nowMs: number }) {
  const { deliveries } = tried;
  const starts = deliveries.filter(({ would }) => would?.verdict === "started").length;
  return (
    <section class="tried" id="tried" aria-labelledby="tried-title">
      <h3 id="tried-title">
        {deliveries.length === 0
          ? "There is no delivery to try them on"
          : `${starts} of the last ${deliveries.length} would start a run`}
      </h3>
      {deliveries.length > 0 && (
        <table class="list">
          <caption class="unseen">What the deliveries would come to, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Delivery</th>
              <th scope="col">Would be</th>
              <th scope="col">Why</th>
              <th scope="col" class="end">
                Age
              </th>
            </tr>
          </thead>
          <tbody>
            {deliveries.map((each) => (
              <TriedRow of={of} each={each} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function TriedRow({
  of,
  each: { id, event, received_at: at, was, would, problem },
  nowMs,
}: {
  of: StoredHookBody;
  each: TriedBody["deliveries"][number];
  nowMs: number;
}) {
  const isOther = would !== null && (would.verdict !== was.verdict || would.why !== was.why);
  const filled = would?.env ?? {};
  return (
    <tr>
      <th scope="row" class="what">
        <a href={deliveryPath(of, id)}>
          <bdi>{visible(event)}</bdi>
        </a>
        <span class="id">
          <bdi>{visible(id)}</bdi>
        </span>
      </th>
      <td class="outcome">
        {would === null ? <span class="badge word">Unknown</span> : <VerdictBadge verdict={would.verdict} />}
        {isOther && <span class="trigger">{`was ${shortVerdict(was)}`}</span>}
      </td>
      <td class="its-run">
        {would !== null && would.verdict !== "started" && <bdi>{whyWords(would)}</bdi>}
        {problem !== null && <bdi>{visible(`It ${problem}`)}</bdi>}
        {would?.verdict === "started" && (
          <span class="why">
            {Object.entries(filled).map(([name, value]) => (
              <>
                <bdi>{visible(`${name}=${value}`)}</bdi>{" "}
              </>
            ))}
            {would.input != null && <bdi>{visible(`input ${JSON.stringify(would.input)}`)}</bdi>}
          </span>
        )}
      </td>
      <td class="end age">
        <Age at={at} nowMs={nowMs} />
      </td>
    </tr>
  );
}
