/**
 * Identifiers. A run id is `run_` and a ULID in lower case (https://github.com/ulid/spec): its first ten characters
 * are the time of acceptance, so the order of ids is the order of runs and lists need no other index.
 */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const RUN_ID = /^run_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const MACHINE_NAME = /^mayfly-([0-9a-z]{26})-([1-9]\d{0,8})$/;
const SCHEDULED_MACHINE_NAME = /^mayfly-fly-[0-9a-f]{32}$/;
const TIME_CHARS = 10;
const RANDOM_CHARS = 16;
export const HOOK_ID_CHARS = 28;

/**
 * Makes a run id.
 * @param nowMs epoch milliseconds
 * @param random at least 16 random bytes; five bits of each are used
 */
export function newRunId(nowMs: number, random: Uint8Array): string {
  let suffix = "";
  for (let i = 0; i < RANDOM_CHARS; i++) suffix += ALPHABET[(random[i] ?? 0) & 31];
  return `run_${timePart(nowMs)}${suffix}`;
}

/**
 * Makes a hook's id, which its URL ends with: 140 bits that nobody guesses.
 * @param random at least 28 random bytes; five bits of each are used
 */
export function newHookId(random: Uint8Array): string {
  return Array.from({ length: HOOK_ID_CHARS }, (_, i) => ALPHABET[(random[i] ?? 0) & 31]).join("");
}

/**
 * The id of a notification, `msg_` and a ULID likewise: the order of ids is that in which they were made.
 * @param before the last one that was made: of the same moment the next is one more (ULID, "Monotonicity"); "" where there is none
 */
export function newNotificationId(nowMs: number, random: Uint8Array, before: string): string {
  const fresh = newRunId(nowMs, random).replace("run_", "msg_");
  const isSameMoment = before.slice(0, -RANDOM_CHARS) === fresh.slice(0, -RANDOM_CHARS);
  return isSameMoment ? (nextId(before) ?? fresh) : fresh;
}

/** Null where there is none after it. */
function nextId(id: string): string | null {
  const last = ALPHABET.at(-1) ?? "";
  const kept = id.slice(0, id.length - (/z*$/.exec(id)?.[0].length ?? 0));
  const raised = ALPHABET[ALPHABET.indexOf(kept.at(-1) ?? last) + 1];
  if (kept.length <= id.length - RANDOM_CHARS || raised === undefined) return null;
  return `${kept.slice(0, -1)}${raised}`.padEnd(id.length, ALPHABET[0]);
}

/** The smallest such id of a moment. */
export function firstNotificationIdAt(epochMs: number): string {
  return firstRunIdAt(epochMs).replace("run_", "msg_");
}

/** The id of a webhook: `wh_` and 16 characters by chance. */
export function newWebhookId(random: Uint8Array): string {
  return `wh_${newRunId(0, random).slice(-RANDOM_CHARS)}`;
}

/** True where the text has the form of a run id; says nothing about whether such a run exists. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** The smallest run id of a moment: a bound for "since" and "until" filters. */
export function firstRunIdAt(epochMs: number): string {
  return `run_${timePart(epochMs)}${"0".repeat(RANDOM_CHARS)}`;
}

/**
 * The name of an attempt's Machine. It derives from run and attempt alone, so that asking twice asks for the same
 * Machine: Fly refuses a second one of the same name in an app with 409.
 */
export function machineName(runId: string, attempt: number): string {
  return `mayfly-${runId.slice("run_".length)}-${attempt}`;
}

/** Whose Machine has this name; null where the name is none of {@link machineName}'s. */
export function attemptOfMachine(name: string): { runId: string; attempt: number } | null {
  const [, ulid, number] = MACHINE_NAME.exec(name) ?? [];
  const runId = `run_${ulid}`;
  return isRunId(runId) ? { runId, attempt: Number(number) } : null;
}

/** The name of the Machine that Fly starts for a schedule. @param print tells it from every other schedule's, 32 hexadecimal digits */
export function scheduledMachineName(print: string): string {
  return `mayfly-fly-${print}`;
}

/** Whether a Machine of this name is a schedule's. */
export function isScheduledMachineName(name: string): boolean {
  return SCHEDULED_MACHINE_NAME.test(name);
}

function timePart(epochMs: number): string {
  let rest = Math.max(0, Math.floor(epochMs));
  let text = "";
  for (let i = 0; i < TIME_CHARS; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
