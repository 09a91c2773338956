/** What a run for a due time is to do: the job's run with the schedule's input, checked as a call's is. */

import type { RunJob } from "../core/job.ts";
import type { RunSpec } from "../core/run-spec.ts";
import type { FirePorts } from "../flow/fire-armed.ts";
import type { DefinedJob } from "../flow/ports/jobs.ts";
import { checkInput } from "./check-input.ts";
import { jobRunInput } from "./job-definition.ts";
import { checkedOrder } from "./order.ts";
import type { ApiPorts } from "./ports.ts";

/** What starts firings, from what the API has. */
export function firePortsOf(ports: ApiPorts): FirePorts {
  return { ...ports, orderOf: (job, input) => firedOrder(ports, job, input) };
}

/** @throws AppError `invalid_input` where the job, which was checked when it was put, can not be run now */
async function firedOrder(
  ports: ApiPorts,
  { job: { name, version }, definition }: DefinedJob,
  input: string,
): Promise<{ spec: RunSpec; job: RunJob }> {
  const value: unknown = JSON.parse(input);
  checkInput(value, definition.input_schema ?? null);
  const asked = jobRunInput(definition, name, value, {});
  const spec = await checkedOrder(ports, asked, (field) => `job.run.${field}`);
  return { spec, job: { name, version, input } };
}
