/** Jobs with hooks, and calls of them as GitHub makes them. */

import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import type {
  DeliveryListBody,
  HookListBody,
  ReceiptBody,
  StoredHookBody,
} from "../../../src/api/delivery-schema.ts";
import type { ErrorBody } from "../../../src/api/run-schema.ts";
import { aPush, githubCall, type SignedCall } from "../../support/signed.ts";
import { call, put } from "../jobs/call.ts";

export const SECRET = "It's a Secret to Everybody";

/** A run that is accepted and not due for long, so that no machine is made for it. */
export const RUN = { image: "debian:12", command: ["true"], delay: "300d" };

/** Puts a job with a hook of GitHub's and answers that. */
export async function aHookOf(
  job: string,
  change: object = {},
  definition: object = {},
): Promise<StoredHookBody> {
  const secret = await call("PUT", "/v1/secrets/HOOK_SECRET", { value: SECRET });
  expect(secret.status).toBeLessThan(300);
  const hooks = [{ source: "github", secret: "HOOK_SECRET", ...change }];
  const answer = await put(job, { run: RUN, hooks, ...definition });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  const list = await call<HookListBody>("GET", `/v1/hooks?job=${job}`);
  const [hook] = list.body.hooks;
  if (!hook) throw new Error(`${job} has no hook`);
  return hook;
}

/** Calls a URL as a sender does, without the API's token. */
export async function deliver(url: string, { headers, body }: SignedCall) {
  const response = await exports.default.fetch(new Request(url, { method: "POST", headers, body }));
  const answer = (await response.json()) as ReceiptBody & ErrorBody;
  return { status: response.status, body: answer };
}

/** A push that is delivered under an id. */
export const aPushCall = (id: string, branch = "main", secret = SECRET) =>
  githubCall(secret, { id, payload: aPush(branch) });

export const ledgerOf = async (job: string, query = "", hook = "github") =>
  call<DeliveryListBody>("GET", `/v1/jobs/${job}/hooks/${hook}/deliveries${query}`);
