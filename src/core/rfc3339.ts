/**
 * A time in RFC 3339, in UTC. Its years have four digits: a time beyond them, which only a clock gone wrong can have told, is the first or
 * the last that can be said.
 */
export function rfc3339(epochMs: number): string {
  return new Date(Math.min(LAST, Math.max(FIRST, epochMs || 0))).toISOString();
}

const FIRST = Date.parse("0000-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");
