/** A delivery as expressions see it. */

import { type Change, changeJson } from "../change.ts";
import type { Delivery } from "../delivery.ts";
import type { Variable } from "./parse.ts";
import { fromJson, type Value } from "./value.ts";

export function variablesOf(
  { event, action, payload, headers }: Pick<Delivery, "event" | "action" | "payload" | "headers">,
  change: Change | null,
): Record<Variable, Value> {
  return {
    event,
    action,
    payload: fromJson(payload),
    headers: fromJson({ ...headers }),
    change: change === null ? null : ofChange(change),
  };
}

function ofChange({ paths, ...change }: Change): Value {
  return fromJson({ ...changeJson(change), paths: paths && [...paths] });
}
