/** A run's checkout where a change says what is to be built. */

import { AppError } from "../core/error.ts";
import type { RunChange } from "../core/hook/run-delivery.ts";
import type { HookSource } from "../core/hook/spec.ts";
import type { RunSpec } from "../core/run-spec.ts";
import { checkedOutChange, checkoutOfChange } from "../core/step/checkout.ts";
import { tokenHostComplaint } from "../core/step/token-host.ts";

/** A checkout that leaves it to whoever starts the run gets what has changed. */
export function withCheckoutOf(spec: RunSpec, change: RunChange | null): RunSpec {
  if (spec.checkout === null || change === null) return spec;
  return { ...spec, checkout: checkoutOfChange(spec.checkout, checkedOutChange(change)) };
}

/**
 * The spec with what a change has filled in, whose token goes to no host that the change alone names.
 * @param spec as somebody has written it
 * @throws AppError `invalid_input`
 */
export function tokenAtKnownHost(spec: RunSpec, whole: RunSpec, source: HookSource | null): RunSpec {
  const complaint =
    whole.checkout && tokenHostComplaint(whole.checkout, spec.checkout?.repository ?? null, source);
  if (complaint !== null) throw new AppError("invalid_input", complaint, "job.run.checkout.token_hosts");
  return whole;
}
