/** Order: what stands for a spec becomes a run. The API's calls and the pages check the same, since they do so here. */

import { AppError } from "../core/error.ts";
import { hasSecrets, type RunSpec } from "../core/run-spec.ts";
import type { IdempotencyKey } from "../flow/ports.ts";
import { earlierRun, type Submitted, submit } from "../flow/submit.ts";
import { invalidInput } from "./errors.ts";
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
    originId,
    key,
  }: {
    /** The spec, as it is written in a request and not checked yet. */
    input: unknown;
    /** The run that it repeats, or null. */
    originId: string | null;
    key: IdempotencyKey | null;
  },
): Promise<Submitted> {
  const checked = runSpecSchema.safeParse(input, { reportInput: false });
  const { orgId } = ports;
  if (!checked.success)
    return repeatOr(invalidInput(checked.error, null), ports, { orgId, spec: null, originId, key });
  const placed = { orgId, spec: toRunSpec(checked.data, ports.defaultGuest), originId, key };
  const complaint = await secretsComplaint(ports, placed.spec);
  return complaint === null ? submit(ports, placed) : repeatOr(complaint, ports, placed);
}

/** What was accepted once is answered as it was then, whatever has become of secrets and of what is accepted. */
async function repeatOr(
  complaint: AppError,
  { store }: ApiPorts,
  placed: Parameters<typeof earlierRun>[1],
): Promise<Submitted> {
  const state = await earlierRun(store, placed);
  if (state === null) throw complaint;
  return { state, repeated: true };
}

/** What is wrong with the secrets that a spec names; null where nothing is. */
async function secretsComplaint({ secrets, orgId }: ApiPorts, spec: RunSpec): Promise<AppError | null> {
  const complaint = hasSecrets(spec) ? await secrets.complaint(orgId, spec.secrets) : null;
  if (complaint === null) return null;
  const path = complaint.variable === null ? "secrets" : `secrets.${complaint.variable}`;
  return new AppError("invalid_input", complaint.message, path);
}
