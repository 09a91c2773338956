/**
 * "Sun 2026-11-22 02:30", by the clocks of a time zone; by those of the browser, or of the server, where none is named. Seconds are
 * told where there are any.
 */
export function clockTime(atMs: number, timeZone?: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { ...FIELDS, timeZone });
  const field = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const { weekday, year, month, day, hour, minute, second } = field;
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute}${second === "00" ? "" : `:${second}`}`;
}

const FIELDS: Intl.DateTimeFormatOptions = {
  weekday: "short",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
};
