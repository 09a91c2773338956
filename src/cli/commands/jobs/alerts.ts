/** `mayfly jobs alerts`: schedules that were late and jobs that were silent. */

import { Command, Option } from "commander";
import type { AlertBody } from "../../../api/alert-schema.ts";
import { ALERT_TYPES, type AlertType } from "../../../core/alert/alert.ts";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { table } from "../../table.ts";

export interface JobAlertsOptions extends ConnectionOptions {
  job?: string;
  type?: AlertType;
  since?: string;
  json?: boolean;
}

/** As many as a screen shows. */
const SHOWN = 50;

export function jobAlertsCommand(act: (options: JobAlertsOptions) => Promise<void>): Command {
  const command = new Command("alerts")
    .summary("list late schedules, silent jobs, disabled webhooks and stopped chains")
    .description(
      `Lists the last ${SHOWN} alerts, newest first: due times whose run did not start within late_after, jobs of which no run succeeded within expect_every, webhooks that were disabled, and jobs that could not be started after another's run.`,
    )
    .option("--job <name>", "only those of this job and its schedules")
    .addOption(new Option("--type <type>", "only those of this type").choices(ALERT_TYPES))
    .option("--since <time>", "only those that were found at or after, such as 2026-11-21T10:00:00Z")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly jobs alerts --job nightly-report\n")
    .action((options: JobAlertsOptions) => act(options));
  return withConnection(command);
}

export async function jobAlerts(options: JobAlertsOptions, io: Io, client: Client): Promise<void> {
  const { job, type, since, json } = options;
  const { alerts } = await retried(io, () => client.alerts({ job, type, since, limit: SHOWN }));
  if (json) return write(io.stdout, `${JSON.stringify(alerts, null, 2)}\n`);
  if (alerts.length === 0) return write(io.stderr, "no alerts\n");
  const rows = alerts.map((alert) => [
    alert.at,
    alert.type.replaceAll("_", " "),
    ofWhat(alert),
    alert.due_at,
    alert.detail,
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  return write(io.stdout, table(["FOUND", "ALERT", "OF", "DUE", "DETAIL"], rows, width));
}

function ofWhat({ job, schedule, hook, webhook }: AlertBody): string {
  if (job === null) return `webhook ${webhook}`;
  const part = schedule ?? hook;
  return part === null ? job : `${job}/${part}`;
}
