/** `mayfly hooks deliveries`: the ledger of a hook. */

import type { Command } from "commander";
import { Option } from "commander";
import type { DeliveryListBody, DeliverySummaryBody } from "../../../api/delivery-schema.ts";
import { VERDICTS } from "../../../core/hook/verdict.ts";
import { LIST_LIMIT_MAX } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { table } from "../../table.ts";
import { limit as wholeNumber } from "../runs/list.ts";
import { eventText, type HookOptions, hookCommand, orNoHook, verdictText } from "./hook-call.ts";

interface DeliveriesOptions {
  verdict?: string;
  run?: string;
  text?: string;
  limit: number;
  json?: boolean;
}

/** As many as a screen shows. */
const SHOWN_UNLESS_ASKED = 50;
/** Pages that are asked for beside full ones, where a filter leaves few of each. */
const PAGES_MAX = 20;

export function deliveriesCommand(act: (options: HookOptions & DeliveriesOptions) => Promise<void>): Command {
  return hookCommand<DeliveriesOptions>(
    "deliveries",
    "show what a hook was called with",
    `Shows the ledger of a hook: what it was called with last, and what came of that; newest first.`,
    "deploy/github --verdict filtered",
    act,
    (command) =>
      command
        .addOption(new Option("--verdict <verdict>", "only those that came to this").choices(VERDICTS))
        .option("--run <id>", "only the one that started this run")
        .option(
          "--text <text>",
          "only those with this text in their id, event, detail, headers, change or the first 512 KiB of their body",
        )
        .option("--limit <number>", "at most so many", wholeNumber, SHOWN_UNLESS_ASKED)
        .option("--json", "print JSON"),
  );
}

export async function deliveries(
  { job, name, verdict, run, text, limit, json }: HookOptions & DeliveriesOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const found: DeliverySummaryBody[] = [];
  let cursor: string | null | undefined;
  // A page is of rows that are looked at: one that is short of them makes searches long.
  const size = Math.min(LIST_LIMIT_MAX, Math.max(limit, SHOWN_UNLESS_ASKED));
  const most = PAGES_MAX + Math.ceil(limit / size);
  for (let pages = 0; pages < most && cursor !== null && found.length < limit; pages++) {
    const query = { verdict, run, text, limit: size, cursor };
    const page: DeliveryListBody = await retried(io, () => client.deliveries(job, name, query)).catch(
      orNoHook(client),
    );
    found.push(...page.deliveries);
    cursor = page.next_cursor;
  }
  const shown = found.slice(0, limit);
  if (json) return write(io.stdout, `${JSON.stringify(shown, null, 2)}\n`);
  if (shown.length === 0) return write(io.stderr, "no deliveries\n");
  const rows = shown.map((delivery) => [
    delivery.received_at,
    eventText(delivery),
    verdictText(delivery),
    delivery.id,
    runOf(delivery) ?? delivery.detail ?? "",
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  await write(io.stdout, table(["RECEIVED", "EVENT", "VERDICT", "DELIVERY", "RUN"], rows, width));
  if (found.length > limit || (found.length === limit && cursor !== null))
    await write(io.stderr, "… and older ones: --limit shows more\n");
}

function runOf({ run_id, run, without_secrets }: DeliverySummaryBody): string | null {
  if (run_id === null) return null;
  const status = run === null ? "" : ` ${run.status}`;
  return `${run_id}${status}${without_secrets ? ", without secrets" : ""}`;
}
