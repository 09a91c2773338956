/** Creates that are refused, in the shapes in which Fly does, with what each of them means (fly-go flaps_error.go; observed answers). */

import type { Reason } from "../../../src/core/run.ts";
import type { Answer } from "./network.ts";

export interface Refusal {
  answer: Answer<never>;
  /** Null where the same may be asked again later. */
  means: Reason | null;
}

const refusal = (
  status: number,
  error: string,
  means: Reason | null,
  code: string | null = null,
): Refusal => ({
  answer: { status, error, code },
  means,
});

/** Of a region that has none for anybody. */
export const NO_ROOM = refusal(
  422,
  "could not find a candidate host",
  "no_capacity",
  "insufficient_capacity",
);

export const REFUSALS: readonly [Refusal, ...Refusal[]] = [
  NO_ROOM,
  refusal(503, "no host has room", "no_capacity", "insufficient_capacity"),
  refusal(
    412,
    "insufficient resources to create new machine with existing volume id 'vol_1'",
    "no_capacity",
    "volume_placement_capacity",
  ),
  refusal(
    409,
    "aborted: could not reserve resource for machine: insufficient CPUs available to fulfill request",
    "no_capacity",
  ),
  refusal(409, "aborted: insufficient IPs available to fulfill request", "no_capacity"),
  refusal(409, "aborted: no capacity", "no_capacity"),
  refusal(409, "governor policy blocked start", "no_capacity"),
  refusal(409, "aborted: machine update failed due to concurrent update", null),
  refusal(412, "failed_precondition: secrets version is not there yet", null),
  refusal(
    400,
    "failed to get manifest registry.example/private:1: unauthorized to access image",
    "image_unavailable",
  ),
  refusal(
    400,
    "invalid_argument: invalid config.guest.memory_mb, minimum required 256 MiB",
    "launch_refused",
  ),
  refusal(403, "machine count is over the allowed quota", "no_capacity"),
];
