/** A notification in words, for people who read it in a chat or a mailbox. */

import { builtChange } from "../core/built-change.ts";
import type { AlertPayload, ChangePayload, Payload, RunPayload } from "./payload.ts";

export interface Words {
  /** One line. */
  title: string;
  /** What else there is to tell, a line each. */
  lines: string[];
  url: string | null;
}

export function inWords({ type, data }: Payload): Words {
  if ("run" in data) return runWords(type, data.run);
  if ("alert" in data) return alertWords(data.alert);
  return { title: "Mayfly: this webhook works", lines: [`webhook: ${data.webhook.id}`], url: null };
}

const VERBS: Record<string, string> = {
  queued: "is queued",
  running: "started",
  retrying: "failed and is retried",
};

function runWords(type: string, run: RunPayload): Words {
  const { job, name, id, status, firing, delivery, upstream } = run;
  const change = builtChange(run);
  const what = oneLine(job?.name ?? name ?? id);
  const title = `${what} ${type === "run.started" ? "started" : (VERBS[status] ?? status)}`;
  const why = run.detail === null ? [] : [oneLine(run.detail)];
  const lines = [
    ...why,
    ...(change !== null
      ? [changeWords(change)]
      : delivery === null
        ? []
        : [oneLine(`hook: ${delivery.hook}, ${delivery.event}`)]),
    `run: ${id}`,
    ...(job === null ? [] : [`job: ${job.name}, version ${job.version}`]),
    ...(firing === null ? [] : [`schedule: ${firing.schedule}, due at ${firing.due_at}`]),
    ...(upstream === null ? [] : [`after: run ${upstream.run_id} of ${upstream.job}, ${upstream.outcome}`]),
    ...(run.next_attempt === null ? [] : [`attempt ${run.next_attempt.number} at ${run.next_attempt.at}`]),
    ...Object.entries(run.tags).map(([key, value]) => `${oneLine(key)}: ${oneLine(value)}`),
  ];
  return { title, lines, url: run.url };
}

/** What is built, for whom: "acme/site main 1a2b3c4 by amy", "acme/site #7 Add a page 1a2b3c4 by amy". */
function changeWords(change: ChangePayload): string {
  const { kind, repository, ref, branch, tag, sha, author, pull_request: pull } = change;
  const what = pull === null ? (branch ?? tag ?? ref) : `#${pull.number} ${pull.title}`;
  const words = [
    repository.full_name,
    what,
    ...(kind === "delete" ? ["(deleted)"] : []),
    ...(sha === null ? [] : [sha.slice(0, SHORT_SHA)]),
    ...(author === null ? [] : [`by ${author}`]),
  ];
  return oneLine(words.join(" "));
}

/** As git shortens a commit's id. */
const SHORT_SHA = 7;

function alertWords({
  type,
  job,
  schedule,
  hook,
  webhook,
  detail,
  due_at,
  run_id,
  url,
}: AlertPayload): Words {
  const part = schedule ?? hook;
  const of = job === null ? `webhook ${webhook}` : part === null ? job : `${job}/${part}`;
  const lines = [oneLine(detail), `due at: ${due_at}`, ...(run_id === null ? [] : [`run: ${run_id}`])];
  return { title: `${of}: ${type.replaceAll("_", " ")}`, lines, url };
}

/** Nothing that a name has in it makes a line, or a header, of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").trim();
}
