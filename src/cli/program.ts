/** The commands and what each is done by: the one place where parsing meets doing. */

import { readFileSync } from "node:fs";
import { Command } from "commander";
import { Client } from "./api-client.ts";
import { UsageError } from "./cli-error.ts";
import { doctor } from "./commands/doctor/doctor.ts";
import { doctorCommand } from "./commands/doctor/options.ts";
import { deliveries, deliveriesCommand } from "./commands/hooks/deliveries.ts";
import { delivery, deliveryCommand } from "./commands/hooks/delivery.ts";
import { listHooks, listHooksCommand } from "./commands/hooks/list.ts";
import {
  report,
  reportCommand,
  reports,
  reportsCommand,
  resendReport,
  resendReportCommand,
} from "./commands/hooks/reports.ts";
import { resendDelivery, resendDeliveryCommand } from "./commands/hooks/resend.ts";
import { rotateHook, rotateHookCommand } from "./commands/hooks/rotate.ts";
import { tryHook, tryHookCommand } from "./commands/hooks/try.ts";
import { images } from "./commands/images/images.ts";
import { imagesCommand } from "./commands/images/options.ts";
import { importCrontab, importCrontabCommand } from "./commands/import/crontab.ts";
import { jobAlerts, jobAlertsCommand } from "./commands/jobs/alerts.ts";
import { deleteJob, deleteJobCommand } from "./commands/jobs/delete.ts";
import { diffJob, diffJobCommand } from "./commands/jobs/diff.ts";
import { listJobs, listJobsCommand } from "./commands/jobs/list.ts";
import { pauseJob, pauseJobCommand } from "./commands/jobs/pause.ts";
import { resumeJob, resumeJobCommand } from "./commands/jobs/resume.ts";
import { rollbackJob, rollbackJobCommand } from "./commands/jobs/rollback.ts";
import { runJob, runJobCommand } from "./commands/jobs/run.ts";
import { showJob, showJobCommand } from "./commands/jobs/show.ts";
import { jobVersions, jobVersionsCommand } from "./commands/jobs/versions.ts";
import { apply, applyCommand } from "./commands/jobs-file/apply.ts";
import { diffCommand, diffFiles } from "./commands/jobs-file/diff.ts";
import { exportJobs, exportJobsCommand } from "./commands/jobs-file/export.ts";
import { validate, validateCommand } from "./commands/jobs-file/validate.ts";
import { machines } from "./commands/machines/machines.ts";
import { machinesCommand } from "./commands/machines/options.ts";
import { runCommand } from "./commands/run/options.ts";
import { run } from "./commands/run/run.ts";
import { cancelCommand, cancelRun } from "./commands/runs/cancel.ts";
import { listCommand, printRuns } from "./commands/runs/list.ts";
import { logs, logsCommand } from "./commands/runs/logs.ts";
import { listRunMachines, runMachinesCommand } from "./commands/runs/machines.ts";
import { rerun, rerunCommand } from "./commands/runs/rerun.ts";
import { showCommand, showRun } from "./commands/runs/show.ts";
import { backfill, backfillCommand } from "./commands/schedules/backfill.ts";
import { firings, firingsCommand } from "./commands/schedules/firings.ts";
import { listSchedules, listSchedulesCommand } from "./commands/schedules/list.ts";
import { nextDue, nextDueCommand } from "./commands/schedules/next.ts";
import {
  pauseSchedule,
  pauseScheduleCommand,
  resumeSchedule,
  resumeScheduleCommand,
} from "./commands/schedules/pause.ts";
import { runSchedule, runScheduleCommand } from "./commands/schedules/run.ts";
import { listSecrets, listSecretsCommand } from "./commands/secrets/list.ts";
import { removeCommand, removeSecret } from "./commands/secrets/remove.ts";
import { setCommand, setSecret } from "./commands/secrets/set.ts";
import { startCommand } from "./commands/start/options.ts";
import {
  deleteWebhook,
  deleteWebhookCommand,
  disableWebhook,
  disableWebhookCommand,
  enableWebhook,
  enableWebhookCommand,
  rotateWebhook,
  rotateWebhookCommand,
  showWebhook,
  showWebhookCommand,
  testWebhook,
  testWebhookCommand,
} from "./commands/webhooks/acts.ts";
import { createWebhook, createWebhookCommand } from "./commands/webhooks/create.ts";
import { editWebhook, editWebhookCommand } from "./commands/webhooks/edit.ts";
import { listWebhooks, listWebhooksCommand } from "./commands/webhooks/list.ts";
import {
  notificationShowCommand,
  notifications,
  notificationsCommand,
  resend,
  resendCommand,
  showNotification,
} from "./commands/webhooks/notifications.ts";
import { type ConnectionOptions, commandFor, connectionOf, withConnection } from "./connection.ts";
import type { Io } from "./io.ts";
import { plain } from "./plain.ts";

/** @param done takes the exit code of the command that ran */
export function createProgram(io: Io, done: (exitCode: number) => void): Command {
  const program = withConnection(new Command("mayfly"));
  const runs = withConnection(new Command("runs"));
  const jobs = withConnection(new Command("jobs"));
  const schedules = withConnection(new Command("schedules"));
  const hooks = withConnection(new Command("hooks"));
  const imports = new Command("import");
  const secrets = withConnection(new Command("secrets"));
  const webhooks = withConnection(new Command("webhooks"));
  /** Those of a command come before those that stand in front of it. */
  const clientOf = (options: ConnectionOptions): Client => {
    const groups = [runs, jobs, schedules, hooks, secrets, webhooks].map((group) =>
      group.opts<ConnectionOptions>(),
    );
    const given: ConnectionOptions = Object.assign({}, program.opts(), ...groups, options);
    return new Client(connectionOf(given, io), commandFor(given));
  };
  /** A command whose exit code is 0 unless it throws. */
  const plainly =
    <Options extends ConnectionOptions>(act: (options: Options, io: Io, client: Client) => Promise<void>) =>
    (options: Options) =>
      act(options, io, clientOf(options));

  runs
    .summary("list, show, read, cancel and repeat runs, and list their machines")
    .description("Runs that were submitted, by whomever.")
    .addCommand(listCommand(plainly(printRuns)))
    .addCommand(showCommand(plainly(showRun)))
    .addCommand(logsCommand(plainly(logs)))
    .addCommand(cancelCommand(plainly(cancelRun)))
    .addCommand(rerunCommand(plainly(rerun)))
    .addCommand(runMachinesCommand(plainly(listRunMachines)));

  jobs
    .summary("run, list, show, compare, roll back, pause, delete and export jobs")
    .description("Named, versioned definitions of runs.")
    .addCommand(runJobCommand(async (options) => done(await runJob(options, io, clientOf(options)))))
    .addCommand(listJobsCommand(plainly(listJobs)))
    .addCommand(showJobCommand(plainly(showJob)))
    .addCommand(jobVersionsCommand(plainly(jobVersions)))
    .addCommand(jobAlertsCommand(plainly(jobAlerts)))
    .addCommand(diffJobCommand(plainly(diffJob)))
    .addCommand(rollbackJobCommand(plainly(rollbackJob)))
    .addCommand(pauseJobCommand(plainly(pauseJob)))
    .addCommand(resumeJobCommand(plainly(resumeJob)))
    .addCommand(deleteJobCommand(plainly(deleteJob)))
    .addCommand(exportJobsCommand(plainly(exportJobs)))
    .addHelpText("after", JOBS_EXAMPLES);

  schedules
    .summary("list schedules, show their ledgers, run, pause and backfill them")
    .description("The schedules of jobs, and what became of each of their due times.")
    .addCommand(listSchedulesCommand(plainly(listSchedules)))
    .addCommand(nextDueCommand(plainly(nextDue)))
    .addCommand(firingsCommand(plainly(firings)))
    .addCommand(runScheduleCommand(plainly(runSchedule)))
    .addCommand(pauseScheduleCommand(plainly(pauseSchedule)))
    .addCommand(resumeScheduleCommand(plainly(resumeSchedule)))
    .addCommand(backfillCommand(plainly(backfill)));
  hooks
    .summary("list hooks, search what they were called with, resend it, and try rules on it")
    .description("The URLs by which others have jobs run, and what became of each call.")
    .addCommand(listHooksCommand(plainly(listHooks)))
    .addCommand(deliveriesCommand(plainly(deliveries)))
    .addCommand(deliveryCommand(plainly(delivery)))
    .addCommand(resendDeliveryCommand(plainly(resendDelivery)))
    .addCommand(tryHookCommand(plainly(tryHook)))
    .addCommand(reportsCommand(plainly(reports)))
    .addCommand(reportCommand(plainly(report)))
    .addCommand(resendReportCommand(plainly(resendReport)))
    .addCommand(rotateHookCommand(plainly(rotateHook)))
    .addHelpText("after", HOOKS_EXAMPLES);
  imports
    .summary("turn other programs' jobs into a mayfly.yaml")
    .description("Reads what other programs have, and writes it as a file of jobs. No Mayfly is asked.")
    .addCommand(
      importCrontabCommand(async (options) => {
        refuse(program.opts(), "import");
        await importCrontab(options, io);
      }),
    )
    .addHelpText("after", "\nExample:\n  mayfly import crontab /etc/crontab --system\n");

  secrets
    .summary("set, list and remove secrets")
    .description("Values that runs are given by name (mayfly run --secret), and that nobody can read back.")
    .addCommand(setCommand(plainly(setSecret)))
    .addCommand(listSecretsCommand(plainly(listSecrets)))
    .addCommand(removeCommand(plainly(removeSecret)))
    .addHelpText("after", SECRETS_EXAMPLES);

  webhooks
    .summary("subscribe URLs to what happens, and show what they were told")
    .description("Who is told of runs and alerts, and how each telling went.")
    .addCommand(listWebhooksCommand(plainly(listWebhooks)))
    .addCommand(createWebhookCommand(plainly(createWebhook)))
    .addCommand(editWebhookCommand(plainly(editWebhook)))
    .addCommand(showWebhookCommand(plainly(showWebhook)))
    .addCommand(testWebhookCommand(plainly(testWebhook)))
    .addCommand(notificationsCommand(plainly(notifications)))
    .addCommand(notificationShowCommand(plainly(showNotification)))
    .addCommand(resendCommand(plainly(resend)))
    .addCommand(disableWebhookCommand(plainly(disableWebhook)))
    .addCommand(enableWebhookCommand(plainly(enableWebhook)))
    .addCommand(rotateWebhookCommand(plainly(rotateWebhook)))
    .addCommand(deleteWebhookCommand(plainly(deleteWebhook)))
    .addHelpText("after", WEBHOOKS_EXAMPLES);

  program
    .description("Runs any container as a job, on a machine that lives only for that job.")
    .version(`mayfly ${version()}`, "--version", "print the version")
    .enablePositionalOptions()
    .addCommand(runCommand(async (options) => done(await run(options, io, clientOf(options)))))
    .addCommand(runs)
    .addCommand(jobs)
    .addCommand(schedules)
    .addCommand(hooks)
    .addCommand(
      validateCommand(async (paths) => {
        // It asks no Mayfly; whoever has --dir in front of all commands may have it here.
        const { dir: _dir, ...connection } = program.opts<ConnectionOptions>();
        refuse(connection, "validate");
        await validate(paths, io);
      }),
    )
    .addCommand(diffCommand(async (options) => done(await diffFiles(options, io, clientOf(options)))))
    .addCommand(applyCommand(async (options) => done(await apply(options, io, clientOf(options)))))
    .addCommand(imports)
    .addCommand(secrets)
    .addCommand(webhooks)
    .addCommand(
      startCommand(async (options) => {
        // Loaded on demand: nobody else needs what it brings along.
        const { start } = await import("./commands/start/start.ts");
        const { dir, ...connection } = program.opts<ConnectionOptions>();
        refuse(connection, "start");
        done(await start({ dir, ...options }, io));
      }),
    )
    .addCommand(
      machinesCommand(async (options) => {
        refuse(program.opts(), "machines");
        done(await machines(options));
      }),
    )
    .addCommand(
      doctorCommand(async (options) => {
        refuse(program.opts(), "doctor");
        done(await doctor(options));
      }),
    )
    .addCommand(
      imagesCommand(async (call) => {
        const { dir, ...connection } = program.opts<ConnectionOptions>();
        refuse(connection, "images");
        done(await images({ ...(dir !== undefined && { dir }), ...call }));
      }),
    )
    .addHelpText("after", EXAMPLES);
  return spokenBy(program, io);
}

const JOBS_EXAMPLES = `
Examples:
  mayfly jobs run deploy --input '{"env": "prod"}'
  mayfly jobs diff deploy
  mayfly runs list --job deploy
`;

const HOOKS_EXAMPLES = `
Examples:
  mayfly hooks list
  mayfly hooks deliveries deploy/github --verdict filtered
  mayfly hooks try deploy/github --branch 'release/**'
  mayfly hooks reports deploy/github --state given_up
`;

const SECRETS_EXAMPLES = `
Examples:
  mayfly secrets set API_TOKEN
  mayfly run --image debian:12 --secret API_TOKEN -- ./deploy
  mayfly secrets list
`;

const WEBHOOKS_EXAMPLES = `
Examples:
  mayfly webhooks create https://example.com/hear --event run.failed
  mayfly webhooks test wh_7k2m9q4x8c1v5b3n
  mayfly webhooks notifications wh_7k2m9q4x8c1v5b3n --state given_up
`;

const EXAMPLES = `
URL and token come from --url and --token or --dir, here or after the command; from MAYFLY_URL and MAYFLY_TOKEN; or from
what \`mayfly start\` wrote.

Examples:
  mayfly start
  mayfly run --image debian:12 -- echo hello
  mayfly runs list
`;

/** Options in front of a command that has no use for them. */
function refuse(options: ConnectionOptions, command: string): void {
  const [given] = Object.keys(options);
  if (given !== undefined) throw new UsageError(`--${given} is of no use to mayfly ${command}`);
}

/** Of this checkout: the one place where it stands. */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(version);
}

/** Errors and help go to the given streams, and commander throws where it would end the process. */
function spokenBy(command: Command, io: Io): Command {
  command
    .exitOverride()
    .showHelpAfterError(`(${commandPath(command)} --help lists what is accepted)`)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // It repeats what was typed, or pasted.
      writeErr: (text) => void io.stderr.write(text.split("\n").map(plain).join("\n")),
      getOutHelpWidth: () => io.columns ?? 100,
      getErrHelpWidth: () => io.columns ?? 100,
    });
  for (const child of command.commands) spokenBy(child, io);
  return command;
}

function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}
