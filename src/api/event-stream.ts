/**
 * A run's output as Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html): what is stored, what
 * comes, then the outcome. The id of each message is the position that a client comes back with in `Last-Event-ID`.
 */

import { FOLLOW_RETRY_MS, WATCH_HEARTBEAT_MS } from "../core/limits.ts";
import { type ChunkPosition, formatPosition } from "../core/output.ts";
import type { RunState } from "../core/run.ts";
import { type Followed, type FollowPorts, followOutput } from "../flow/follow.ts";
import { numberedLine, outputEnd, outputLine, outputStep } from "./run-body.ts";

const utf8 = new TextEncoder();

function sseMessage(followed: Followed): string {
  switch (followed.kind) {
    case "output":
      return `id: ${formatPosition(followed.chunk)}\nevent: output\ndata: ${JSON.stringify(outputLine(followed.chunk))}\n\n`;
    case "step":
      return `event: step\ndata: ${JSON.stringify(outputStep(followed.attempt, followed.step))}\n\n`;
    case "end":
      return `event: end\ndata: ${JSON.stringify(outputEnd(followed.state))}\n\n`;
    case "resume":
      // A message without data is none to browsers.
      return "event: resume\ndata: {}\n\n";
  }
}

function ndjsonMessage(followed: Followed): string {
  switch (followed.kind) {
    case "output":
      return `${JSON.stringify(numberedLine(followed.chunk))}\n`;
    case "end":
      return `${JSON.stringify({ end: outputEnd(followed.state) })}\n`;
    case "step":
      // Of lines each is output, or the end.
      return "";
    case "resume":
      // The answer ends without an end.
      return "";
  }
}

/**
 * The answer to a client that follows a run by SSE. It may end with `resume` before the run does: then the client comes
 * back with the last position.
 * @throws AppError `too_many_watchers`
 */
export function eventStream(
  ports: FollowPorts,
  state: RunState,
  after: ChunkPosition,
  signal: AbortSignal,
  readsMax?: number,
): Promise<Response> {
  const headers = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  };
  return answer(ports, state, after, signal, readsMax, {
    encode: sseMessage,
    // Something at once makes the connection open for the client before there is output.
    opening: `retry: ${FOLLOW_RETRY_MS}\n\n`,
    heartbeat: ": waiting\n\n",
    headers,
  });
}

/**
 * The answer to a client that follows a run as ndjson: output lines, at last a line with `end`. Without that line the client
 * comes back with the last line's id.
 * @throws AppError `too_many_watchers`
 */
export function ndjsonStream(
  ports: FollowPorts,
  state: RunState,
  after: ChunkPosition,
  signal: AbortSignal,
  readsMax?: number,
): Promise<Response> {
  const headers = { "content-type": "application/x-ndjson", "cache-control": "no-store" };
  return answer(ports, state, after, signal, readsMax, {
    encode: ndjsonMessage,
    opening: null,
    heartbeat: null,
    headers,
  });
}

interface Format {
  encode: (followed: Followed) => string;
  opening: string | null;
  heartbeat: string | null;
  headers: Record<string, string>;
}

async function answer(
  ports: FollowPorts,
  state: RunState,
  after: ChunkPosition,
  signal: AbortSignal,
  readsMax: number | undefined,
  { encode, opening, heartbeat, headers }: Format,
): Promise<Response> {
  const over = new AbortController();
  const stop = () => over.abort();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const followed = await followOutput(ports, state, after, over.signal, readsMax);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  // A reader that went away shows as a closed writer.
  writer.closed.catch(stop);
  const write = (text: string) => writer.write(utf8.encode(text));
  const heart =
    heartbeat === null ? null : setInterval(() => void write(heartbeat).catch(stop), WATCH_HEARTBEAT_MS);
  if (opening !== null) void write(opening).catch(stop);
  const pump = async () => {
    try {
      for await (const news of followed) await write(encode(news));
      await writer.close();
    } catch (error) {
      // Cutting the connection makes the client come back with its last position.
      await writer.abort(error).catch(() => undefined);
    } finally {
      if (heart !== null) clearInterval(heart);
      signal.removeEventListener("abort", stop);
      over.abort();
    }
  };
  void pump();
  return new Response(readable, { headers });
}
