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

/** Writes milliseconds the way {@link parseDuration} reads them: "1h30m", "90s" becomes "1m30s", 1234 is "1.234s". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = Math.round(ms % 60_000) / 1000;
  return `${hours ? `${hours}h` : ""}${minutes ? `${minutes}m` : ""}${seconds || !(hours || minutes) ? `${seconds}s` : ""}`;
}
