/** Durations as people write them ("90s", "2h30m") and as the code keeps them (milliseconds). */

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/**
 * Reads a duration such as "90s", "1.5h" or "1h30m".
 * @returns whole milliseconds, or null where the text is no duration.
 */
export function parseDuration(text: string): number | null {
  if (text.length > 32 || !DURATION.test(text)) return null;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : null;
}

/**
 * Writes milliseconds as people are told them, and as {@link parseDuration} reads them: whole days as days ("7d"), everything else as
 * {@link formatInHours} does.
 */
export function formatDuration(ms: number): string {
  const days = ms / 86_400_000;
  return days > 0 && Number.isInteger(days) ? `${days}d` : formatInHours(ms);
}

/** Writes milliseconds in hours and less, which Go reads, too: 1234 is "1.234s", 90,000 "1m30s", a week "168h". */
export function formatInHours(ms: number): string {
  const whole = Math.round(ms);
  if (whole > 0 && whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = (whole % 60_000) / 1000;
  return `${hours ? `${hours}h` : ""}${minutes ? `${minutes}m` : ""}${seconds || !(hours || minutes) ? `${seconds}s` : ""}`;
}

/**
 * Writes milliseconds in sentences: whole seconds, begun ones too, from a minute on, with the minutes also where there are none: 46,848,545 is
 * "13h0m49s", as nobody is to read "13h49s" as 13 hours and 49 minutes.
 */
export function toldDuration(ms: number): string {
  const written = formatInHours(ms < 60_000 ? ms : Math.ceil(ms / 1000) * 1000);
  return written.replace(/^(\d+h)(\d+s)$/, (_, hours, seconds) => `${hours}0m${seconds}`);
}
