import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { RunChange } from "../../src/core/hook/run-delivery.ts";
import { WEBHOOK_OLD_SECRET_MS } from "../../src/core/limits.ts";
import type { EmailSettings } from "../../src/core/webhook/webhook.ts";
import type { StoredWebhook } from "../../src/flow/ports/webhooks.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { aQueuedRun, aRunningRun, aSucceededRun } from "../support/a-run.ts";
import { isSignedWith, KEY, NotifyWorld } from "../support/notify-world.ts";
import { failing, ofDelivery } from "../support/told-stories.ts";

const HOUR = 3_600_000;

let world: NotifyWorld;
beforeEach(async () => {
  world = new NotifyWorld(env.DB);
  await world.clear();
});

describe("secrets of webhooks", () => {
  it("are rotated so that both sign for a day", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    const old = world.secrets.get(webhook.id) ?? "";
    const edge = world.edge();
    const next = edge.newSecret();
    const rotated: StoredWebhook = {
      ...webhook,
      revision: 2,
      secret: await edge.seal("default", webhook.id, next),
      oldSecret: webhook.secret,
      oldSecretUntil: world.now + WEBHOOK_OLD_SECRET_MS,
    };
    expect(await world.webhooks.change(webhook, rotated)).toBe(true);
    expect(await world.webhooks.change(webhook, rotated)).toBe(false);
    await world.happens(aQueuedRun());
    await world.live();
    const [first] = world.heard;
    expect(first && [isSignedWith(old, first), isSignedWith(next, first)]).toEqual([true, true]);
    expect(first?.headers.get("webhook-signature")?.split(" ")).toHaveLength(2);
    world.now += WEBHOOK_OLD_SECRET_MS;
    await world.happens(aQueuedRun());
    await world.live();
    expect(world.heard[1]?.headers.get("webhook-signature")?.split(" ")).toHaveLength(1);
  });

  it("are encrypted anew under the current key, and an old one that is gone is told of in the attempt", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    const other = btoa("another key, of thirty-two bytes");
    world.keyring = createKeyring(other, [KEY]);
    await world.edge().tend();
    world.keyring = createKeyring(other, []);
    await world.happens(aQueuedRun());
    await world.live();
    expect(
      isSignedWith(
        world.secrets.get(webhook.id) ?? "",
        world.heard[0] ?? { text: "", headers: new Headers() },
      ),
    ).toBe(true);
    world.keyring = createKeyring(KEY, []);
    await world.happens(aQueuedRun());
    await world.live();
    expect(world.heard).toHaveLength(1);
    // Both are of one moment, in which ids have no order.
    const errors = (await world.ledger(webhook)).map(({ attempts }) => attempts[0]?.error);
    expect(errors).toContainEqual(expect.stringContaining("its secret can not be opened"));
  });

  it("stand nowhere in what is stored", async () => {
    const webhook = await world.subscribe();
    await world.happens(aSucceededRun());
    await world.live();
    const secret = (world.secrets.get(webhook.id) ?? "").slice(6);
    for (const table of ["webhooks", "notifications", "outbox"]) {
      const { results } = await env.DB.prepare(`SELECT * FROM ${table}`).all();
      expect(JSON.stringify(results)).not.toContain(secret);
    }
  });
});

describe("what a hook's run is told with", () => {
  const change: RunChange = {
    kind: "push",
    repository: { url: "https://git.example/acme/site", fullName: "acme/site", isPrivate: true },
    ref: "refs/heads/main",
    branch: "main",
    tag: null,
    sha: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
    before: null,
    message: "Add a page\n\nAt length.",
    author: "amy",
    pullRequest: null,
  };
  const pullRequest = {
    ...{
      number: 7,
      action: "opened",
      hasNewCommits: true,
      title: "Add <b>\na page",
      headRef: "page",
      baseRef: "main",
    },
    ...{ isFork: false, headRepository: null },
  };

  it("is the delivery and the commit, in the API's words", async () => {
    await world.subscribe({ events: ["run.queued"] });
    await world.happens(ofDelivery(aQueuedRun(), { ...change, pullRequest }));
    await world.happens(aQueuedRun());
    await world.live();
    const told = world.heard.map(({ payload: { data } }) => "run" in data && data.run.delivery);
    expect(told).toContain(null);
    const { url, fullName } = change.repository;
    expect(told).toContainEqual({
      hook: "github",
      id: "d1",
      event: "push",
      change: {
        ...{
          kind: "push",
          repository: { url, full_name: fullName },
          ref: change.ref,
          branch: "main",
          tag: null,
        },
        ...{ sha: change.sha, author: "amy", pull_request: { number: 7, title: pullRequest.title } },
      },
    });
  });

  it.each<[string, RunChange | null, string]>([
    ["a push", change, "acme/site main 1a2b3c4 by amy"],
    ["a tag", { ...change, branch: null, tag: "v1", author: null }, "acme/site v1 1a2b3c4"],
    [
      "a pull request",
      { ...change, branch: null, pullRequest },
      "acme/site #7 Add &lt;b&gt; a page 1a2b3c4 by amy",
    ],
    ["what is deleted", { ...change, kind: "delete", sha: null }, "acme/site main (deleted) by amy"],
    ["what is no code", null, "hook: github, push"],
  ])("is a line for people of %s", async (_of, changed, line) => {
    await world.subscribe({ kind: "slack", events: ["run.queued"] });
    const runId = await world.happens(ofDelivery(aQueuedRun(), changed));
    await world.live();
    const { text } = JSON.parse(world.heard[0]?.text ?? "{}") as { text: string };
    expect(text.split("\n").slice(1)).toEqual([line, `run: ${runId}`, "job: build, version 1"]);
  });
});

describe("presets", () => {
  it("Slack is sent a message, in which nothing of a run is markup", async () => {
    const webhook = await world.subscribe({ kind: "slack", events: ["run.failed"] });
    const runId = await world.happens(failing(aRunningRun({ name: "<!channel> & co", tags: { a: "<x>" } })));
    await world.live();
    const { text } = JSON.parse(world.heard[0]?.text ?? "{}") as { text: string };
    expect(text.split("\n")).toEqual([
      `*<https://mayfly.test/runs/${runId}|&lt;!channel&gt; &amp; co failed>*`,
      "the command exited with 2",
      `run: ${runId}`,
      "a: &lt;x&gt;",
    ]);
    expect(world.heard[0]?.headers.get("webhook-signature")).toBeNull();
    // It is kept as a secret is: only who sends there knows the whole of it.
    expect(webhook.url).toMatch(/example\/…$/);
    expect(world.heard[0]?.url).toMatch(/example\/hear$/);
    expect(JSON.stringify(await world.webhooks.find("default", webhook.id))).not.toContain("/hear");
  });

  it.each([
    [
      "resend",
      "authorization",
      "Bearer the-key",
      { to: ["a@x.example", "b@x.example"], from: "CI <m@x.example>" },
    ],
    [
      "postmark",
      "x-postmark-server-token",
      "the-key",
      { To: "a@x.example,b@x.example", From: "CI <m@x.example>" },
    ],
    ["sendgrid", "authorization", "Bearer the-key", { from: { email: "m@x.example", name: "CI" } }],
  ] as const)("%s is sent an e-mail with the secret's key", async (provider, header, value, body) => {
    const to = ["a@x.example", "b@x.example"];
    const email = { provider, from: "CI <m@x.example>", to, secret: "MAIL_KEY" };
    const webhook = await world.subscribe({ kind: "email", events: ["run.failed"], email });
    await world.happens(failing(aRunningRun({ name: "a\nb" })));
    await world.live();
    expect((await world.ledger(webhook))[0]?.attempts[0]?.error).toContain("there is no secret MAIL_KEY");
    world.secretValues.MAIL_KEY = "the-key";
    await world.liveFor(HOUR);
    const [request] = world.heard;
    expect(request?.headers.get(header)).toBe(value);
    const sent = JSON.parse(request?.text ?? "{}");
    expect(sent).toMatchObject(body);
    expect(sent.subject ?? sent.Subject).toBe("a b failed");
    expect(JSON.stringify(await world.ledger(webhook))).not.toContain("the-key");
  });
});

describe("whatever a webhook was stored with", () => {
  const email: EmailSettings = {
    provider: "resend",
    from: "m@x.example",
    to: ["a@x.example"],
    secret: "ANY",
  };
  beforeEach(() => {
    world.secretValues.ANY = "the-key";
  });

  it("one that is not of kind email is sent no provider's key", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"], email });
    await world.happens(aQueuedRun());
    await world.live();
    const [request] = world.heard;
    expect(request?.headers.get("authorization")).toBeNull();
    expect(request && isSignedWith(world.secrets.get(webhook.id) ?? "", request)).toBe(true);
  });

  it("one of kind email is sent nothing elsewhere than its provider takes it", async () => {
    const webhook = await world.subscribe({ kind: "email", events: ["run.queued"], email });
    await env.DB.prepare("UPDATE webhooks SET spec = json_set(spec, '$.url', 'https://eve.example/')").run();
    await world.happens(aQueuedRun());
    await world.live();
    expect(world.heard).toEqual([]);
    expect((await world.ledger(webhook))[0]?.attempts[0]?.error).toContain("https://api.resend.com/emails");
    world.settings.allowsPrivate = true;
    await world.liveFor(HOUR);
    expect(world.heard.map(({ url }) => url)).toEqual(["https://eve.example/"]);
  });
});
