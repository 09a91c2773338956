/** Order: what stands for a spec becomes a run. The API's calls and the pages check the same, since they do so here. */

import { AppError } from "../core/error.ts";
import { hasSecrets, type RunSpec } from "../core/run-spec.ts";
import type { IdempotencyKey } from "../flow/ports.ts";
import { type Submitted, submit } from "../flow/submit.ts";
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
  if (!checked.success) throw invalidInput(checked.error, null);
  const spec = toRunSpec(checked.data, ports.defaultGuest);
  if (hasSecrets(spec)) await refuseSecrets(ports, spec);
  return submit(ports, { orgId: ports.orgId, spec, originId, key });
}

async function refuseSecrets({ secrets, orgId }: ApiPorts, spec: RunSpec): Promise<void> {
  const complaint = await secrets.complaint(orgId, spec.secrets);
  if (complaint === null) return;
  const path = complaint.variable === null ? "secrets" : `secrets.${complaint.variable}`;
  throw new AppError("invalid_input", complaint.message, path);
}
