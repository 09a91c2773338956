import { createServer, type Server } from "node:http";
import { Webhook as Verifier } from "standardwebhooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NotificationListBody, WebhookWithSecretBody } from "../../src/api/webhook-schema.ts";
import type { Payload } from "../../src/webhooks/payload.ts";
import { freePort } from "../support/free-port.ts";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

/** A subscriber on this computer, which believes nothing that is not signed. */
async function aSubscriber(port: number, secret: () => string) {
  const heard: { id: string; payload: Payload }[] = [];
  const subscriber = {
    heard,
    /** Called before an answer is given; what it resolves with is answered. */
    answer: async (): Promise<number> => 200,
    server: null as Server | null,
    async up() {
      const server = createServer(async (request, response) => {
        const parts: Buffer[] = [];
        for await (const part of request) parts.push(part as Buffer);
        const headers = request.headers as Record<string, string>;
        const payload = new Verifier(secret()).verify(Buffer.concat(parts).toString(), headers) as Payload;
        heard.push({ id: headers["webhook-id"] ?? "", payload });
        response.writeHead(await subscriber.answer()).end();
      });
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      subscriber.server = server;
    },
    down() {
      subscriber.server?.close();
      subscriber.server?.closeAllConnections();
    },
  };
  return subscriber;
}

it("everything is told in each run's order, though the subscriber is down first and the worker is killed while it tells", async () => {
  let secret = "";
  const port = await freePort();
  const subscriber = await aSubscriber(port, () => secret);
  const events = ["run.queued", "run.started", "run.succeeded", "run.failed"];
  const made = await stack.call("/v1/webhooks", {
    method: "POST",
    body: JSON.stringify({ url: `http://127.0.0.1:${port}/hear`, events }),
  });
  expect(made.status).toBe(201);
  const webhook = (await made.json()) as WebhookWithSecretBody;
  secret = webhook.secret ?? "";
  const list = async (query = ""): Promise<NotificationListBody["notifications"]> => {
    const response = await stack.call(`/v1/webhooks/${webhook.id}/notifications?limit=200${query}`);
    return ((await response.json()) as NotificationListBody).notifications;
  };
  try {
    const runs = await Promise.all(
      Array.from({ length: 6 }, (_, index) => stack.submit({ script: `echo hi; exit ${index % 2}` })),
    );
    const finals = await Promise.all(runs.map(({ id }) => stack.final(id)));
    await eventually("attempts that reach nobody", async () =>
      (await list()).some(({ last_attempt }) => typeof last_attempt?.error === "string"),
    );
    expect(subscriber.heard).toEqual([]);
    await stack.killWorker();
    await subscriber.up();
    // Heard, and dead before the answer: nobody has stored that it was taken.
    const killedWhileTelling = new Promise<void>((resolve) => {
      let asked = 0;
      subscriber.answer = async () => {
        asked += 1;
        if (asked === 5) await stack.killWorker().then(resolve);
        return 200;
      };
    });
    await stack.startWorker();
    // It can be killed while it does that.
    await stack.fireCron().catch(() => undefined);
    await killedWhileTelling;
    await stack.startWorker();
    await stack.fireCron();
    await eventually(
      "the end of all that is to be told",
      async () => (await list()).length === 18 && (await list("&state=delivered")).length === 18,
      60_000,
    );
    const ids = new Set<string>();
    const told = subscriber.heard.filter(({ id }) => !ids.has(id) && ids.add(id));
    expect([...ids].toSorted()).toEqual((await list()).map(({ id }) => id).toSorted());
    for (const { id, status, settled_at } of finals) {
      const own = told.flatMap(({ payload: { type, data } }) =>
        "run" in data && data.run.id === id ? { type, run: data.run } : [],
      );
      expect(own.map(({ type }) => type)).toEqual(["run.queued", "run.started", `run.${status}`]);
      expect(own[2]?.run).toMatchObject({ status, settled_at, url: `${stack.url}/runs/${id}` });
    }
    // At least the one whose answer nobody heard came again.
    expect(subscriber.heard.length).toBeGreaterThan(18);
  } finally {
    subscriber.down();
  }
});
