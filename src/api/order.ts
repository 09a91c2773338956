/** Order: what stands for a spec becomes a run. The API's calls and the pages check the same, since they do so here. */

import type { RunUpstream } from "../core/chain/upstream.ts";
import { AppError } from "../core/error.ts";
import type { RunDelivery } from "../core/hook/run-delivery.ts";
import type { HookSource } from "../core/hook/spec.ts";
import type { RunJob } from "../core/job.ts";
import { RUN_SPEC_MAX_BYTES } from "../core/limits.ts";
import { hasSecrets, type RunSpec, secretsOfSpec } from "../core/run-spec.ts";
import { CHECKOUT_TOKEN_VARIABLE, DEPLOY_KEY_VARIABLE } from "../core/step/checkout.ts";
import { tokenHostComplaint } from "../core/step/token-host.ts";
import type { SecretSize } from "../flow/ports/secrets.ts";
import type { IdempotencyKey } from "../flow/ports.ts";
import { earlierRun, type Submitted, submit } from "../flow/submit.ts";
import { checked } from "./checked.ts";
import type { ApiPorts } from "./ports.ts";
import { runSpecSchema, toRunSpec } from "./spec-schema.ts";
import { checkoutComplaint } from "./step-schema.ts";

/** Where a spec names the secrets of its checkout, by their variables. */
const OF_CHECKOUT: Record<string, string> = {
  [CHECKOUT_TOKEN_VARIABLE]: "checkout.token",
  [DEPLOY_KEY_VARIABLE]: "checkout.deploy_key",
};

/** A repository that nobody has said a token may be sent to: its change says where it is. */
export interface UntoldRepository {
  url: string;
  /** The one that the job has written, whose host is known by that; null where it leaves it to the change. */
  named: string | null;
}

/**
 * Checks an order and submits it.
 * @throws AppError `invalid_input` where the spec is wrong, or names secrets that there are not; and what `submit` throws
 */
export async function order(
  ports: ApiPorts,
  {
    input,
    pathOf = (field) => field,
    originId,
    job,
    delivery,
    upstream,
    untold,
    key,
  }: {
    /** The spec, as it is written in a request and not checked yet; or why there is none. */
    input: unknown | AppError;
    /** Where in the request a field of it stands; absent where it is the body. */
    pathOf?: (field: string) => string;
    /** The run that it repeats, or null. */
    originId: string | null;
    /** The job that it is a run of; absent where its spec came inline. */
    job?: RunJob | undefined;
    /** The delivery that the run is for which it repeats. */
    delivery?: RunDelivery | undefined;
    /** What it has of the run after which that was started. */
    upstream?: RunUpstream | undefined;
    /** The repository that it has of a change; absent where whoever orders it has written it, or another run was given the token for it. */
    untold?: UntoldRepository | undefined;
    key: IdempotencyKey | null;
  },
): Promise<Submitted> {
  const { orgId } = ports;
  const of = {
    orgId,
    originId,
    ...(job && { job }),
    ...(delivery && { delivery }),
    ...(upstream && { upstream }),
    key,
  };
  const asked = input instanceof AppError ? input : checkedSpec(input, pathOf);
  if (asked instanceof AppError) return repeatOr(asked, ports, { ...of, spec: null });
  const spec = toRunSpec(asked, ports.defaultGuest);
  // What a stranger's change was not given whoever repeats the run can have given it.
  const told = <T extends { isWithoutSecrets: boolean }>(origin: T): T => ({
    ...origin,
    isWithoutSecrets: origin.isWithoutSecrets && !hasSecrets(spec),
  });
  const origins = {
    ...(delivery && { delivery: told(delivery) }),
    ...(upstream && { upstream: told(upstream) }),
  };
  const placed = { ...of, spec, ...origins };
  const complaint =
    incomplete(placed.spec, pathOf) ??
    untoldHost(placed.spec, untold, delivery ?? upstream, pathOf) ??
    (await secretsComplaint(ports, placed.spec, pathOf));
  return complaint === null ? submit(ports, placed) : repeatOr(complaint, ports, placed);
}

/**
 * @param settled the spec with what nobody who wrote it could say, or may have
 * @param inForce the secrets that are, of those that it can name, where they have just been read
 * @throws AppError `invalid_input` where it is no spec, or names secrets that there are not
 */
export async function checkedOrder(
  ports: ApiPorts,
  input: unknown,
  pathOf: (field: string) => string,
  settled: (spec: RunSpec) => RunSpec = (spec) => spec,
  inForce?: readonly SecretSize[],
): Promise<RunSpec> {
  const asked = checkedSpec(input, pathOf);
  if (asked instanceof AppError) throw asked;
  const spec = settled(toRunSpec(asked, ports.defaultGuest));
  const complaint = incomplete(spec, pathOf) ?? (await secretsComplaint(ports, spec, pathOf, inForce));
  if (complaint !== null) throw complaint;
  return spec;
}

function checkedSpec(input: unknown, pathOf: (field: string) => string) {
  try {
    return checked(runSpecSchema, input, null);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.placed((path) => (path === null ? null : pathOf(path)));
  }
}

/** What was accepted once is answered as it was then, whatever has become of secrets and of what is accepted. */
async function repeatOr(
  complaint: AppError,
  { store }: ApiPorts,
  placed: Parameters<typeof earlierRun>[1],
): Promise<Submitted> {
  const state = await earlierRun(store, placed);
  if (state === null) throw complaint;
  return { state, repeated: true };
}

/** What is wrong with a spec that whoever orders it has not said all of: what it lacks, or has too much of with the rest; null where nothing is. */
function incomplete(spec: RunSpec, pathOf: (field: string) => string): AppError | null {
  const complaint = checkoutComplaint(spec);
  if (complaint !== null) return new AppError("invalid_input", complaint.message, pathOf(complaint.path));
  const bytes = bytesOf(JSON.stringify(spec));
  return bytes <= RUN_SPEC_MAX_BYTES
    ? null
    : new AppError("invalid_input", `the run has ${bytes} bytes as JSON; it can have ${RUN_SPEC_MAX_BYTES}`);
}

/** Whether a token that a run is given by hand would go where a change alone has said that its repository is. */
function untoldHost(
  { checkout }: RunSpec,
  untold: UntoldRepository | undefined,
  told: { source?: HookSource } | undefined,
  pathOf: (field: string) => string,
): AppError | null {
  if (untold === undefined || checkout === null || checkout.repository !== untold.url) return null;
  const complaint = tokenHostComplaint(checkout, untold.named, told?.source ?? null);
  return complaint === null ? null : new AppError("invalid_input", complaint, pathOf("checkout.token_hosts"));
}

/** In UTF-8, in which a unit of a text has three bytes at most. */
function bytesOf(text: string): number {
  return 3 * text.length <= RUN_SPEC_MAX_BYTES ? text.length : new TextEncoder().encode(text).byteLength;
}

/** What is wrong with the secrets that a spec names; null where nothing is. */
async function secretsComplaint(
  { secrets, orgId }: ApiPorts,
  spec: RunSpec,
  pathOf: (field: string) => string,
  inForce?: readonly SecretSize[],
): Promise<AppError | null> {
  const complaints = hasSecrets(spec) ? await secrets.complaints(orgId, secretsOfSpec(spec), inForce) : [];
  const [first, ...others] = complaints.map(({ variable, message }) => ({
    path: pathOf(OF_CHECKOUT[variable ?? ""] ?? (variable === null ? "secrets" : `secrets.${variable}`)),
    message,
  }));
  return first === undefined ? null : new AppError("invalid_input", first.message, first.path, others);
}
