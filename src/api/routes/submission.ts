/** What submitting and re-running share: a body that becomes a run once, and an answer that can wait for its end. */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { RunUpstream } from "../../core/chain/upstream.ts";
import { AppError } from "../../core/error.ts";
import type { RunDelivery } from "../../core/hook/run-delivery.ts";
import type { RunJob } from "../../core/job.ts";
import { IDEMPOTENCY_KEY_MAX_CHARS, PREFER_WAIT_MAX_S } from "../../core/limits.ts";
import { isFinal, type RunState } from "../../core/run.ts";
import { sha256 } from "../../flow/sha256.ts";
import { invalidInput } from "../errors.ts";
import { order } from "../order.ts";
import type { ApiPorts } from "../ports.ts";
import { runSchema } from "../run-schema.ts";
import { COMMON_ERRORS, errorAnswer, newRun, shownRun } from "./answers.ts";

const answer = (description: string) => ({
  description,
  content: { "application/json": { schema: runSchema } },
});

/** What a caller names an order by, to find it again. */
export const idempotencyKey = z.string().min(1).max(IDEMPOTENCY_KEY_MAX_CHARS);

export const submissionHeaders = z.object({
  "idempotency-key": idempotencyKey.optional().openapi({
    description:
      "the same key and body answer the same run. A body is the same where it means the same: the order of fields, white space and defaults that are spelt out make no difference",
  }),
  prefer: z
    .string()
    .optional()
    .openapi({
      description: `wait=N: answer when the run is final, at most N seconds from now (up to ${PREFER_WAIT_MAX_S})`,
      example: "wait=30",
    }),
});

export const SUBMISSION_ANSWERS = {
  200: answer(
    "the run was made by an earlier request with this key, or is final already: Prefer: wait, or no free slot with the strategy drop_new",
  ),
  202: answer("accepted"),
  ...COMMON_ERRORS,
  400: errorAnswer("the body is not JSON, or a name stands twice in one of its objects"),
  409: errorAnswer("the key was used with a body that means another run"),
  413: errorAnswer("the body is too large"),
};

/** What a body stands for. */
export interface Ordered {
  /** The spec, not checked yet; or why there is none, which matters where it is no repeat. */
  input: unknown | AppError;
  /** Where in the request a field of it stands; absent where it is the body. */
  pathOf?: (field: string) => string;
  /** The run that it repeats, or null. */
  originId: string | null;
  /** The job that it is a run of; absent where its spec came inline. */
  job?: RunJob | undefined;
  /** The delivery that the run is for which it repeats. */
  delivery?: RunDelivery | undefined;
  /** What it has of the run after which that was started. */
  upstream?: RunUpstream | undefined;
}

/** Submits what a request's body orders and answers the run. */
export async function answerSubmission(
  c: Context,
  ports: ApiPorts,
  orderedBy: (body: ArrayBuffer) => Ordered | Promise<Ordered>,
): Promise<Response> {
  const headers = submissionHeaders.safeParse({
    "idempotency-key": c.req.header("idempotency-key"),
    prefer: c.req.header("prefer"),
  });
  if (!headers.success) throw invalidInput(headers.error, "header");
  const waitS = preferredWait(headers.data.prefer);
  const bytes = await c.req.arrayBuffer();
  const ordered = await orderedBy(bytes);
  const idempotencyKey = headers.data["idempotency-key"];
  const key = idempotencyKey === undefined ? null : { key: idempotencyKey, bodyHash: await sha256(bytes) };
  const { state, repeated } = await order(ports, { ...ordered, key });
  const known = waitS > 0 && !isFinal(state.run.status) ? await finalOrKnown(ports, state, waitS) : state;
  c.header("location", `/v1/runs/${state.run.id}`);
  if (waitS > 0) c.header("preference-applied", `wait=${waitS}`);
  const done = repeated || isFinal(known.run.status);
  return c.json(await (repeated ? shownRun : newRun)(ports, known), done ? 200 : 202);
}

/** A wait that fails (its driver was reset by a deploy) does not make an accepted run unknown to its caller. */
async function finalOrKnown(ports: ApiPorts, state: RunState, waitS: number): Promise<RunState> {
  const final = await ports.drivers.untilFinal(state.run.id, waitS * 1000).catch(() => null);
  return final ?? (await ports.store.load(state.run.id)) ?? state;
}

/** Seconds to wait by RFC 7240's `Prefer: wait=N`; other preferences are not ours and are ignored, as the RFC asks. */
function preferredWait(prefer: string | undefined): number {
  const match = /(?:^|[,;\s])wait\s*=\s*"?([^",;\s]*)/i.exec(prefer ?? "");
  if (!match) return 0;
  const seconds = /^\d{1,4}$/.test(match[1] ?? "") ? Number(match[1]) : Number.NaN;
  if (Number.isNaN(seconds) || seconds > PREFER_WAIT_MAX_S)
    throw new AppError(
      "invalid_input",
      `wait must be whole seconds from 0 to ${PREFER_WAIT_MAX_S}`,
      "header.prefer",
    );
  return seconds;
}
