import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import examples from "@octokit/webhooks-examples";
import { sign } from "@octokit/webhooks-methods";
import { afterAll, beforeAll, expect, it } from "vitest";
import type {
  DeliveryListBody,
  DeliverySummaryBody,
  HookListBody,
  ReceiptBody,
} from "../../src/api/delivery-schema.ts";
import type { RunBody, RunListBody } from "../../src/api/run-schema.ts";
import { type LocalStart, startLocally } from "../support/local-mayfly.ts";
import { eventually } from "../support/processes.ts";
import { StatusApis } from "../support/status-apis.ts";

const SECRET = "It's a Secret to Everybody";
/** As many as GitHub would send at once, and more. */
const AT_ONCE = 8;
/** `npm run bench -- hooks` sends ten times as many. */
const REPEATS = 100;
const OF_CODE = new Set(["push", "pull_request", "create", "delete"]);

let mayfly: LocalStart;
beforeAll(async () => {
  mayfly = await startLocally();
});
afterAll(() => mayfly?.close());

interface Sent {
  id: string;
  event: string;
  body: string;
  signature: string;
}

/** Payloads that GitHub gives as examples, of each event one, and more of pushes and pull requests. */
async function deliveries(): Promise<Sent[]> {
  const some = examples.flatMap(({ name, examples: all }) =>
    all.slice(0, OF_CODE.has(name) ? 7 : 1).map((payload) => ({ name, payload })),
  );
  return Promise.all(
    some.map(async ({ name, payload }) => {
      const body = JSON.stringify(payload);
      return { id: randomUUID(), event: name, body, signature: await sign(SECRET, body) };
    }),
  );
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(mayfly.local.url + path, {
    method,
    headers: { authorization: `Bearer ${mayfly.local.token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(response.status, `${method} ${path}`).toBeLessThan(300);
  return (await response.json()) as T;
}

/** Puts a job with a hook of GitHub's. @returns the path of its URL */
async function aHookOf(job: string, run: object, change: object = {}): Promise<string> {
  const hook = { source: "github", secret: "HOOK_SECRET", ...change };
  await call("PUT", `/v1/jobs/${job}`, { run, hooks: [hook] });
  const { hooks } = await call<HookListBody>("GET", `/v1/hooks?job=${job}`);
  return new URL(hooks[0]?.url ?? "").pathname;
}

async function deliver(path: string, { id, event, body, signature }: Sent) {
  const headers = {
    "content-type": "application/json",
    "x-github-delivery": id,
    "x-github-event": event,
    "x-hub-signature-256": signature,
  };
  const response = await fetch(mayfly.local.url + path, { method: "POST", headers, body });
  return { status: response.status, receipt: (await response.json()) as ReceiptBody };
}

/** Delivers all of them, some at once. */
async function deliverAll(
  path: string,
  all: Sent[],
  onAnswer: (receipt: ReceiptBody, status: number) => void,
) {
  const left = [...all];
  const sendOn = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { status, receipt } = await deliver(path, next);
      onAnswer(receipt, status);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendOn));
}

/** All of a list, page by page. */
async function all<P extends { next_cursor: string | null }, T>(path: string, of: (page: P) => T[]) {
  const found: T[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: P = await call<P>("GET", `${path}limit=200${more}`);
    found.push(...of(page));
    cursor = page.next_cursor;
  }
  return found;
}

it("what GitHub delivers starts each its run once, though all is killed in the middle and GitHub sends all of it again", async () => {
  await call("PUT", "/v1/secrets/HOOK_SECRET", { value: SECRET });
  // Runs that are not due for long need no machine, and there can be one for each delivery.
  const sent = await deliveries();
  // Left out, it would take pushes and new commits alone.
  const events = [...OF_CODE, "issues", "release", "deployment", "status", "workflow_run"];
  const path = await aHookOf("marks", { image: "debian:12", command: ["true"], delay: "300d" }, { events });
  expect(sent.length).toBeGreaterThan(60);
  const told = new Map<string, string | null>();
  let killed: Promise<void> | null = null;
  await deliverAll(path, sent, ({ delivery, run_id }, status) => {
    expect(status).toBe(202);
    told.set(delivery, run_id);
    if (told.size === Math.floor(sent.length / 2)) killed = mayfly.program.end("SIGKILL");
  }).catch(() => undefined);
  expect(killed).not.toBeNull();
  await killed;
  expect(told.size).toBeLessThan(sent.length);
  mayfly = await startLocally(undefined, undefined, mayfly.folder);
  await deliverAll(path, sent, ({ delivery, run_id }, status) => {
    // What was answered before stays so; of what was not nobody knows whether it was stored.
    if (told.has(delivery)) expect([status, run_id]).toEqual([200, told.get(delivery)]);
    expect([200, 202]).toContain(status);
    told.set(delivery, run_id);
  });
  const ledger = await all<DeliveryListBody, DeliverySummaryBody>(
    "/v1/jobs/marks/hooks/github/deliveries?",
    (page) => page.deliveries,
  );
  expect(ledger.map(({ id }) => id).toSorted()).toEqual(sent.map(({ id }) => id).toSorted());
  const runs = await all<RunListBody, RunListBody["runs"][number]>(
    "/v1/runs?job=marks&",
    (page) => page.runs,
  );
  const started = ledger.flatMap(({ run_id, id, verdict }) =>
    verdict === "started" ? [`${run_id} ${id}`] : [],
  );
  expect(started.length).toBeGreaterThan(10);
  expect(runs.map(({ id, delivery }) => `${id} ${delivery?.id}`).toSorted()).toEqual(started.toSorted());
  expect(ledger.filter(({ verdict }) => verdict === "refused")).toEqual([]);
});

/** GitHub's API for statuses, at a host of one's own. */
async function statusApi(token: string) {
  const apis = new StatusApis(token);
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", async () => {
      const { method = "", url = "" } = request;
      const headers = request.headers as Record<string, string>;
      const answer = await apis.handle(new Request(`http://api.test${url}`, { method, headers, body }));
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { apis, base_url, close: () => server.close() };
}

it("many calls with one push are one run, whose command finds the commit in its environment and whose end is reported there", async () => {
  const command = ["sh", "-c", 'echo "$MAYFLY_EVENT $MAYFLY_BRANCH $MAYFLY_COMMIT $MAYFLY_DELIVERY"'];
  const { apis, base_url, close } = await statusApi("a-token");
  await call("PUT", "/v1/secrets/STATUS_TOKEN", { value: "a-token" });
  const report = { token: "STATUS_TOKEN", base_url };
  const path = await aHookOf("build", { image: "debian:12", command }, { report });
  const push = examples
    .find(({ name }) => name === "push")
    ?.examples.find((payload) => JSON.stringify(payload).includes('"refs/heads/'));
  const payload = push as { ref: string; after: string; deleted: boolean };
  const body = JSON.stringify(payload);
  const sent = { id: randomUUID(), event: "push", body, signature: await sign(SECRET, body) };
  const ids = new Set<string | null>();
  let first = 0;
  await deliverAll(
    path,
    Array.from({ length: REPEATS }, () => sent),
    ({ run_id }, status) => {
      ids.add(run_id);
      if (status === 202) first += 1;
    },
  );
  expect([first, ids.size]).toEqual([1, 1]);
  const [id = ""] = ids;
  const run = await eventually("the run's end", async () => {
    const shown = await call<RunBody>("GET", `/v1/runs/${id}`);
    return shown.settled_at !== null && shown;
  });
  expect(run.status).toBe("succeeded");
  const output = await fetch(`${mayfly.local.url}/v1/runs/${id}/output?stream=stdout`, {
    headers: { authorization: `Bearer ${mayfly.local.token}` },
  });
  const branch = payload.ref.replace("refs/heads/", "");
  expect(await output.text()).toBe(`push ${branch} ${payload.after} ${sent.id}\n`);
  const told = await eventually("the commit's status", async () => {
    const taken = apis.taken();
    return taken.at(-1)?.state === "success" && taken;
  });
  close();
  expect(told.map(({ state }) => state)).toEqual(["pending", "pending", "success"]);
  expect(apis.set.map(({ answered }) => answered)).toEqual([201, 201, 201]);
  expect(apis.set[0]?.path).toMatch(new RegExp(`^/repos/[^/]+/[^/]+/statuses/${payload.after}$`));
  expect(told[0]).toMatchObject({
    context: "mayfly/build",
    target_url: expect.stringContaining(`/runs/${id}`),
  });
});
