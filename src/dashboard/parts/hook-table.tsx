/** Hooks as a table, with what starts a run, the last delivery and the URL; on a narrow screen each row becomes a small card. */

import type { StoredHookBody } from "../../api/delivery-schema.ts";
import { CODE_SOURCES } from "../../core/hook/spec.ts";
import { rulesWords, whyWords } from "../words/deliveries.ts";
import { hookPath } from "../words/paths.ts";
import { Copied } from "./copied.tsx";
import { Age } from "./times.tsx";
import { VerdictBadge } from "./verdict-badge.tsx";

export interface HookTableProps {
  hooks: StoredHookBody[];
  /** False on the page of the job that they are of. */
  namesJob: boolean;
  nowMs: number;
}

export function HookTable({ hooks, namesJob, nowMs }: HookTableProps) {
  return (
    <table class="list hooks">
      <caption class="unseen">Hooks by name</caption>
      <thead>
        <tr>
          <th scope="col">Hook</th>
          <th scope="col">Starts a run</th>
          <th scope="col">Last delivery</th>
        </tr>
      </thead>
      <tbody>
        {hooks.map((hook) => (
          <tr>
            <th scope="row" class="what">
              <a href={hookPath(hook)}>
                {namesJob && <span class="of">{`${hook.job} / `}</span>}
                {hook.name}
              </a>
              <span class="about">{hook.source}</span>
              <Copied text={hook.url} name={`the URL of ${hook.job} / ${hook.name}`} />
            </th>
            <td class="rules">
              <Rules hook={hook} />
            </td>
            <td class="last">
              <LastDelivery hook={hook} nowMs={nowMs} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Rule by rule, what a delivery has to be to start a run. */
export function Rules({ hook: { source, rules } }: { hook: StoredHookBody }) {
  const words = rulesWords(rules);
  if (words.length === 0)
    return (
      <span class="muted">
        {CODE_SOURCES.has(source) ? "on pushes, tags and new commits of pull requests" : "on every delivery"}
      </span>
    );
  return (
    <ul>
      {words.map(({ name, value }) => (
        <li>
          <span class="muted">{`${name} `}</span>
          <code>
            <bdi>{value}</bdi>
          </code>
        </li>
      ))}
    </ul>
  );
}

function LastDelivery({
  hook: { problem, last_delivery: last },
  nowMs,
}: {
  hook: StoredHookBody;
  nowMs: number;
}) {
  return (
    <>
      {problem !== null && <span class="badge word refused">No secret</span>}
      {problem === null && last === null && <span class="muted">no signed call yet</span>}
      {last !== null && (
        <>
          <VerdictBadge verdict={last.verdict} />
          <span class="about">
            <Age at={last.received_at} nowMs={nowMs} />
            {last.verdict !== "started" && <>{`, ${whyWords(last)}`}</>}
          </span>
        </>
      )}
    </>
  );
}
