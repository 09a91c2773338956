/** When a crontab's entry is due, as a cron expression that Mayfly reads in the same way. */

import { shareOf } from "../../core/poll.ts";
import { parseCron } from "../../core/schedule/cron.ts";
import type { Entry } from "./lines.ts";

/** A cron expression with what is to be said about it; a null stands for no schedule; or why there is none. */
export type Translated = { cron: string | null; notes: string[] } | { complaint: string };

const BOUNDS: readonly [least: number, most: number][] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
];
const [DAY_OF_MONTH, DAY_OF_WEEK] = [2, 4];

/** @param seed draws what the crontab leaves to chance: the same for the same text */
export function translated(when: Entry["when"], seed: string): Translated {
  if ("nickname" in when) return ofNickname(when.nickname);
  const notes: string[] = [];
  const fields: string[] = [];
  for (const [index, field] of when.fields.entries()) {
    const drawn = drawnField(field, BOUNDS[index] ?? [0, 0], `${seed} ${index}`);
    if (drawn === null)
      return { complaint: `has "${clipped(field)}", a range for chance that can not be read` };
    if (drawn !== field) notes.push(`"${field}" is a time by chance, here ${drawn} once and for all`);
    const stepped = withinSteps(drawn, BOUNDS[index] ?? [0, 0]);
    if (stepped !== drawn)
      notes.push(
        `"${clipped(drawn)}" has steps longer than there are times: here as ${stepped}, which is what cron makes of it`,
      );
    fields.push(stepped);
  }
  const cron = withDayRule(fields).join(" ");
  const parsed = parseCron(cron);
  return "complaint" in parsed ? { complaint: parsed.complaint } : { cron, notes };
}

function ofNickname(nickname: string): Translated {
  if (nickname === "@reboot")
    return {
      cron: null,
      notes: [
        "@reboot is no time: a machine lives only for its job. The job has no schedule; mayfly jobs run runs it",
      ],
    };
  if (nickname === "@every_minute") return { cron: "* * * * *", notes: [] };
  const parsed = parseCron(nickname);
  return "complaint" in parsed
    ? { complaint: `${clipped(nickname)} ${parsed.complaint}` }
    : { cron: nickname, notes: [] };
}

/** A field with a number for each of its ranges for chance ("0~59", "~", "~/10"); null where one can not be read. */
function drawnField(field: string, [least, most]: readonly [number, number], seed: string): string | null {
  const parts = field.split(",").map((part, index) => {
    if (!part.includes("~")) return part;
    const match = /^(\d{0,2})~(\d{0,2})(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return null;
    const [, from, to, step] = match;
    const [low, high] = [from ? Number(from) : least, to ? Number(to) : most];
    if (low < least || high > most || low > high || step === "0") return null;
    const draw = (count: number) => Math.floor(shareOf(`${seed} ${index}`) * count);
    return step === undefined || step === ""
      ? String(low + draw(high - low + 1))
      : `${low + draw(Math.min(Number(step), high - low + 1))}-${high}/${step}`;
  });
  return parts.some((part) => part === null) ? null : parts.join(",");
}

/** A field whose steps from * lead past its end after the first time, as that time. */
function withinSteps(field: string, [least, most]: readonly [number, number]): string {
  return field.replaceAll(/(?<=^|,)\*\/(\d{1,9})(?=,|$)/g, (part, step: string) =>
    Number(step) > most - least ? String(least) : part,
  );
}

/**
 * Of two fields of days a day needs both where one begins with *, as "*\/2" does (crontab(5)); Mayfly takes either unless a + says
 * otherwise.
 */
function withDayRule(fields: string[]): string[] {
  const [day = "", weekday = ""] = [fields[DAY_OF_MONTH], fields[DAY_OF_WEEK]];
  const isOpen = day === "*" || weekday === "*";
  const needsBoth = !isOpen && (day.startsWith("*") || weekday.startsWith("*"));
  return needsBoth ? fields.with(DAY_OF_WEEK, `+${weekday}`) : fields;
}

function clipped(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
