import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type {
  NotificationBody,
  NotificationListBody,
  ShownWebhookBody,
  WebhookBody,
  WebhookListBody,
  WebhookWithSecretBody,
} from "../../src/api/webhook-schema.ts";
import { WEBHOOKS_MAX_COUNT } from "../../src/core/limits.ts";
import { d1Notifications } from "../../src/d1/notification-store.ts";
import { call, put } from "./jobs/call.ts";

/** Answers 404 to a POST, and is there: the local Machines API of these tests would be private. */
const URL = "https://subscriber.example/hear";
const EVENTS = ["run.failed"];

const create = (body: object = {}) =>
  call<WebhookWithSecretBody>("POST", "/v1/webhooks", { url: URL, events: EVENTS, ...body });

beforeEach(() =>
  env.DB.batch(
    ["webhooks", "notifications", "outbox"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  ),
);

describe("a webhook", () => {
  it("is made with a secret that is told once, shown, listed, changed and deleted", async () => {
    const made = await create({ jobs: ["deploy-*"], tags: { team: "a" }, description: "the chat" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^wh_[0-9a-z]{16}$/),
      kind: "standard",
      url: URL,
      events: EVENTS,
      jobs: ["deploy-*"],
      tags: { team: "a" },
      description: "the chat",
      email: null,
      disabled_at: null,
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/=]{44}$/),
    });
    const { secret, notes, ...webhook } = made.body;
    const path = `/v1/webhooks/${webhook.id}`;
    expect((await call("GET", path)).body).toEqual({ ...webhook, notes });
    expect((await call<WebhookListBody>("GET", "/v1/webhooks")).body).toEqual({ webhooks: [webhook] });
    const changed = await call<WebhookBody>("PATCH", path, {
      events: ["run.finished", "job.silent"],
      jobs: null,
    });
    expect(changed.body).toMatchObject({
      events: ["run.finished", "job.silent"],
      jobs: null,
      tags: { team: "a" },
    });
    expect(JSON.stringify(changed.body)).not.toContain(secret);
    expect((await call("DELETE", path)).status).toBe(204);
    expect((await call("GET", path)).status).toBe(404);
    expect((await call("DELETE", path)).status).toBe(404);
  });

  it("is told of jobs that are not there yet, which its answers note", async () => {
    await put("there-now");
    const jobs = ["there-*", "typo-*", "*", "there"];
    const made = await create({ jobs });
    const notes = [1, 3].map((index) => ({
      path: `jobs.${index}`,
      message: `there is no job ${jobs[index]} yet: until there is one, nothing is told of it`,
    }));
    expect([made.status, made.body.notes]).toEqual([201, notes]);
    const path = `/v1/webhooks/${made.body.id}`;
    const shown = await call<ShownWebhookBody>("GET", path);
    expect(shown.body.notes).toEqual(notes);
    const changed = await call<ShownWebhookBody>("PATCH", path, { jobs: ["there-now", "gone"] });
    expect(changed.body.notes).toMatchObject([{ path: "jobs.1" }]);
    await call("DELETE", "/v1/jobs/there-now");
    expect((await call<ShownWebhookBody>("GET", path)).body.notes).toHaveLength(2);
    expect((await call<ShownWebhookBody>("PATCH", path, { jobs: null })).body.notes).toEqual([]);
  });

  it("can be given a secret, and another later", async () => {
    const secret = `whsec_${btoa("x".repeat(24))}`;
    const made = await create({ secret });
    expect(made.body.secret).toBe(secret);
    const path = `/v1/webhooks/${made.body.id}/rotate`;
    const rotated = await call<WebhookWithSecretBody>("POST", path);
    expect(rotated.body.secret).not.toBe(secret);
    expect(Date.parse(rotated.body.old_secret_until ?? "")).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    const other = `whsec_${btoa("y".repeat(64))}`;
    expect((await call<WebhookWithSecretBody>("POST", path, { secret: other })).body.secret).toBe(other);
  });

  it("of kind email has its provider's URL, and its secret must be there", async () => {
    const from = "Mayfly CI <m@x.example>";
    const email = { provider: "resend", from, to: ["a@x.example"], secret: "MAIL_KEY" };
    const refused = await call("POST", "/v1/webhooks", { kind: "email", events: EVENTS, email });
    expect([refused.status, refused.body.error.path]).toEqual([422, "email.secret"]);
    await call("PUT", "/v1/secrets/MAIL_KEY", { value: "the-key" });
    const made = await call<WebhookWithSecretBody>("POST", "/v1/webhooks", {
      kind: "email",
      events: EVENTS,
      email,
    });
    expect(made.body).toMatchObject({ url: "https://api.resend.com/emails", email, secret: null });
    const path = `/v1/webhooks/${made.body.id}`;
    const moved = await call<WebhookBody>("PATCH", path, { email: { ...email, provider: "postmark" } });
    expect(moved.body.url).toBe("https://api.postmarkapp.com/email");
    await call("DELETE", "/v1/secrets/MAIL_KEY");
  });

  it("of kind email leads to its provider alone, and no other kind has the settings of one", async () => {
    const email = { provider: "resend", from: "m@x.example", to: ["a@x.example"], secret: "ANY_SECRET" };
    await call("PUT", "/v1/secrets/ANY_SECRET", { value: "whatever it is for" });
    const elsewhere = { kind: "email", email, url: "https://eve.example/x" };
    const refusals = [await create(elsewhere)];
    const mail = await create({ kind: "email", email, url: undefined });
    refusals.push(await call("PATCH", `/v1/webhooks/${mail.body.id}`, { url: elsewhere.url }));
    for (const { status, body } of refusals)
      expect([status, body.error]).toMatchObject([
        422,
        { path: "url", message: expect.stringContaining("https://api.resend.com/emails") },
      ]);
    for (const kind of ["standard", "slack"]) {
      const path = `/v1/webhooks/${(await create({ kind })).body.id}`;
      const changed = await call<WebhookBody>("PATCH", path, { email });
      expect([changed.status, changed.body.error.path]).toEqual([422, "email"]);
      expect((await call<WebhookBody>("GET", path)).body.email).toBeNull();
    }
    await call("DELETE", "/v1/secrets/ANY_SECRET");
  });

  it("of kind slack has a URL that is a secret: it is told and stored without what makes it one", async () => {
    const url = "https://hooks.slack.com/services/T0000000/B0000000/XXXXXXXXXXXXXXXXXXXXwxyz";
    const masked = "https://hooks.slack.com/…wxyz";
    const made = await create({ kind: "slack", url });
    const path = `/v1/webhooks/${made.body.id}`;
    const tokenless = async (body: unknown) => {
      expect(JSON.stringify(body)).toContain(masked);
      const { results } = await env.DB.prepare("SELECT * FROM webhooks").all();
      expect(JSON.stringify([body, results])).not.toContain("XXXX");
    };
    await tokenless(made.body);
    await tokenless((await call("GET", path)).body);
    await tokenless((await call("GET", "/v1/webhooks")).body);
    // Whoever sends back what was told changes nothing by it.
    await tokenless((await call("PATCH", path, { url: masked, events: ["run.succeeded"] })).body);
    const moved = await call<WebhookBody>("PATCH", path, { url: `${url}2` });
    expect(moved.body.url).toBe("https://hooks.slack.com/…xyz2");
    const rotated = await call("POST", `${path}/rotate`);
    expect([rotated.status, rotated.body.error.message]).toEqual([
      422,
      expect.stringContaining("is not signed"),
    ]);
  });

  it("is one of so many at most", async () => {
    for (let made = 0; made < WEBHOOKS_MAX_COUNT; made++) expect((await create()).status).toBe(201);
    const refused = await create();
    expect([refused.status, refused.body.error.message]).toEqual([
      422,
      `there are ${WEBHOOKS_MAX_COUNT} webhooks, which is as many as there can be; delete one first`,
    ]);
  });

  it("that is disabled is put into force again", async () => {
    const { id } = (await create()).body;
    await env.DB.prepare(
      "UPDATE webhooks SET disabled_at = 9, disabled_why = 'gone', wants = '', failing_since = 1, failed_at = 8",
    ).run();
    expect((await call("GET", `/v1/webhooks/${id}`)).body).toMatchObject({ disabled_why: "gone" });
    const enabled = await call("POST", `/v1/webhooks/${id}/enable`);
    expect(enabled.body).toMatchObject({ disabled_at: null, disabled_why: null });
    const row = await env.DB.prepare("SELECT wants, failing_since, failed_at FROM webhooks").first();
    // What failed before is forgotten: the first failure would have it be disabled again.
    expect(row).toEqual({ wants: " settled:failed ", failing_since: null, failed_at: null });
  });

  it("is put out of force and into force again with any other change", async () => {
    const webhookId = (await create()).body.id;
    const path = `/v1/webhooks/${webhookId}`;
    const patch = async (change: object) => (await call<WebhookBody>("PATCH", path, change)).body;
    const told = {
      target: webhookId,
      line: "run_a",
      seq: 1,
      orgId: "default",
      kind: "webhook",
      type: "run.queued",
    };
    const later = Date.now() + 3_600_000;
    await d1Notifications(env.DB).add({ ...told, id: "msg_1", payload: "{}" }, 1, later);
    const states = async () =>
      (await call<NotificationListBody>("GET", `${path}/notifications`)).body.notifications.map(
        ({ state }) => state,
      );
    await patch({ description: "on" });
    expect(await states()).toEqual(["pending"]);
    const off = await patch({ enabled: false, description: "off" });
    expect(off).toMatchObject({
      disabled_at: expect.any(String),
      disabled_why: "by hand",
      description: "off",
    });
    expect(await states()).toEqual(["dropped"]);
    expect(await patch({ description: "still" })).toMatchObject({ disabled_at: off.disabled_at });
    expect(await patch({ enabled: false })).toMatchObject({ disabled_at: off.disabled_at });
    expect(await patch({ enabled: true })).toMatchObject({ disabled_at: null, disabled_why: null });
    const refused = await call("PATCH", path, { enabled: "no" });
    expect([refused.status, refused.body.error.path]).toEqual([422, "enabled"]);
  });

  it("can be disabled by hand", async () => {
    const { id } = (await create()).body;
    const disabled = await call<WebhookBody>("POST", `/v1/webhooks/${id}/disable`);
    expect(disabled.body).toMatchObject({ disabled_at: expect.any(String), disabled_why: "by hand" });
    expect((await call("POST", `/v1/webhooks/${id}/disable`)).body).toEqual(disabled.body);
  });
});

describe("what is sent is refused with its path and what is accepted", () => {
  it.each<[object, string, string]>([
    [{ url: "http://subscriber.example/" }, "url", "must be an https URL"],
    [{ url: "subscriber" }, "url", "must be an https URL"],
    [{ url: undefined }, "url", "is missing; it must be a URL"],
    [{ url: "https://user:pw@subscriber.example/" }, "url", "can have no user and password"],
    [{ url: "https://127.0.0.1/" }, "url", "no address of the public internet"],
    [{ url: "https://localhost/" }, "url", "no public name"],
    [{ url: `https://x.example/${"a".repeat(2048)}` }, "url", "can have at most 2048 characters"],
    [{ events: [] }, "events", "must have at least 1 item"],
    [{ events: ["run.failed", "run.failed"] }, "events", "can not name a type twice"],
    [{ events: ["run.exploded"] }, "events.0", "must be one of"],
    [{ events: ["webhook.test"] }, "events.0", "must be one of"],
    [{ jobs: [] }, "jobs", "must have at least 1 item"],
    [{ jobs: ["A b"] }, "jobs.0", "must be the name of a job, in which *"],
    [{ tags: {} }, "tags", "can not be empty"],
    [{ tags: { a: 1 } }, "tags.a", "must be text"],
    [{ kind: "pigeon" }, "kind", "must be one of"],
    [{ kind: "email" }, "email", "is missing"],
    [
      { email: { provider: "resend", from: "a@b.c", to: ["a@b.c"], secret: "A" } },
      "email",
      "is for kind email alone",
    ],
    [
      { kind: "email", email: { provider: "x", from: "a@b.c", to: ["a@b.c"], secret: "A" } },
      "email.provider",
      "must be one of",
    ],
    [
      { kind: "email", email: { provider: "resend", from: "a", to: ["a@b.c"], secret: "A" } },
      "email.from",
      "must be an e-mail address, or a name with one: CI <ci@example.com>",
    ],
    [
      { kind: "email", email: { provider: "resend", from: "a@b.c", to: ["a@b.c,d@e.f"], secret: "A" } },
      "email.to.0",
      "must be an e-mail address",
    ],
    [{ secret: "hunter2" }, "secret", "must be whsec_ and 24 to 64 bytes in base64"],
    [{ secret: `whsec_${btoa("short")}` }, "secret", "must be whsec_ and 24 to 64 bytes in base64"],
    [{ kind: "slack", secret: `whsec_${btoa("x".repeat(32))}` }, "secret", "is for kind standard alone"],
    [{ description: "a\nb" }, "description", "can not contain control characters"],
    [{ when: "now" }, "when", "unknown field when"],
  ])("%j", async (body, path, says) => {
    const { status, body: answer } = await create(body);
    expect([status, answer.error?.message]).toEqual([422, expect.stringContaining(says)]);
    expect([null, path]).toContain(answer.error.path);
    expect(JSON.stringify(answer)).not.toContain("hunter2");
  });

  it("all of it at once: where the URL leads, and whether there is such a secret, too", async () => {
    const pathsOf = (body: { error: { path: string; others: { path: string }[] } }) =>
      [body.error, ...body.error.others].map(({ path }) => path).toSorted();
    const wrong = { url: "https://127.0.0.1/", events: [], tags: { a: 1 } };
    expect(pathsOf((await create(wrong)).body as never)).toEqual(["events", "tags.a", "url"]);
    const { id } = (await create()).body;
    const changed = await call("PATCH", `/v1/webhooks/${id}`, wrong);
    expect(pathsOf(changed.body as never)).toEqual(["events", "tags.a", "url"]);
    // One that is wrong by itself is told so once.
    expect(pathsOf((await create({ ...wrong, url: 5 })).body as never)).toEqual(["events", "tags.a", "url"]);
    const email = { provider: "resend", from: "a@b.example", to: ["a@b.example"], secret: "NONE_SUCH" };
    const mail = await create({ kind: "email", email, url: "https://eve.example/" });
    expect(pathsOf(mail.body as never)).toEqual(["email.secret", "url"]);
  });

  it("also where a webhook is changed, or is none", async () => {
    const { id } = (await create()).body;
    const changed = await call("PATCH", `/v1/webhooks/${id}`, { url: "https://10.0.0.1/" });
    expect([changed.status, changed.body.error.path]).toEqual([422, "url"]);
    for (const [method, path] of [
      ["GET", "/v1/webhooks/wh_none"],
      ["PATCH", "/v1/webhooks/wh_none"],
      ["POST", "/v1/webhooks/wh_none/test"],
      ["POST", "/v1/webhooks/wh_none/disable"],
      ["POST", "/v1/webhooks/wh_none/enable"],
      ["POST", "/v1/webhooks/wh_none/rotate"],
      ["GET", "/v1/webhooks/wh_none/notifications"],
      ["GET", `/v1/webhooks/${id}/notifications/msg_none`],
      ["POST", `/v1/webhooks/${id}/notifications/msg_none/resend`],
    ] as const)
      expect([path, (await call(method, path, method === "PATCH" ? {} : undefined)).status]).toEqual([
        path,
        404,
      ]);
    const cursor = await call("GET", `/v1/webhooks/${id}/notifications?cursor=x`);
    expect([cursor.status, cursor.body.error.path]).toEqual([422, "query.cursor"]);
  });
});

describe("what waits for its next attempt", () => {
  /** Two of a run's, of which the first is due in an hour, to a name that reaches nobody (RFC 6761). */
  async function waiting() {
    const { id } = (await create()).body;
    const later = Date.now() + 3_600_000;
    const insert = env.DB.prepare(
      `INSERT INTO notifications (webhook_id, line, seq, id, org_id, kind, type, payload, state, created_at, tries_from, tries, next_at, attempts)
       VALUES (?, 'run_1', ?, ?, 'default', 'webhook', 'run.failed', '{}', 'pending', 1, 1, 0, ?, '[]')`,
    );
    const ids = [1, 2].map((seq) => `msg_${String(seq).padStart(26, "0")}`);
    await env.DB.batch(ids.map((msg, index) => insert.bind(id, index + 1, msg, index === 0 ? later : null)));
    await env.DB.prepare(
      "UPDATE webhooks SET spec = json_set(spec, '$.url', 'https://nobody.invalid/')",
    ).run();
    const path = `/v1/webhooks/${id}/notifications`;
    return {
      path: `/v1/webhooks/${id}`,
      [Symbol.iterator]: () => ids.map((msg) => `${path}/${msg}`)[Symbol.iterator](),
      ids,
      async isSent() {
        const [first] = ids.map((msg) => `${path}/${msg}`);
        await expect
          .poll(async () => (await call<NotificationBody>("GET", first ?? "")).body.tries)
          .toBeGreaterThan(0);
      },
    };
  }

  it("is sent at once where somebody has it sent again", async () => {
    const told = await waiting();
    const [first = ""] = told;
    const resent = await call<NotificationBody>("POST", `${first}/resend`);
    expect([resent.status, resent.body.waits_for]).toEqual([202, null]);
    await told.isSent();
  });

  it("has the one before it be sent, and names it", async () => {
    const told = await waiting();
    const [, second = ""] = told;
    expect((await call<NotificationBody>("GET", second)).body.waits_for).toBe(told.ids[0]);
    const resent = await call<NotificationBody>("POST", `${second}/resend`);
    expect([resent.status, resent.body.next_at, resent.body.waits_for]).toEqual([202, null, told.ids[0]]);
    await told.isSent();
  });

  it.each([
    ["POST", "/enable", undefined],
    ["PATCH", "", { enabled: true }],
  ] as const)("is sent at once by %s %s %j", async (method, verb, body) => {
    const told = await waiting();
    expect((await call(method, `${told.path}${verb}`, body)).status).toBe(200);
    await told.isSent();
  });
});

describe("a try", () => {
  it("is sent at once and tells how it went, and is in the ledger from then on", async () => {
    // A name that is in no DNS (RFC 6761) and so reaches nobody, stored as if it had been accepted.
    const { id } = (await create()).body;
    await env.DB.prepare(
      "UPDATE webhooks SET spec = json_set(spec, '$.url', 'https://nobody.invalid/')",
    ).run();
    const tried = await call<NotificationBody>("POST", `/v1/webhooks/${id}/test`);
    expect(tried.body).toMatchObject({
      type: "webhook.test",
      state: "given_up",
      tries: 1,
      run_id: null,
      payload: { type: "webhook.test", data: { webhook: { id } } },
      attempts: [{ status: null, error: expect.stringContaining("no public name") }],
    });
    const { body } = await call<NotificationListBody>("GET", `/v1/webhooks/${id}/notifications`);
    expect(body.notifications.map((each) => each.id)).toEqual([tried.body.id]);
    expect(body.notifications[0]?.last_attempt).toEqual(tried.body.attempts[0]);
    const path = `/v1/webhooks/${id}/notifications/${tried.body.id}`;
    expect((await call("GET", path)).body).toEqual(tried.body);
    const resent = await call<NotificationBody>("POST", `${path}/resend`);
    expect(resent.status).toBe(202);
    await expect.poll(async () => (await call<NotificationBody>("GET", path)).body.attempts.length).toBe(2);
    const states = (state: string) =>
      call<NotificationListBody>("GET", `/v1/webhooks/${id}/notifications?state=${state}`);
    expect((await states("delivered")).body.notifications).toEqual([]);
  });
});
