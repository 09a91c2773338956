/** What a run for a delivery is to do: the job's run with what the hook's map makes of it, checked as a call's is. */

import { AppError } from "../core/error.ts";
import { isOfStranger } from "../core/hook/run-delivery.ts";
import { hasSecrets, type RunSpec, withoutSecrets } from "../core/run-spec.ts";
import type { DeliveredChange, DeliveredOrder, DeliverPorts, FilledRun } from "../flow/deliver.ts";
import type { DefinedJob } from "../flow/ports/jobs.ts";
import type { SecretSize } from "../flow/ports/secrets.ts";
import type { Drivers } from "../flow/ports.ts";
import { checkInput } from "./check-input.ts";
import { tokenAtKnownHost, withCheckoutOf } from "./checkout-of-change.ts";
import { jobRunInput } from "./job-definition.ts";
import { checkedOrder } from "./order.ts";
import type { ApiPorts } from "./ports.ts";

/** Of many events, such as issues and workflow runs, nothing is to be built. */
const NO_COMMIT =
  "is needed: this delivery tells of no commit; take such by events only where checkout names repository and ref, or leave them out";

/** What decides on deliveries, from what the API has. */
export function deliverPortsOf(ports: ApiPorts): DeliverPorts {
  return {
    ...ports,
    orderOf: (...order) => deliveredOrder(ports, ...order),
    countRefused(id) {
      const refused = ports.refusedCalls.count(id, ports.clock.now());
      if (refused !== null) ports.afterAnswer(() => ports.hooks.addRefused(id, refused));
    },
  };
}

/** The same for a sender, who waits until its delivery is stored, and not for the run's driver: to make that takes longer than all the rest. */
export function receivePortsOf(ports: ApiPorts): DeliverPorts {
  const { drivers, afterAnswer } = ports;
  const start: Drivers["start"] = async (state) => afterAnswer(() => drivers.start(state));
  return deliverPortsOf({ ...ports, drivers: { ...drivers, start } });
}

/** @throws AppError `invalid_input` where the job can not be run with that */
async function deliveredOrder(
  ports: ApiPorts,
  { job: { name, version }, definition }: DefinedJob,
  { env, input = {} }: FilledRun,
  told: DeliveredChange,
  runSecrets?: readonly SecretSize[],
): Promise<DeliveredOrder> {
  checkInput(input, definition.input_schema ?? null);
  let isWithoutSecrets = false;
  const settled = (spec: RunSpec) => {
    const whole = withCheckoutOf(spec, told.change);
    if (whole.checkout !== null && whole.checkout.repository === null)
      throw new AppError("invalid_input", NO_COMMIT, "job.run.checkout.repository");
    isWithoutSecrets = isOfStranger(told) && hasSecrets(whole);
    // What is not given need not be there either.
    return isWithoutSecrets ? withoutSecrets(whole) : tokenAtKnownHost(spec, whole, told.source);
  };
  const asked = jobRunInput(definition, name, input, { env });
  const spec = await checkedOrder(ports, asked, (field) => placeOf(field, env), settled, runSecrets);
  return { spec, job: { name, version, input: JSON.stringify(input) }, isWithoutSecrets };
}

/** A variable that the hook fills is its own, and all else the job's. */
function placeOf(field: string, env: Record<string, string>): string {
  const [first, ...name] = field.split(".");
  return first === "env" && Object.hasOwn(env, name.join(".")) ? `map.${field}` : `job.run.${field}`;
}
