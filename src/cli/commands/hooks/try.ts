/** `mayfly hooks try`: what rules would make of past deliveries. */

import type { Command } from "commander";
import type { HookTrial, TriedBody } from "../../../api/delivery-schema.ts";
import { HOOK_TRY_DEFAULT, HOOK_TRY_MAX } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { UsageError } from "../../cli-error.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { table } from "../../table.ts";
import { collect } from "../run/repeated.ts";
import { type HookOptions, hookCommand, orNoHook, verdictText } from "./hook-call.ts";

interface TryOptions {
  if?: string;
  event?: string[];
  branch?: string[];
  tag?: string[];
  path?: string[];
  env?: string[];
  limit?: string;
  json?: boolean;
}

const texts = collect((text) => text);

export function tryHookCommand(act: (options: HookOptions & TryOptions) => Promise<void>): Command {
  return hookCommand<TryOptions>(
    "try",
    "try rules on what a hook was called with",
    "Tells what each of the newest deliveries would come to by the hook's rules, or by others in their place. Nothing is started.",
    "deploy/github --branch main --if 'payload.forced == false'",
    act,
    (command) =>
      command
        .option("--if <expression>", "a CEL expression in the place of the hook's if")
        .option("--event <event>", "in the place of its events; repeatable", texts)
        .option("--branch <glob>", "in the place of its branches; repeatable", texts)
        .option("--tag <glob>", "in the place of its tags; repeatable", texts)
        .option("--path <glob>", "in the place of its paths; repeatable", texts)
        .option("--env <name=expression>", "in the place of its map; repeatable", texts)
        .option(
          "--limit <count>",
          `how many deliveries: ${HOOK_TRY_DEFAULT} unless given, ${HOOK_TRY_MAX} at most`,
        )
        .option("--json", "print JSON, with what map makes of each"),
  );
}

export async function tryHook(options: HookOptions & TryOptions, io: Io, client: Client): Promise<void> {
  const { job, name, json } = options;
  const rules = rulesOf(options);
  const tried = retried(io, () => client.tryHook(job, name, rules)).catch(refusedRules);
  const { deliveries } = await tried.catch(orNoHook(client));
  if (json) return write(io.stdout, `${JSON.stringify(deliveries, null, 2)}\n`);
  if (deliveries.length === 0) return write(io.stderr, "no deliveries\n");
  const rows = deliveries.map((delivery) => [
    delivery.received_at,
    delivery.event,
    delivery.id,
    verdictText(delivery.was),
    wouldText(delivery),
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  return write(io.stdout, table(["RECEIVED", "EVENT", "DELIVERY", "WAS", "WOULD BE"], rows, width));
}

/** A rule that can not be is a wrong option. */
function refusedRules(error: unknown): never {
  if (error instanceof ApiError && error.code === "invalid_input") throw new UsageError(error.message);
  throw error;
}

function wouldText({ would, problem }: TriedBody["deliveries"][number]): string {
  if (would === null) return `not known: it ${problem}`;
  return `${verdictText(would)}${would.detail === null ? "" : `, ${would.detail}`}`;
}

function rulesOf({ if: condition, event, branch, tag, path, env, limit }: TryOptions): HookTrial {
  if (limit !== undefined && !(/^[1-9]\d?$/.test(limit) && Number(limit) <= HOOK_TRY_MAX))
    throw new UsageError(`--limit: it must be a whole number from 1 to ${HOOK_TRY_MAX}`);
  return {
    ...(condition !== undefined && { if: condition }),
    ...(event && { events: event }),
    ...(branch && { branches: branch }),
    ...(tag && { tags: tag }),
    ...(path && { paths: path }),
    ...(env && { map: { env: Object.fromEntries(env.map(pairOf)) } }),
    ...(limit !== undefined && { limit: Number(limit) }),
  };
}

function pairOf(text: string): [name: string, expression: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`--env: "${plain(text)}" must be NAME=expression`);
  return [text.slice(0, at), text.slice(at + 1)];
}
