/**
 * GET /api/v1/apps/{app}/logs: the newest lines, or those after `next_token`, which is unix time in nanoseconds (docs: Logs
 * API options; fly-go, GetAppLogs). `meta.stream` is an addition of this server.
 */

import type { Operation } from "../app.ts";
import { invalid } from "../error.ts";
import { LOG_PAGE } from "../limits.ts";
import type { LogEntry } from "../logs/logs.ts";

export const getLogs: Operation = (c, { platform: { logs } }) => {
  const token = c.req.query("next_token") || null;
  if (token !== null && !/^\d{1,20}$/.test(token))
    throw invalid("next_token: unix time in nanoseconds, as the answer before gave it, is expected");
  const after = token === null ? null : BigInt(token);
  // Taken before reading, so that nothing can be written in between unseen.
  const from = logs.cursor();
  const entries = logs.read(
    c.req.param("app") ?? "",
    { after, machine: c.req.query("instance") || null, region: c.req.query("region") || null },
    LOG_PAGE,
  );
  const next = entries.at(-1)?.at ?? after ?? from;
  return c.json({ data: entries.map(toWire), meta: { next_token: String(next) } });
};

function toWire({ at, message, stream, machine, region }: LogEntry) {
  return {
    id: String(at),
    type: "log",
    attributes: {
      timestamp: new Date(Number(at / 1_000_000n)).toISOString(),
      message,
      level: "info",
      instance: machine,
      region,
      meta: { instance: machine, region, event: { provider: "app" }, stream },
    },
  };
}
