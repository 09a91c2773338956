/** A run's checkout where a change says what is to be built. */

import type { RunChange } from "../core/hook/run-delivery.ts";
import type { RunSpec } from "../core/run-spec.ts";
import { checkedOutChange, checkoutOfChange } from "../core/step/checkout.ts";

/** A checkout that leaves it to whoever starts the run gets what has changed. */
export function withCheckoutOf(spec: RunSpec, change: RunChange | null): RunSpec {
  if (spec.checkout === null || change === null) return spec;
  return { ...spec, checkout: checkoutOfChange(spec.checkout, checkedOutChange(change)) };
}
