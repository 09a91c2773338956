/** The top of a hook's page: who calls it, by which URL, and what stands in the way. */

import type { HookRulesBody, StoredHookBody } from "../../api/delivery-schema.ts";
import type { HookName } from "../hook-ports.ts";
import { hookPath, jobPath } from "../words/paths.ts";
import { Confirmed } from "./confirmed.tsx";
import { Copied } from "./copied.tsx";
import { Code, Fact } from "./fact.tsx";
import { Rules } from "./hook-table.tsx";
import { Age } from "./times.tsx";

export function HookCrumbs({ of: { job, name }, isHead }: { of: HookName; isHead: boolean }) {
  return (
    <p class="crumbs">
      <a href="/hooks">Hooks</a> <span aria-hidden="true">/</span> <a href={jobPath(job)}>{job}</a>
      {!isHead && (
        <>
          {" "}
          <span aria-hidden="true">/</span> <a href={hookPath({ job, name })}>{name}</a>
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
      {hook.problem !== null && (
        <p class="warning">
          {sentence(hook.problem)} <code>npx mayfly secrets set</code> sets it.
        </p>
      )}
    </section>
  );
}

/** Of a hook whose job has none of the name any more. */
export function GoneHookHead({ of }: { of: HookName }) {
  return (
    <section class="run-head" aria-labelledby="hook-title">
      <HookCrumbs of={of} isHead={true} />
      <h1 id="hook-title">{of.name}</h1>
      <p class="detail">This hook is not there any more. Its ledger stays.</p>
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
        {hook.report !== null && (
          <Fact name="Reports on commits">
            {"as "}
            <Code text={hook.report.context} />
            {hook.report.problem !== null && `: ${hook.report.problem}`}
          </Fact>
        )}
        <Fact name="Signed with">
          <code>{hook.secrets.join(", ")}</code>
        </Fact>
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

/** Problems are told as half a sentence. */
function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
