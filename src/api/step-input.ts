/** A stored checkout and steps in the API's words. */

import { formatDuration } from "../core/duration.ts";
import type { RunSpec } from "../core/run-spec.ts";
import type { Checkout } from "../core/step/checkout.ts";
import type { StepSpec } from "../core/step/spec.ts";

/** A checkout and steps as a caller could have sent them. */
export function stepInput({ checkout, steps }: Pick<RunSpec, "checkout" | "steps">) {
  return {
    ...(checkout !== null && { checkout: checkoutBody(checkout) }),
    ...(steps.length > 0 && { steps: steps.map(stepBody) }),
  };
}

export function checkoutBody({
  repository,
  ref,
  path,
  depth,
  submodules,
  token,
  tokenHosts,
  deployKey,
}: Checkout) {
  return {
    ...(repository !== null && { repository }),
    ...(ref !== null && { ref }),
    path,
    depth,
    submodules: { none: false as const, top: true as const, recursive: "recursive" as const }[submodules],
    ...(token !== null && { token }),
    ...(tokenHosts !== undefined && { token_hosts: [...tokenHosts] }),
    ...(deployKey !== null && { deploy_key: deployKey }),
  };
}

export function stepBody({ name, run, timeoutMs, env, workingDirectory, ...step }: StepSpec) {
  return {
    name,
    run,
    if: step.if,
    ...(timeoutMs !== null && { timeout: formatDuration(timeoutMs) }),
    env,
    ...(workingDirectory !== null && { working_directory: workingDirectory }),
  };
}
