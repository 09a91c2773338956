/** What a run that starts after another is to do: the job's run with that one's end as its input, checked as a call's is. */

import { type RunUpstream, upstreamInput } from "../core/chain/upstream.ts";
import { isOfStranger } from "../core/hook/run-delivery.ts";
import { hasSecrets, type RunSpec, withoutSecrets } from "../core/run-spec.ts";
import type { ChainedOrder, HandOverPorts } from "../flow/hand-over.ts";
import type { DefinedJob } from "../flow/ports/jobs.ts";
import { checkInput } from "./check-input.ts";
import { tokenAtKnownHost, withCheckoutOf } from "./checkout-of-change.ts";
import { jobRunInput } from "./job-definition.ts";
import { checkedOrder } from "./order.ts";
import type { ApiPorts } from "./ports.ts";

/** What starts jobs after others, from what the API has. */
export function handOverPortsOf(ports: ApiPorts): HandOverPorts {
  return { ...ports, orderOf: (job, upstream) => chainedOrder(ports, job, upstream) };
}

/** @throws AppError `invalid_input` where the job can not be run with that */
async function chainedOrder(
  ports: ApiPorts,
  { job: { name, version }, definition }: DefinedJob,
  upstream: RunUpstream,
): Promise<ChainedOrder> {
  const input = upstreamInput(upstream);
  checkInput(input, definition.input_schema ?? null);
  let isWithoutSecrets = false;
  const settled = (spec: RunSpec) => {
    const whole = withCheckoutOf(spec, upstream.change);
    // It checks out what a stranger has written, or acts on what that did.
    isWithoutSecrets = isOfStranger(upstream) && hasSecrets(whole);
    if (isWithoutSecrets) return withoutSecrets(whole);
    return tokenAtKnownHost(spec, whole, upstream.source ?? null);
  };
  const asked = jobRunInput(definition, name, input, {});
  const spec = await checkedOrder(ports, asked, (field) => `job.run.${field}`, settled);
  return { spec, job: { name, version, input: JSON.stringify(input) }, isWithoutSecrets };
}
