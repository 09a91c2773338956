/** Order: what stands for a spec becomes a run. The API's calls and the pages check the same, since they do so here. */

import { AppError } from "../core/error.ts";
import type { RunJob } from "../core/job.ts";
import { hasSecrets, type RunSpec } from "../core/run-spec.ts";
import type { IdempotencyKey } from "../flow/ports.ts";
import { type Submitted, submit } from "../flow/submit.ts";
import { checked } from "./checked.ts";
import type { ApiPorts } from "./ports.ts";
import { runSpecSchema, toRunSpec } from "./spec-schema.ts";

/**
 * Checks an order and submits it.
 * @throws AppError `invalid_input` where the spec is wrong, or names secrets that there are not; and what `submit` throws
 */
export async function order(
  ports: ApiPorts,
  {
    input,
    pathOf = (field) => field,
    originId,
    job,
    key,
  }: {
    /** The spec, as it is written in a request and not checked yet. */
    input: unknown;
    /** Where in the request a field of it stands; absent where it is the body. */
    pathOf?: (field: string) => string;
    /** The run that it repeats, or null. */
    originId: string | null;
    /** The job that it is a run of; absent where its spec came inline. */
    job?: RunJob | undefined;
    key: IdempotencyKey | null;
  },
): Promise<Submitted> {
  const spec = toRunSpec(checkedSpec(input, pathOf), ports.defaultGuest);
  if (hasSecrets(spec)) await refuseSecrets(ports, spec, pathOf);
  return submit(ports, { orgId: ports.orgId, spec, originId, ...(job && { job }), key });
}

async function refuseSecrets(
  { secrets, orgId }: ApiPorts,
  spec: RunSpec,
  pathOf: (field: string) => string,
): Promise<void> {
  const complaint = await secrets.complaint(orgId, spec.secrets);
  if (complaint === null) return;
  const path = complaint.variable === null ? "secrets" : `secrets.${complaint.variable}`;
  throw new AppError("invalid_input", complaint.message, pathOf(path));
}

function checkedSpec(input: unknown, pathOf: (field: string) => string) {
  try {
    return checked(runSpecSchema, input, null);
  } catch (error) {
    if (!(error instanceof AppError) || error.path === null) throw error;
    throw new AppError(error.code, error.message, pathOf(error.path));
  }
}
