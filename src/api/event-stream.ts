/**
 * A run's output as Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html): what is stored, what
 * comes, then the outcome. The id of each message is the position that a client comes back with in `Last-Event-ID`.
 */

import { WATCH_HEARTBEAT_MS } from "../core/limits.ts";
import { type ChunkPosition, formatPosition } from "../core/output.ts";
import { type Followed, followOutput, type OutputPorts } from "../flow/output.ts";
import type { Drivers } from "../flow/ports.ts";
import { outputEnd, outputLine } from "./run-body.ts";

type FollowPorts = OutputPorts & { drivers: Drivers };

const utf8 = new TextEncoder();

function sseMessage(followed: Followed): string {
  if (followed.kind === "end") return `event: end\ndata: ${JSON.stringify(outputEnd(followed.state))}\n\n`;
  return `id: ${formatPosition(followed.chunk)}\nevent: output\ndata: ${JSON.stringify(outputLine(followed.chunk))}\n\n`;
}

function ndjsonMessage(followed: Followed): string {
  return `${JSON.stringify(followed.kind === "end" ? { end: outputEnd(followed.state) } : outputLine(followed.chunk))}\n`;
}

/** The answer to a client that follows a run by SSE. */
export function eventStream(
  ports: FollowPorts,
  runId: string,
  after: ChunkPosition,
  signal: AbortSignal,
): Response {
  const headers = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  };
  // A comment at once makes the connection open for the client before there is output.
  return followed(ports, runId, after, signal, { encode: sseMessage, heartbeat: ": waiting\n\n", headers });
}

/** The answer to a client that follows a run as ndjson: output lines, at last a line with `end`. */
export function ndjsonStream(
  ports: FollowPorts,
  runId: string,
  after: ChunkPosition,
  signal: AbortSignal,
): Response {
  const headers = { "content-type": "application/x-ndjson", "cache-control": "no-store" };
  return followed(ports, runId, after, signal, { encode: ndjsonMessage, heartbeat: null, headers });
}

interface Format {
  encode: (followed: Followed) => string;
  heartbeat: string | null;
  headers: Record<string, string>;
}

function followed(
  ports: FollowPorts,
  runId: string,
  after: ChunkPosition,
  signal: AbortSignal,
  format: Format,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const over = new AbortController();
  const stop = () => over.abort();
  signal.addEventListener("abort", stop, { once: true });
  // A reader that went away shows as a closed writer.
  writer.closed.catch(stop);
  const write = (text: string) => writer.write(utf8.encode(text));
  const beat = () => void write(format.heartbeat ?? "").catch(stop);
  const heart = format.heartbeat === null ? null : setInterval(beat, WATCH_HEARTBEAT_MS);
  if (format.heartbeat !== null) beat();
  const pump = async () => {
    try {
      for await (const news of followOutput(ports, runId, after, over.signal))
        await write(format.encode(news));
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
  return new Response(readable, { headers: format.headers });
}
