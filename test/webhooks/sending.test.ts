/** What goes out, against real servers that mean no good. */

import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { DueNotification } from "../../src/flow/ports/notifications.ts";
import type { StoredWebhook, WebhookStore } from "../../src/flow/ports/webhooks.ts";
import { post } from "../../src/outgoing/post.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { createWebhookEdge } from "../../src/webhooks/edge.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const clock = { now: () => Date.now() };
const sent = (url: string, timeoutMs = 10_000) =>
  post({ fetch, clock, timeoutMs }, new URL(url), {
    headers: { "content-type": "application/json" },
    body: "{}",
  });

describe("an attempt is bounded", () => {
  it("where nobody answers", async () => {
    const url = await serving(() => {});
    expect(await sent(url, 200)).toMatchObject({
      status: null,
      answer: null,
      error: "no answer within 200 ms",
    });
  });

  it("where the answer begins and does not end: its status counts", async () => {
    const url = await serving((_request, response) => {
      response.writeHead(200);
      response.write("so far");
    });
    const result = await sent(url, 500);
    expect(result).toMatchObject({ status: 200, answer: "so far", error: null });
  });

  it("where the answer is endless: the first bytes are read", async () => {
    let isClosed = () => {};
    const closed = new Promise<void>((resolve) => {
      isClosed = resolve;
    });
    const url = await serving((_request, response) => {
      response.writeHead(500);
      response.on("close", isClosed);
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    });
    const result = await sent(url);
    expect([result.status, result.answer]).toEqual([500, "x".repeat(1024)]);
    await closed;
  });

  it("where its headers are endless", async () => {
    const url = await serving((_request, response) => {
      response.writeHead(200, { "x-long": "y".repeat(100_000) }).end();
    });
    expect(await sent(url)).toMatchObject({ status: null, error: expect.any(String) });
  });

  it("where the connection is refused, or cut", async () => {
    const url = await serving((request) => request.socket.destroy());
    expect(await sent(url)).toMatchObject({ status: null, error: expect.any(String) });
    expect(await sent("http://127.0.0.1:1/")).toMatchObject({ status: null, error: expect.any(String) });
  });
});

it("redirects lead nowhere", async () => {
  let wasAsked = false;
  const elsewhere = await serving((_request, response) => {
    wasAsked = true;
    response.end();
  });
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await serving((_request, response) =>
      response.writeHead(status, { location: elsewhere }).end(),
    );
    expect(await sent(url)).toMatchObject({
      status,
      error: `it answered ${status}: redirects are not followed`,
    });
  }
  expect(wasAsked).toBe(false);
});

describe("what a name stands for is asked by DNS over HTTPS", () => {
  const asked: string[] = [];
  /** A resolver with these records, and a subscriber that nothing must reach. */
  async function edgeWith(records: Record<string, string[]>, more: object = {}) {
    asked.length = 0;
    const sentTo: string[] = [];
    /** What it answers, whatever it is asked. */
    const whole: { text: string | null } = { text: null };
    const resolver = await serving((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://resolver");
      const [name = "", type = ""] = [searchParams.get("name") ?? "", searchParams.get("type") ?? ""];
      asked.push(`${type} ${name} ${request.headers.accept}`);
      if (whole.text !== null) return response.end(whole.text);
      if ("status" in more) return response.writeHead(500).end();
      const data = records[name];
      const Answer = (data ?? [])
        .map((text) => ({
          name,
          type: text.startsWith("cname ") ? 5 : text.includes(":") ? 28 : 1,
          data: text.replace("cname ", ""),
        }))
        .filter((record) => record.type === 5 || record.type === (type === "A" ? 1 : 28));
      return response.end(JSON.stringify({ Status: data === undefined ? 3 : 0, Answer, ...more }));
    });
    const edge = createWebhookEdge({
      webhooks: {} as WebhookStore,
      keyring: createKeyring(btoa("k".repeat(32)), []),
      secrets: { value: async () => null },
      settings: { allowsPrivate: false, dnsOverHttpsUrl: `${resolver}/dns-query?ct=1`, publicUrl: null },
      clock,
      fetch: (input, init) => {
        if (String(input).startsWith(resolver)) return fetch(input, init);
        sentTo.push(String(input));
        return Promise.resolve(new Response("ok"));
      },
    });
    const secret = await edge.seal("default", "wh_1", edge.newSecret());
    const webhook = {
      orgId: "default",
      id: "wh_1",
      kind: "standard",
      email: null,
      secret,
      oldSecret: null,
      oldSecretUntil: null,
    };
    const told = { id: "msg_1", payload: "{}" } as DueNotification;
    return {
      edge,
      whole,
      sentTo,
      send: (url: string) => edge.send({ ...webhook, url } as StoredWebhook, told),
    };
  }

  it("and a public one is sent to", async () => {
    const { edge, send, sentTo } = await edgeWith({
      "a.example.com": ["cname b.example.com", "93.184.216.34", "2606:2800::1"],
    });
    expect(await edge.targetComplaint("https://a.example.com/x")).toBeNull();
    expect(asked).toEqual([
      "A a.example.com application/dns-json",
      "AAAA a.example.com application/dns-json",
    ]);
    expect(await send("https://a.example.com/x")).toMatchObject({ status: 200, error: null });
    expect(sentTo).toEqual(["https://a.example.com/x"]);
  });

  it.each([
    ["10.1.2.3"],
    ["127.0.0.1"],
    ["93.184.216.34", "169.254.169.254"],
    ["93.184.216.34", "::1"],
    ["::ffff:10.0.0.1"],
    ["fdaa::3"],
    ["not an address"],
  ])(
    "one that stands for %s is refused where it is put and where it is sent to, and the address is not told",
    async (...addresses) => {
      // A record of type A that holds no address is none to send to either.
      const { edge, send, sentTo } = await edgeWith({ "a.example.com": addresses });
      const says = "leads to a.example.com, which stands for an address that is not public";
      expect(await edge.targetComplaint("https://a.example.com/")).toBe(says);
      expect(await send("https://a.example.com/")).toMatchObject({ status: null, error: `the URL ${says}` });
      expect(sentTo).toEqual([]);
    },
  );

  it("a name that is none, and one without addresses, are refused", async () => {
    const { edge } = await edgeWith({ "empty.example.com": ["cname other.example.com"] });
    for (const name of ["none.example.com", "empty.example.com"])
      expect(await edge.targetComplaint(`https://${name}/`)).toBe(`leads to ${name}, which has no address`);
  });

  it("an answer with nothing in it is none that can be used", async () => {
    const { edge, whole } = await edgeWith({ "a.example.com": ["93.184.216.34"] });
    whole.text = "null";
    await expect(edge.targetComplaint("https://a.example.com/")).rejects.toMatchObject({
      code: "unavailable",
    });
    whole.text = '{"Status":0,"Answer":[null]}';
    expect(await edge.targetComplaint("https://a.example.com/")).toContain("has no address");
  });

  it.each([{ Status: 2 }, { status: 500 }, { Answer: "x".repeat(100_000) }])(
    "where it fails nothing is sent, and it is tried again: %j",
    async (more) => {
      const { edge, send, sentTo } = await edgeWith({ "a.example.com": ["93.184.216.34"] }, more);
      await expect(edge.targetComplaint("https://a.example.com/")).rejects.toMatchObject({
        code: "unavailable",
        path: "url",
      });
      expect(await send("https://a.example.com/")).toMatchObject({
        status: null,
        error: expect.stringContaining("a.example.com can not be looked up"),
      });
      expect(sentTo).toEqual([]);
    },
  );

  it("an address is not asked about", async () => {
    const { edge } = await edgeWith({});
    expect(await edge.targetComplaint("https://8.8.8.8/")).toBeNull();
    expect(await edge.targetComplaint("https://10.0.0.1/")).toContain("no address of the public internet");
    expect(asked).toEqual([]);
  });
});
