/** A crontab as jobs, and what of it could not be carried over. */

import { definitionComplaints } from "../../api/job-definition.ts";
import type { JobDefinition } from "../../core/job.ts";
import { zoneComplaint } from "../../core/schedule/zone-name.ts";
import { Names, nameOfCommand } from "./command-name.ts";
import { type Entry, readCrontab } from "./lines.ts";
import { translated } from "./schedule.ts";

export interface CrontabOptions {
  /** A user stands before each command. */
  isSystem: boolean;
  /** What the commands run in. */
  image: string;
  /** Of the computer whose crontab it is; null where nobody knows. */
  timeZone: string | null;
}

export interface ImportedCrontab {
  jobs: Record<string, JobDefinition>;
  /** What is otherwise than cron does it, by line; null where it is about the whole file. */
  notes: Note[];
}

export interface Note {
  line: number | null;
  message: string;
  /** True where the line is no job. */
  isLost: boolean;
}

/** Variables that cron itself looks at; every other is the command's. */
const CRONS_OWN = ["MAILTO", "MAILFROM", "CRON_TZ", "SHELL", "RANDOM_DELAY"];

export function importCrontab(text: string, options: CrontabOptions): ImportedCrontab {
  const { entries, unread } = readCrontab(text, options.isSystem);
  const jobs: Record<string, JobDefinition> = {};
  const names = new Names();
  const notes: Note[] = unread.map((line) => ({ ...line, isLost: true }));
  for (const entry of entries) {
    const name = names.unique(nameOfCommand(entry.command));
    const job = jobOf(entry, name, options);
    const note = (message: string, isLost = false) => notes.push({ line: entry.line, message, isLost });
    if ("complaint" in job) {
      note(job.complaint, true);
      continue;
    }
    jobs[name] = job.definition;
    for (const message of job.notes) note(message);
  }
  notes.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { jobs, notes: [...ofTheWhole(entries, options), ...notes] };
}

function ofTheWhole(entries: Entry[], { timeZone }: CrontabOptions): Note[] {
  const says = (message: string): Note => ({ line: null, message, isLost: false });
  const mailed = entries.filter(({ variables }) => variables.MAILTO !== "");
  const zoneless = entries.filter(({ variables }) => !variables.CRON_TZ);
  return [
    ...(zoneless.length > 0 && timeZone === null
      ? [
          says(
            "its times are taken for UTC where no CRON_TZ is set; --timezone names the zone of its computer",
          ),
        ]
      : []),
    ...(mailed.length > 0
      ? [says("cron mails what commands write, here each run keeps its output: mayfly runs logs shows it")]
      : []),
  ];
}

function jobOf(
  entry: Entry,
  name: string,
  { image, timeZone }: CrontabOptions,
): { definition: JobDefinition; notes: string[] } | { complaint: string } {
  const { variables, user } = entry;
  const when = translated(entry.when, `${entry.command} ${entry.line}`);
  if ("complaint" in when) return when;
  const notes = [...when.notes];
  const zone = variables.CRON_TZ || (timeZone ?? undefined);
  const wrongZone = zone === undefined ? null : zoneComplaint(zone);
  if (wrongZone !== null) return { complaint: `CRON_TZ ${wrongZone}` };
  if (user === null && /^root\s/.test(entry.command))
    notes.push("begins with root: of a system's crontab that is the user, which --system reads");
  if (user !== null && user !== "root") notes.push(`ran as the user ${user}; here as the one of its image`);
  const schedule = {
    cron: when.cron,
    ...(zone !== undefined && { timezone: zone }),
    // As cron does it: at each time, whatever else is at work, and never afterwards.
    overlap: "allow",
    catch_up: "none",
    ...jitterOf(variables.RANDOM_DELAY, notes),
  };
  const env = Object.fromEntries(
    Object.entries(variables).filter(([variable]) => !CRONS_OWN.includes(variable)),
  );
  const definition: JobDefinition = {
    description: `line ${entry.line} of a crontab`,
    run: {
      image,
      ...whatRuns(entry),
      ...(Object.keys(env).length > 0 && { env }),
    },
    ...(when.cron !== null && { schedules: [schedule] }),
  };
  const [wrong] = definitionComplaints(definition, name);
  return wrong === undefined
    ? { definition, notes }
    : { complaint: `can not be a job: ${wrong.path.map(String).join(".")} ${wrong.message}` };
}

/** Minutes at most, by chance (cronie). */
function jitterOf(delay: string | undefined, notes: string[]): { jitter?: string } {
  if (delay === undefined || delay === "0") return {};
  if (/^[1-9]\d{0,2}$/.test(delay)) return { jitter: `${delay}m` };
  notes.push(`RANDOM_DELAY is no number of minutes: ${delay}`);
  return {};
}

/** cron gives the command to SHELL, sh unless told otherwise, with -c. */
function whatRuns({ command, stdin, variables }: Entry): { script: string } | { command: string[] } {
  const script = stdin === null ? command : fedWith(command, stdin);
  const { SHELL = "/bin/sh" } = variables;
  return /^(?:|(?:\/usr)?\/bin\/)(?:sh|dash)$/.test(SHELL) ? { script } : { command: [SHELL, "-c", script] };
}

/** The command with a text to read, by a word that is not in it. */
function fedWith(command: string, stdin: string): string {
  const lines = stdin.split("\n");
  let end = "END";
  while (lines.includes(end)) end += "_";
  return `{ ${command}\n} <<'${end}'\n${stdin.replace(/\n$/, "")}\n${end}\n`;
}
