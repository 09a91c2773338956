/** GET /v1/runs/{id}/output: what a run's command wrote, stored or live. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../core/error.ts";
import { WATCHERS_MAX } from "../../core/limits.ts";
import { type ChunkPosition, OUTPUT_START, parsePosition, type Stream } from "../../core/output.ts";
import { type FilledChunk, storedOutput } from "../../flow/output.ts";
import { eventStream, ndjsonStream } from "../event-stream.ts";
import type { ApiPorts } from "../ports.ts";
import { numberedLine } from "../run-body.ts";
import { numberedOutputLineSchema } from "../run-schema.ts";
import { COMMON_ERRORS, errorAnswer, loadRun, runIdParam } from "./answers.ts";

const flag = z
  .enum(["", "1", "true", "0", "false"], 'must be "true" or "false"')
  .transform((text) => text !== "0" && text !== "false");

const route = createRoute({
  method: "get",
  path: "/v1/runs/{id}/output",
  summary: "Read or follow a run's output",
  description:
    "Stored bytes of one stream as they are (stream=…), or of both as ndjson. With follow=true or Accept: text/event-stream: what is stored, then what comes, then an `end` event with the outcome; Last-Event-ID resumes with nothing lost or doubled, ndjson of both streams too. A followed answer may end before the run does, by a `resume` event or, as ndjson, without an end line: then come back with the last id. Raw bytes are always all of them: stream goes neither with Last-Event-ID nor with following.",
  request: {
    params: runIdParam,
    query: z.strictObject({
      stream: z.enum(["stdout", "stderr"]).optional(),
      follow: flag.optional().openapi({ type: "boolean" }),
    }),
    headers: z.object({
      "last-event-id": z
        .string()
        .optional()
        .openapi({ description: "the id of the last message that arrived", example: "1.42" }),
      accept: z.string().optional(),
    }),
  },
  responses: {
    200: {
      description: "output",
      content: {
        "application/x-ndjson": { schema: numberedOutputLineSchema },
        "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) },
        "text/event-stream": { schema: z.string() },
      },
    },
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such run"),
    429: {
      ...errorAnswer(`${WATCHERS_MAX} follow this run already`),
      headers: z.object({
        "Retry-After": z.int().openapi({ description: "seconds until another try is worth it" }),
      }),
    },
  },
});

export function outputRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { stream, follow } = c.req.valid("query");
    const { accept = "", "last-event-id": lastEventId } = c.req.valid("header");
    const live = accept.includes("text/event-stream") || follow === true;
    if (stream !== undefined) refuseWithStream(live, lastEventId);
    const after = resumeFrom(lastEventId);
    const { id } = c.req.valid("param");
    if (live) {
      const answer = accept.includes("application/x-ndjson") ? ndjsonStream : eventStream;
      return answer(ports, await loadRun(ports.store, id), after, c.req.raw.signal);
    }
    return stream === undefined ? ndjson(ports, id, after) : rawOutput(ports, id, stream);
  });
}

/** The bytes of one stream are all of them, from the first: they carry no positions to resume at. */
function refuseWithStream(live: boolean, lastEventId: string | undefined): void {
  if (live)
    throw new AppError("invalid_input", "following is of both streams; leave stream out", "query.stream");
  if (lastEventId)
    throw new AppError(
      "invalid_input",
      "the raw bytes of one stream can not be resumed; leave this header out, or leave stream out to resume both as ndjson",
      "header.last-event-id",
    );
}

function resumeFrom(lastEventId: string | undefined): ChunkPosition {
  if (lastEventId === undefined || lastEventId === "") return OUTPUT_START;
  const position = parsePosition(lastEventId);
  if (position === null)
    throw new AppError(
      "invalid_input",
      'must be the id of a message of this stream, such as "1.42"',
      "header.last-event-id",
    );
  return position;
}

function ndjson(ports: ApiPorts, runId: string, after: ChunkPosition): Promise<Response> {
  const utf8 = new TextEncoder();
  const lines = (chunk: FilledChunk) => utf8.encode(`${JSON.stringify(numberedLine(chunk))}\n`);
  return streamed(ports, runId, after, lines, { "content-type": "application/x-ndjson" });
}

/**
 * The stored bytes of one stream, as they are. Never rendered by a browser: output is data.
 * @throws AppError `not_found`
 */
export function rawOutput(
  ports: Pick<ApiPorts, "store" | "blobs">,
  runId: string,
  stream: Stream,
): Promise<Response> {
  const bytes = (chunk: FilledChunk) => (chunk.stream === stream ? chunk.bytes : null);
  return streamed(ports, runId, OUTPUT_START, bytes, {
    "content-type": "application/octet-stream",
    "x-content-type-options": "nosniff",
    "content-disposition": `attachment; filename="${runId}.${stream}"`,
  });
}

async function streamed(
  ports: Pick<ApiPorts, "store" | "blobs">,
  runId: string,
  after: ChunkPosition,
  encode: (chunk: FilledChunk) => Uint8Array | null,
  headers: Record<string, string>,
): Promise<Response> {
  const chunks = storedOutput(ports, runId, after);
  // A run that has output is there; only of another one is it asked.
  let first: Awaited<ReturnType<typeof chunks.next>> | null = await chunks.next();
  if (first.done) await loadRun(ports.store, runId);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (true) {
        const { value, done } = first ?? (await chunks.next());
        first = null;
        if (done) return controller.close();
        const bytes = encode(value);
        if (bytes !== null) return controller.enqueue(bytes);
      }
    },
    cancel: () => void chunks.return(undefined),
  });
  return new Response(body, { headers: { ...headers, "cache-control": "no-store" } });
}
