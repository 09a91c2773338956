/** What a run for a delivery is to do: the job's run with what the hook's map makes of it, checked as a call's is. */

import { withoutSecrets } from "../core/run-spec.ts";
import type { DeliveredOrder, DeliverPorts, FilledRun } from "../flow/deliver.ts";
import type { DefinedJob } from "../flow/ports/jobs.ts";
import { checkInput } from "./check-input.ts";
import { jobRunInput } from "./job-definition.ts";
import { checkedOrder } from "./order.ts";
import type { ApiPorts } from "./ports.ts";
import { isObject } from "./spec-input.ts";

/** What receives deliveries, from what the API has. */
export function deliverPortsOf(ports: ApiPorts): DeliverPorts {
  return { ...ports, orderOf: (...order) => deliveredOrder(ports, ...order) };
}

/** @throws AppError `invalid_input` where the job can not be run with that */
async function deliveredOrder(
  ports: ApiPorts,
  { job: { name, version }, definition }: DefinedJob,
  { env, input = {} }: FilledRun,
  isOfStranger: boolean,
): Promise<DeliveredOrder> {
  checkInput(input, definition.input_schema ?? null);
  const { secrets } = definition.run;
  const hasSecrets = isObject(secrets) && Object.keys(secrets).length > 0;
  // What is not given need not be there either.
  const changes = { env, ...(isOfStranger && { secrets: null }) };
  const asked = jobRunInput(definition, name, input, changes);
  const spec = await checkedOrder(ports, asked, (field) => placeOf(field, env));
  return {
    spec: isOfStranger ? withoutSecrets(spec) : spec,
    job: { name, version, input: JSON.stringify(input) },
    isWithoutSecrets: isOfStranger && hasSecrets,
  };
}

/** A variable that the hook fills is its own, and all else the job's. */
function placeOf(field: string, env: Record<string, string>): string {
  const [first, ...name] = field.split(".");
  return first === "env" && Object.hasOwn(env, name.join(".")) ? `map.${field}` : `job.run.${field}`;
}
