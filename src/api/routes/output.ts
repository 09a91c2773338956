/** GET /v1/runs/{id}/output: what a run's command wrote, stored or live. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../core/error.ts";
import { WATCHERS_MAX } from "../../core/limits.ts";
import { type ChunkPosition, OUTPUT_START, parsePosition, type Stream } from "../../core/output.ts";
import { plannedSteps } from "../../core/step/spec.ts";
import { type FilledChunk, storedOutput } from "../../flow/output.ts";
import { type Section, storedSection } from "../../flow/section.ts";
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
    "Stored bytes of one stream as they are (stream=…), or of both as ndjson. With follow=true or Accept: text/event-stream: what is stored, then what comes, then an `end` event with the outcome; Last-Event-ID resumes with nothing lost or doubled, ndjson of both streams too. A followed answer may end before the run does, by a `resume` event or, as ndjson, without an end line: then come back with the last id. Raw bytes are always all of them: stream goes neither with Last-Event-ID nor with following. With step=… only what that step wrote, stored so far. The output of steps stands in their order; by SSE a `step` event tells how each stands, before what it wrote.",
  request: {
    params: runIdParam,
    query: z.strictObject({
      stream: z.enum(["stdout", "stderr"]).optional(),
      follow: flag.optional().openapi({ type: "boolean" }),
      step: z
        .string()
        .min(1)
        .optional()
        .openapi({ description: "only the section of this step, by its name or number", example: "test" }),
      attempt: z.coerce
        .number("must be the number of an attempt, from 1")
        .int("must be the number of an attempt, from 1")
        .min(1, "must be the number of an attempt, from 1")
        .optional()
        .openapi({ description: "whose step; the last one's where it is left out", type: "integer" }),
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
    const { stream, follow, step, attempt } = c.req.valid("query");
    const { accept = "", "last-event-id": lastEventId } = c.req.valid("header");
    const live = accept.includes("text/event-stream") || follow === true;
    if (stream !== undefined) refuseWithStream(live, lastEventId);
    const { id } = c.req.valid("param");
    if (step !== undefined || attempt !== undefined) {
      refuseWithStep(step, live, lastEventId);
      const section = await sectionOf(ports, id, step ?? "", attempt ?? null);
      return stream === undefined ? ndjson(ports, id, section) : rawOutput(ports, id, stream, section);
    }
    const after = resumeFrom(lastEventId);
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

/** A section is read as a whole, and is in the output that is followed. */
function refuseWithStep(step: string | undefined, live: boolean, lastEventId: string | undefined): void {
  if (step === undefined)
    throw new AppError("invalid_input", "is the attempt of a step; give step, too", "query.attempt");
  if (live) throw new AppError("invalid_input", "following is of all steps; leave step out", "query.step");
  if (lastEventId)
    throw new AppError(
      "invalid_input",
      "the section of one step can not be resumed; leave this header out",
      "header.last-event-id",
    );
}

/**
 * The section of a step; an empty one where it has none.
 * @throws AppError `not_found`, or `invalid_input` for a step or an attempt that there is not
 */
export async function sectionOf(
  ports: Pick<ApiPorts, "store">,
  runId: string,
  step: string,
  attempt: number | null,
): Promise<Section> {
  const { run, attempts } = await loadRun(ports.store, runId);
  const of = attempt === null ? attempts.at(-1) : attempts.find(({ number }) => number === attempt);
  if (!of) throw new AppError("invalid_input", `the run has no attempt ${attempt ?? "yet"}`, "query.attempt");
  const planned = plannedSteps(run.spec);
  const asked =
    planned.find(({ name }) => name === step) ?? planned.find(({ number }) => String(number) === step);
  if (!asked)
    throw new AppError(
      "invalid_input",
      planned.length === 0
        ? "the run has no steps"
        : `the run has no step ${step}; its steps are ${planned.map(({ name }) => name).join(", ")}`,
      "query.step",
    );
  const record = of.steps.find(({ number }) => number === asked.number);
  const nowhere = { stdout: 0, stderr: 0 };
  return record?.from
    ? { attempt: of.number, from: record.from, to: record.to }
    : { attempt: of.number, from: nowhere, to: nowhere };
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

function ndjson(ports: ApiPorts, runId: string, what: ChunkPosition | Section): Promise<Response> {
  const utf8 = new TextEncoder();
  const lines = (chunk: FilledChunk) => utf8.encode(`${JSON.stringify(numberedLine(chunk))}\n`);
  return streamed(ports, runId, what, lines, { "content-type": "application/x-ndjson" });
}

/**
 * The stored bytes of one stream, as they are. Never rendered by a browser: output is data.
 * @throws AppError `not_found`
 */
export function rawOutput(
  ports: Pick<ApiPorts, "store" | "blobs">,
  runId: string,
  stream: Stream,
  what: ChunkPosition | Section = OUTPUT_START,
): Promise<Response> {
  const bytes = (chunk: FilledChunk) => (chunk.stream === stream ? chunk.bytes : null);
  return streamed(ports, runId, what, bytes, {
    "content-type": "application/octet-stream",
    "x-content-type-options": "nosniff",
    "content-disposition": `attachment; filename="${runId}.${stream}"`,
  });
}

async function streamed(
  ports: Pick<ApiPorts, "store" | "blobs">,
  runId: string,
  what: ChunkPosition | Section,
  encode: (chunk: FilledChunk) => Uint8Array | null,
  headers: Record<string, string>,
): Promise<Response> {
  const chunks = "from" in what ? storedSection(ports, runId, what) : storedOutput(ports, runId, what);
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
