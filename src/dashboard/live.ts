/** What a run's page follows: the API's events, behind the page's own sign-in. */

import type { Context } from "hono";
import { AppError } from "../core/error.ts";
import { WATCH_RETRY_S } from "../core/limits.ts";
import type { DashboardPorts } from "./ports.ts";

/** The answer to a page's EventSource; null for an unknown run. */
export async function live(c: Context, ports: DashboardPorts, id: string): Promise<Response | null> {
  // A browser that lost the connection says itself where it was.
  const after = c.req.header("Last-Event-ID") ?? c.req.query("after") ?? "";
  try {
    return await ports.follow(id, after === "" ? null : after, c.req.raw.signal);
  } catch (error) {
    if (error instanceof AppError && error.code === "too_many_watchers") return busy();
    throw error;
  }
}

/** To a refusal an EventSource would be blind and give up; by an event it can say what is up, and come back by itself. */
function busy(): Response {
  return new Response(`retry: ${WATCH_RETRY_S * 1000}\nevent: busy\ndata: {}\n\n`, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
  });
}
