/** `mayfly hooks list`: who can have runs of jobs submitted, by which URL, and when somebody did last. */

import { Command } from "commander";
import type { HookListBody } from "../../../api/delivery-schema.ts";
import { refusedCount } from "../../../core/hook/hook.ts";
import { LIST_LIMIT_MAX } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { age } from "../../spans.ts";
import { table } from "../../table.ts";
import { verdictText } from "./hook-call.ts";

export interface ListHooksOptions extends ConnectionOptions {
  job?: string;
  json?: boolean;
}

export function listHooksCommand(act: (options: ListHooksOptions) => Promise<void>): Command {
  const command = new Command("list")
    .summary("list hooks by job and name")
    .description("Lists hooks with what they were called with last, and their URLs.")
    .option("--job <name>", "only those of this job")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly hooks list\n")
    .action((options: ListHooksOptions) => act(options));
  return withConnection(command);
}

export async function listHooks({ job, json }: ListHooksOptions, io: Io, client: Client): Promise<void> {
  const hooks: HookListBody["hooks"] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { limit: LIST_LIMIT_MAX, job, cursor };
    const page: HookListBody = await retried(io, () => client.hooks(query));
    hooks.push(...page.hooks);
    cursor = page.next_cursor;
  }
  if (json) return write(io.stdout, `${JSON.stringify(hooks, null, 2)}\n`);
  if (hooks.length === 0) return write(io.stderr, "no hooks\n");
  const rows = hooks.map((hook) => [
    `${hook.job}/${hook.name}`,
    hook.source,
    standingOf(hook, io.now()),
    hook.url,
  ]);
  // A URL that is cut is of no use.
  return write(io.stdout, table(["HOOK", "SOURCE", "LAST", "URL"], rows));
}

/** What became of the last call, and what is missing for its runs to be reported. */
function standingOf(hook: HookListBody["hooks"][number], nowMs: number): string {
  const missing = hook.report?.problem ?? null;
  return missing === null ? lastOf(hook, nowMs) : `${lastOf(hook, nowMs)}; ${missing}`;
}

function lastOf(hook: HookListBody["hooks"][number], nowMs: number): string {
  const { problem, last_delivery: last, refused_calls: refused } = hook;
  if (problem !== null) return "its secret is not set";
  const ago = (at: string) => `${age(Date.parse(at), nowMs)} ago`;
  const told = last === null ? "never" : `${verdictText(last)} ${ago(last.received_at)}`;
  // What was let in since then tells that the secret is right by now.
  return !refused || (last !== null && last.received_at > refused.last_at)
    ? told
    : `${told}; ${refusedCount(refused.at_least)} refused (another secret?), last ${ago(refused.last_at)}`;
}
