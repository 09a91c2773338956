/** What a run was asked to do and where it does it. */

import type { RunBody } from "../../api/run-schema.ts";
import { builtChange } from "../../core/chain/upstream.ts";
import { visible } from "../words/body-text.ts";
import { byteCount } from "../words/bytes.ts";
import {
  deliveryPath,
  firingPath,
  hookPath,
  jobPath,
  runPath,
  schedulePath,
  versionPath,
} from "../words/paths.ts";
import { ruleWords } from "../words/retries.ts";
import { commandLine, machineSize } from "../words/what-runs.ts";
import { ChangeFacts } from "./delivery-facts.tsx";
import { Code, Fact } from "./fact.tsx";
import { Age, ClockTime } from "./times.tsx";

export function Facts({ run, nowMs }: { run: RunBody; nowMs: number }) {
  const last = run.attempts.at(-1);
  const { timeouts } = run;
  const change = builtChange(run);
  return (
    <section class="card facts" id="facts" data-part aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl>
        {run.job !== null && (
          <Fact name="Job">
            <a href={jobPath(run.job.name)}>{run.job.name}</a>
            {", "}
            <a href={versionPath(run.job.name, run.job.version)}>{`version ${run.job.version}`}</a>
            {" · "}
            <a href={`/?job=${encodeURIComponent(run.job.name)}`}>its runs</a>
          </Fact>
        )}
        {run.job !== null && run.firing !== null && (
          <Fact name="Schedule">
            <a href={schedulePath({ job: run.job.name, name: run.firing.schedule })}>{run.firing.schedule}</a>
            {", due "}
            <a href={firingPath({ job: run.job.name, name: run.firing.schedule }, run.firing.due_at)}>
              <ClockTime at={run.firing.due_at} zone={null} />
            </a>
          </Fact>
        )}
        {run.job !== null && run.delivery !== null && (
          <DeliveryOf job={run.job.name} delivery={run.delivery} />
        )}
        {run.upstream !== null && <Upstream upstream={run.upstream} />}
        {change !== null && <ChangeFacts change={change} />}
        {run.job !== null && (
          <Fact name="Input">
            <details id="input">
              <summary>{byteCount(new TextEncoder().encode(JSON.stringify(run.input)).byteLength)}</summary>
              <pre>{JSON.stringify(run.input, null, 2)}</pre>
            </details>
          </Fact>
        )}
        <Fact name="Image">
          <Code text={run.image} />
        </Fact>
        {run.command !== null && (
          <Fact name="Command">
            <Code text={commandLine(run.command)} />
          </Fact>
        )}
        {run.script !== null && (
          <Fact name="Script">
            <details id="script">
              <summary>{lineCount(run.script)}</summary>
              <pre>{run.script}</pre>
            </details>
          </Fact>
        )}
        {run.checkout !== null && (
          <Fact name="Checkout">
            <Code text={run.checkout.repository ?? "what the hook says"} />
            {run.checkout.ref !== undefined && " at "}
            {run.checkout.ref !== undefined && <Code text={run.checkout.ref} />}
          </Fact>
        )}
        {run.command === null && run.script === null && run.steps.length === 0 && (
          <Fact name="Command">the image's own</Fact>
        )}
        <Fact name="Machine">{machineSize(run.machine)}</Fact>
        <Fact name="Region">
          {last?.region ??
            (run.regions.length > 0 ? `asked for: ${run.regions.join(", ")}` : "not chosen yet")}
        </Fact>
        {last && last.app !== null && <Fact name="App">{last.app}</Fact>}
        <Fact name="Machine id">{last?.machine_id ? <Code text={last.machine_id} /> : "none yet"}</Fact>
        <Fact name="Accepted">
          <Age at={run.accepted_at} nowMs={nowMs} />
        </Fact>
        <Fact name="Limits">{`queue ${timeouts.queue}, boot ${timeouts.boot}, run ${timeouts.run}, stop ${timeouts.stop}`}</Fact>
        <Retry retry={run.retry} />
        {run.concurrency !== null && (
          <Fact name="Concurrency">
            <Code text={run.concurrency.key} />
            {` ${run.concurrency.limit} at a time, ${run.concurrency.strategy}`}
          </Fact>
        )}
        {run.priority !== 0 && <Fact name="Priority">{String(run.priority)}</Fact>}
        {run.superseded_by !== null && (
          <Fact name="Superseded by">
            <a href={`/runs/${run.superseded_by}`}>
              <Code text={run.superseded_by} />
            </a>
          </Fact>
        )}
        {run.rerun_of !== null && (
          <Fact name="Re-run of">
            <a href={`/runs/${run.rerun_of}`}>
              <Code text={run.rerun_of} />
            </a>
          </Fact>
        )}
        {run.reruns.length > 0 && (
          <Fact name="Re-runs">
            <ul>
              {run.reruns.map((id) => (
                <li>
                  <a href={`/runs/${id}`}>
                    <Code text={id} />
                  </a>
                </li>
              ))}
            </ul>
          </Fact>
        )}
        <Downstream downstream={run.downstream} />
        <Tags tags={run.tags} />
        <Env env={run.env} />
        <Secrets secrets={run.secrets} />
        {run.files.length > 0 && (
          <Fact name="Files">
            <ul>
              {run.files.map((file) => (
                <li>
                  <Code text={file.path} />{" "}
                  <span class="muted">{`${byteCount(file.bytes)}, ${file.mode}`}</span>
                </li>
              ))}
            </ul>
          </Fact>
        )}
        <Fact name="Run id">
          <Code text={run.id} />
        </Fact>
      </dl>
    </section>
  );
}

/** The delivery that it was submitted for, or that the run was which it repeats. */
function DeliveryOf({ job, delivery }: { job: string; delivery: NonNullable<RunBody["delivery"]> }) {
  const hook = { job, name: delivery.hook };
  return (
    <>
      <Fact name="Hook">
        <a href={hookPath(hook)}>{delivery.hook}</a>
        {", "}
        <a href={deliveryPath(hook, delivery.id)}>
          <bdi>{visible(`${delivery.event} ${delivery.id}`)}</bdi>
        </a>
        {delivery.without_secrets && ", without secrets, as it is, or may be, from a fork"}
      </Fact>
      {delivery.report !== null && (
        <Fact name="Reported on its commit">
          {"as "}
          <Code text={delivery.report.context} />
        </Fact>
      )}
    </>
  );
}

function lineCount(script: string): string {
  const lines = script.replace(/\n$/, "").split("\n").length;
  return lines === 1 ? "1 line" : `${lines} lines`;
}

function Tags({ tags }: { tags: RunBody["tags"] }) {
  if (Object.keys(tags).length === 0) return null;
  return (
    <Fact name="Tags">
      <ul class="tags">
        {Object.entries(tags).map(([key, value]) => (
          <li>
            <a class="tag" href={`/?tag=${encodeURIComponent(`${key}:${value}`)}`}>
              <bdi>{visible(key)}</bdi>: <bdi>{visible(value)}</bdi>
            </a>
          </li>
        ))}
      </ul>
    </Fact>
  );
}

/** The run after which it was started. */
function Upstream({ upstream }: { upstream: NonNullable<RunBody["upstream"]> }) {
  return (
    <Fact name="Started after">
      <a href={runPath(upstream.run_id)}>
        <Code text={upstream.run_id} />
      </a>
      {" of "}
      <a href={jobPath(upstream.job)}>{upstream.job}</a>
      {`, ${upstream.outcome}`}
      {upstream.without_secrets && " · without secrets, as a fork's change was built"}
    </Fact>
  );
}

/** What starts after it, and why something does not. */
function Downstream({ downstream }: Pick<RunBody, "downstream">) {
  if (downstream.length === 0) return null;
  return (
    <Fact name="Starts">
      <ul>
        {downstream.map(({ job, verdict, detail, run_id: id, run }) => (
          <li>
            <a href={jobPath(job)}>{job}</a>
            {id === null ? `: ${verdict}` : ": "}
            {id !== null && (
              <a href={runPath(id)}>
                <Code text={id} />
              </a>
            )}
            {run !== null && `, ${run.status}`}
            {detail !== null && <span class="muted">{`, ${detail}`}</span>}
          </li>
        ))}
      </ul>
    </Fact>
  );
}

/** What was asked for; nothing where that is nothing. */
function Retry({ retry: { attempts, rules } }: Pick<RunBody, "retry">) {
  if (attempts === 1 && rules.length === 0) return null;
  return (
    <Fact name="Retry">
      {attempts > 1 && `up to ${attempts} attempts`}
      {rules.length > 0 && (
        <ol>
          {rules.map((rule) => (
            <li>{ruleWords(rule)}</li>
          ))}
        </ol>
      )}
    </Fact>
  );
}

/** By the variables that hold them. */
function Secrets({ secrets }: { secrets: RunBody["secrets"] }) {
  if (Object.keys(secrets).length === 0) return null;
  return (
    <Fact name="Secrets">
      <ul>
        {Object.entries(secrets).map(([variable, name]) => (
          <li>
            <Code text={variable === name ? name : `${variable}=${name}`} />
          </li>
        ))}
      </ul>
    </Fact>
  );
}

/** Names at once, each value one click away: values are long more often than they are of interest. */
function Env({ env }: { env: RunBody["env"] }) {
  if (Object.keys(env).length === 0) return null;
  return (
    <Fact name="Env">
      <ul>
        {Object.entries(env).map(([name, value]) => (
          <li>
            <details id={`env-${name}`}>
              <summary>
                <code>{name}</code>
              </summary>
              <pre>{value}</pre>
            </details>
          </li>
        ))}
      </ul>
    </Fact>
  );
}
