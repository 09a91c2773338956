/** The top of a hook's page: who calls it, by which URL, and what stands in the way. */

import type { HookRulesBody, StoredHookBody } from "../../api/delivery-schema.ts";
import { isReportSource } from "../../core/commit-status/report.ts";
import { refusedCount } from "../../core/hook/hook.ts";
import type { HookName } from "../hook-ports.ts";
import { visible } from "../words/body-text.ts";
import { hookPath, jobPath, reportsPath } from "../words/paths.ts";
import { Confirmed } from "./confirmed.tsx";
import { Copied } from "./copied.tsx";
import { Code, Fact } from "./fact.tsx";
import { Rules } from "./hook-table.tsx";
import { Age } from "./times.tsx";

/** @param isHead true on the hook's own page @param isOfReports true of one of what it reported */
export function HookCrumbs({
  of: { job, name },
  isHead,
  isOfReports = false,
}: {
  of: HookName;
  isHead: boolean;
  isOfReports?: boolean;
}) {
  return (
    <p class="crumbs">
      <a href="/hooks">Hooks</a> <span aria-hidden="true">/</span> <a href={jobPath(job)}>{job}</a>
      {!isHead && (
        <>
          {" "}
          <span aria-hidden="true">/</span> <a href={hookPath({ job, name })}>{name}</a>
        </>
      )}
      {isOfReports && (
        <>
          {" "}
          <span aria-hidden="true">/</span> <a href={reportsPath({ job, name })}>Reports</a>
        </>
      )}
    </p>
  );
}

export function HookHead({ hook }: { hook: StoredHookBody }) {
  return (
    <section class="run-head" aria-labelledby="hook-title">
      <HookCrumbs of={hook} isHead={true} />
      <h1 id="hook-title">{hook.name}</h1>
      <div class="state">
        <span class="muted">{`${hook.source} calls`}</span>
        <Copied text={hook.url} name="the URL" />
      </div>
      {hook.problem !== null && <MissingSecret problem={hook.problem} />}
    </section>
  );
}

/** @param problem as a hook or its report tells it, half a sentence */
export function MissingSecret({ problem }: { problem: string }) {
  return (
    <p class="warning">
      {visible(`${problem.slice(0, 1).toUpperCase()}${problem.slice(1)}.`)}{" "}
      <code>npx mayfly secrets set</code> sets it.
    </p>
  );
}

/** Of a hook whose job has none of the name any more. */
export function GoneHookHead({ of, hasReports }: { of: HookName; hasReports: boolean }) {
  return (
    <section class="run-head" aria-labelledby="hook-title">
      <HookCrumbs of={of} isHead={true} />
      <h1 id="hook-title">{of.name}</h1>
      <p class="detail">
        This hook is not there any more. Its ledger stays
        {hasReports && (
          <>
            {", and so does "}
            <a href={reportsPath(of)}>what it reported</a>
          </>
        )}
        .
      </p>
    </section>
  );
}

export function HookFacts({ hook, nowMs }: { hook: StoredHookBody; nowMs: number }) {
  return (
    <section class="card facts" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl>
        <Fact name="Job">
          <a href={jobPath(hook.job)}>{hook.job}</a>
        </Fact>
        <Fact name="Sender">{hook.source}</Fact>
        <Fact name="Starts a run">
          <Rules hook={hook} />
        </Fact>
        {hook.rules.map !== undefined && (
          <Fact name="Gives its run">
            <Given map={hook.rules.map} />
          </Fact>
        )}
        {isReportSource(hook.source) && (
          <Fact name="Reports on commits">
            {hook.report === null ? (
              "no"
            ) : (
              <>
                {"as "}
                <Code text={hook.report.context} />
                {hook.report.problem !== null && `: ${hook.report.problem}`}
              </>
            )}
            <p>
              <a href={reportsPath(hook)}>What was reported</a>
            </p>
          </Fact>
        )}
        <Fact name="Signed with">
          <code>{hook.secrets.join(", ")}</code>
        </Fact>
        {hook.refused_calls !== null && (
          <Fact name="Refused calls">
            {`${refusedCount(hook.refused_calls.at_least)} since `}
            <Age at={hook.refused_calls.since} nowMs={nowMs} />
            {", the last "}
            <Age at={hook.refused_calls.last_at} nowMs={nowMs} />
            <p class="muted">They were signed with another secret, or not at all, and are in no ledger.</p>
          </Fact>
        )}
        <Fact name="There since">
          <Age at={hook.created_at} nowMs={nowMs} />
        </Fact>
        <Fact name="Its URL since">
          <Age at={hook.url_since} nowMs={nowMs} />
        </Fact>
      </dl>
      <Confirmed
        id="rotate"
        summary="Another URL…"
        action={`${hookPath(hook)}/rotate`}
        word="Give it another URL"
        fields={{ since: hook.url_since }}
      >
        The URL that it has is unknown from then on: its sender must be told the new one. The ledger goes on.
      </Confirmed>
    </section>
  );
}

/** What of a delivery is made into variables, and into the input. */
function Given({ map: { env = {}, input } }: { map: NonNullable<HookRulesBody["map"]> }) {
  const fields = typeof input === "object" ? Object.entries(input) : [];
  const all = [
    ...Object.entries(env),
    ...(typeof input === "string" ? [["input", input] as const] : []),
    ...fields.map(([name, expression]) => [`input.${name}`, expression] as const),
  ];
  return (
    <ul>
      {all.map(([name, expression]) => (
        <li>
          <Code text={name} />
          <span class="muted"> is </span>
          <Code text={expression} />
        </li>
      ))}
    </ul>
  );
}
