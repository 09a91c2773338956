import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  NOTIFICATION_ATTEMPTS_KEPT,
  NOTIFICATION_GIVE_UP_MS,
  NOTIFICATION_RETRY_FIRST_MS,
  NOTIFICATION_RETRY_MAX_MS,
  NOTIFIER_SENDS_AT_ONCE,
  WEBHOOK_FAILING_MAX_MS,
} from "../../src/core/limits.ts";
import type { SendResult } from "../../src/core/notification/attempt.ts";
import type { EmailSettings } from "../../src/core/webhook/webhook.ts";
import { changeWebhook } from "../../src/flow/change-webhook.ts";
import { sendDue } from "../../src/flow/notify.ts";
import type { DueNotification } from "../../src/flow/ports/notifications.ts";
import { hurryTarget, sendAgain } from "../../src/flow/send-again.ts";
import { destination } from "../../src/flow/tell-webhooks.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { aQueuedRun, aRunningRun, aSucceededRun, T0 } from "../support/a-run.ts";
import { KEY, NotifyWorld } from "../support/notify-world.ts";
import { failing } from "../support/told-stories.ts";

const HOUR = 3_600_000;
const WHOLE = ["run.queued", "run.started", "run.succeeded"];

let world: NotifyWorld;
beforeEach(async () => {
  world = new NotifyWorld(env.DB);
  await world.clear();
});

const result = (status: number): SendResult => ({
  at: 0,
  ms: 0,
  status,
  answer: "",
  error: null,
  retryAfterMs: null,
});

describe("what is not taken", () => {
  it("is tried again later and later for a day, in its line's order, and then given up", async () => {
    const webhook = await world.subscribe();
    const runId = await world.happens(aSucceededRun());
    world.answer = () => new Response("no", { status: 500 });
    const began = world.now;
    await world.liveFor(NOTIFICATION_GIVE_UP_MS - 2 * HOUR);
    expect(world.toldOf(webhook, runId)).toEqual(["run.queued"]);
    const pauses = world.heard.map(({ at }, index) => at - (world.heard[index - 1]?.at ?? began)).slice(1);
    expect(pauses[0]).toBeGreaterThanOrEqual(NOTIFICATION_RETRY_FIRST_MS / 2);
    expect(pauses[0]).toBeLessThanOrEqual(NOTIFICATION_RETRY_FIRST_MS);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(NOTIFICATION_RETRY_MAX_MS);
    expect(pauses.length).toBeGreaterThan(25);
    await world.liveFor(4 * HOUR);
    const ledger = (await world.ledger(webhook)).toSorted((a, b) => a.seq - b.seq);
    expect(ledger.map(({ state, tries }) => [state, tries > 0])).toEqual([
      ["given_up", true],
      ["given_up", true],
      ["given_up", true],
    ]);
    expect(ledger[0]?.endedAt).toBeGreaterThan(began + NOTIFICATION_GIVE_UP_MS - NOTIFICATION_RETRY_MAX_MS);
    expect(ledger[0]?.endedAt).toBeLessThanOrEqual(began + NOTIFICATION_GIVE_UP_MS);
  });

  it("waits as long as the subscriber asks, up to an hour", async () => {
    await world.subscribe({ events: ["run.queued"] });
    await world.happens(aQueuedRun());
    const asks = ["120", new Date(world.now + 40 * 60_000).toUTCString(), "999999", "soon"];
    world.answer = () => {
      const ask = asks.shift();
      return ask === undefined
        ? new Response()
        : new Response(null, { status: 429, headers: { "retry-after": ask } });
    };
    await world.liveFor(3 * HOUR);
    const pauses = world.heard.map(({ at }, index) => at - (world.heard[index - 1]?.at ?? at)).slice(1);
    expect(pauses[0]).toBe(120_000);
    expect(pauses[1]).toBeGreaterThan(35 * 60_000);
    expect(pauses[2]).toBe(HOUR);
    expect(pauses[3]).toBeLessThan(HOUR / 10);
  });

  it("holds up neither other runs of the webhook nor other webhooks", async () => {
    const [down, up] = [await world.subscribe(), await world.subscribe()];
    const [stuck, fine] = [await world.happens(aSucceededRun()), await world.happens(aSucceededRun())];
    world.answer = ({ url, payload }) => {
      const isStuck = "run" in payload.data && payload.data.run.id === stuck;
      return new Response(null, { status: url === down.url && isStuck ? 500 : 200 });
    };
    await world.liveFor(0);
    expect(world.toldOf(down, stuck)).toEqual(["run.queued"]);
    expect(world.toldOf(down, fine)).toEqual(WHOLE);
    expect(world.toldOf(up, stuck)).toEqual(WHOLE);
  });

  it("is sent in several lines at once, and no more than there may be", async () => {
    await world.subscribe({ events: ["run.queued"] });
    for (let made = 0; made < 10; made++) await world.happens(aQueuedRun({}, T0 + made));
    let [atOnce, most] = [0, 0];
    world.answer = async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce -= 1;
      return new Response();
    };
    await world.liveFor(0);
    expect([world.heard.length, most]).toEqual([10, NOTIFIER_SENDS_AT_ONCE]);
  });

  it("tells each attempt with its status, its time and the first bytes of the answer", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    await world.happens(aQueuedRun());
    const answers = [
      () => new Response(`x${"é".repeat(5000)}`, { status: 500 }),
      () => new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } }),
      () => Promise.reject(new Error("connection refused")),
      () => new Response("thanks"),
    ];
    world.answer = () => answers.shift()?.() ?? new Response();
    await world.liveFor(HOUR);
    const [notification] = await world.ledger(webhook);
    expect(notification?.attempts).toEqual([
      {
        at: expect.any(Number),
        ms: 0,
        status: 500,
        answer: expect.stringMatching(/^xéé/),
        error: "it answered 500",
      },
      expect.objectContaining({ status: 302, error: "it answered 302: redirects are not followed" }),
      expect.objectContaining({ status: null, answer: null, error: "connection refused" }),
      expect.objectContaining({ status: 200, answer: "thanks", error: null }),
    ]);
    expect(notification?.attempts[0]?.answer?.length).toBeLessThanOrEqual(1024);
    expect(world.heard.every(({ url }) => url === webhook.url)).toBe(true);
  });
});

describe("a webhook that takes nothing", () => {
  it("is disabled after three days of failures, with an alert that others are told of, and what is pending ends", async () => {
    const [dead, witness] = [
      await world.subscribe(),
      await world.subscribe({ events: ["webhook.disabled"] }),
    ];
    world.answer = ({ url }) => new Response(null, { status: url === dead.url ? 500 : 200 });
    const began = world.now;
    for (let hours = 0; hours < 80; hours += 20) {
      await world.happens(aSucceededRun(), true);
      await world.liveNowAndThen(20 * HOUR);
    }
    await world.live();
    const found = await world.webhooks.find("default", dead.id);
    expect(found?.disabledAt).toBeGreaterThanOrEqual(began + WEBHOOK_FAILING_MAX_MS);
    expect(found?.disabledAt).toBeLessThan(began + WEBHOOK_FAILING_MAX_MS + 6 * HOUR);
    expect(found?.disabledWhy).toBe("it took no notification for 72 hours");
    expect(world.told(witness).map(({ payload }) => payload)).toMatchObject([
      {
        type: "webhook.disabled",
        data: {
          alert: {
            type: "webhook_disabled",
            webhook: dead.id,
            job: null,
            detail: `its notifications, to ${new URL(dead.url).host}, are not sent any more: it took no notification for 72 hours`,
          },
        },
      },
    ]);
    const states = (await world.ledger(dead)).map(({ state }) => state);
    expect(states.filter((state) => state === "pending")).toEqual([]);
    expect(states.filter((state) => state === "dropped").length).toBeGreaterThan(0);
    expect(await world.outboxRows()).toBe(0);
  });

  it("is not disabled for two failures with quiet days between, nor where it takes something now and then", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    let isDown = true;
    world.answer = () => new Response(null, { status: isDown ? 500 : 200 });
    for (let week = 0; week < 3; week++) {
      await world.happens(aQueuedRun());
      await world.live();
      await world.notifications.drop(webhook.id, 10, world.now);
      world.now += 7 * 24 * HOUR;
    }
    for (let day = 0; day < 5; day++) {
      await world.happens(aQueuedRun());
      isDown = false;
      await world.live();
      isDown = true;
      await world.happens(aQueuedRun());
      await world.liveNowAndThen(20 * HOUR);
    }
    expect((await world.webhooks.find("default", webhook.id))?.disabledAt).toBeNull();
  });

  it("is not disabled where it took something after all, whenever that is interrupted", async () => {
    const begun = world.now;
    let isOver = false;
    for (let call = 1; !isOver; call++) {
      world.now = begun;
      await world.clear();
      const webhook = await world.subscribe({ events: ["run.queued"] });
      let status = 500;
      world.answer = () => new Response(null, { status });
      await world.happens(aQueuedRun());
      await world.live();
      const first = await world.webhooks.find("default", webhook.id);
      expect(first?.failingSince).toBe(begun);
      status = 200;
      world.now += 10 * HOUR;
      isOver = !(await world.live({ call, tookEffect: true })).hasDied;
      const [taken] = await world.ledger(webhook);
      const isKnownAsTaken = taken?.state === "delivered";
      status = 500;
      // Failures come at least each day, as two with quiet days between are none that last.
      for (let hours = 20; hours <= 74; hours += 18) {
        world.now = begun + hours * HOUR;
        await world.happens(aQueuedRun());
        await world.live();
      }
      const found = await world.webhooks.find("default", webhook.id);
      if (isKnownAsTaken) expect([call, found?.disabledAt]).toEqual([call, null]);
    }
  });

  it("is disabled at once where it says that it is gone", async () => {
    const webhook = await world.subscribe();
    await world.happens(aSucceededRun());
    world.answer = () => new Response(null, { status: 410 });
    await world.liveFor(0);
    expect(world.heard).toHaveLength(1);
    expect(await world.webhooks.find("default", webhook.id)).toMatchObject({
      disabledWhy: "it answered 410: it is gone",
    });
    await world.liveFor(HOUR);
    expect(world.heard).toHaveLength(1);
    expect((await world.ledger(webhook)).map(({ state }) => state)).toEqual([
      "dropped",
      "dropped",
      "dropped",
    ]);
  });

  it("has each attempt in its ledger that was made while it was disabled, and what was taken meanwhile was delivered", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    for (let made = 0; made < 3; made++) await world.happens(aQueuedRun());
    let allHeard = () => {};
    const isAllHeard = new Promise<void>((resolve) => {
      allHeard = resolve;
    });
    world.answer = async () => {
      const number = world.heard.length;
      if (number === 3) allHeard();
      await isAllHeard;
      // The first one's answer ends the others while they are on their way.
      while (number > 1 && (await world.ledger(webhook)).some(({ state }) => state === "pending"))
        await new Promise((resolve) => setTimeout(resolve, 1));
      return new Response(null, { status: number === 3 ? 200 : 410 });
    };
    await world.live();
    const ledger = await world.ledger(webhook);
    const told = world.heard.map(({ id }) => ledger.find((each) => each.id === id));
    expect(
      told.map((each) => [each?.state, each?.tries, each?.attempts.map(({ status }) => status)]),
    ).toEqual([
      ["dropped", 1, [410]],
      ["dropped", 1, [410]],
      ["delivered", 1, [200]],
    ]);
  });

  it("is not disabled where a success ended its failures while another attempt was failing", async () => {
    const webhook = await world.subscribe();
    const began = world.now;
    await world.webhooks.noteFailure("default", webhook.id, began);
    for (world.now += HOUR; world.now < began + WEBHOOK_FAILING_MAX_MS; world.now += 10 * HOUR)
      expect(await world.webhooks.noteFailure("default", webhook.id, world.now)).toBe(began);
    const stored = await world.webhooks.find("default", webhook.id);
    if (stored === null) throw new Error("it is gone");
    // Both know it as it was before.
    const [one, other] = [0, 1].map(() => destination(world.webhooks, stored, async () => result(200)));
    const told = { type: "run.queued" } as DueNotification;
    await one?.note(told, result(200), world.now);
    await other?.note(told, result(500), world.now);
    expect(await world.webhooks.find("default", webhook.id)).toMatchObject({
      failingSince: world.now,
      disabledAt: null,
    });
  });

  it("does not fail by what is wrong on our side: a name that nobody can look up, a key that is lost", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    await world.happens(aQueuedRun());
    world.keyring = createKeyring(btoa("another key, of thirty-two bytes"), []);
    await world.live();
    world.keyring = createKeyring(KEY, []);
    world.settings.dnsOverHttpsUrl = "https://resolver.example/";
    world.answer = () => new Response(null, { status: 500 });
    await world.liveFor(HOUR / 60);
    const [notification] = await world.ledger(webhook);
    expect(notification?.attempts.map(({ error }) => error)).toEqual([
      expect.stringContaining("can not be opened"),
      ...(notification?.attempts.slice(1) ?? []).map(() => expect.stringContaining("can not be looked up")),
    ]);
    expect(notification?.attempts.length).toBeGreaterThan(2);
    expect(notification?.attempts[0]).not.toHaveProperty("isOurs");
    expect((await world.webhooks.find("default", webhook.id))?.failingSince).toBeNull();
  });

  it("has what is pending ended at once where it is disabled, and not only when it would have been sent", async () => {
    const webhook = await world.subscribe();
    await world.happens(aSucceededRun());
    world.answer = () => new Response(null, { status: 500 });
    await world.live();
    expect((await world.notifications.nextDueAt(webhook.id)) ?? 0).toBeGreaterThan(world.now);
    await world.webhooks.disable(webhook, "by hand", world.now, null);
    expect(await sendDue(world.ports(), webhook.id, () => new Promise(() => {}))).toEqual({
      nextAt: null,
      problems: [],
    });
    expect((await world.ledger(webhook)).map(({ state }) => state)).toEqual([
      "dropped",
      "dropped",
      "dropped",
    ]);
  });

  it("gets nothing any more where it is deleted", async () => {
    const webhook = await world.subscribe();
    await world.happens(aSucceededRun());
    world.answer = () => new Response(null, { status: 500 });
    await world.live();
    await world.webhooks.remove("default", webhook.id);
    await world.liveFor(24 * HOUR);
    expect(world.heard).toHaveLength(1);
    expect(await world.notifications.dueTargets(100, world.now)).toEqual([]);
  });
});

it("an attempt is kept that another made at the same time, and the first that is stored decides, but for a success", async () => {
  const webhook = await world.subscribe({ events: ["run.queued"] });
  await world.notification(webhook);
  const [due] = await world.notifications.due(webhook.id, world.now, 1);
  if (due === undefined) throw new Error("nothing is due");
  const attempt = (status: number) => ({ at: world.now, ms: 1, status, answer: "", error: null });
  const record = (state: "pending" | "delivered" | "given_up", status: number) =>
    world.notifications.recordAttempt(
      due,
      { state, nextAt: state === "pending" ? world.now + 5000 : null, attempt: attempt(status) },
      world.now,
    );
  const stored = async () => {
    const found = await world.notifications.find("default", webhook.id, due.id);
    return [found?.state, found?.tries, found?.nextAt, found?.attempts.map(({ status }) => status)];
  };
  await record("pending", 500);
  await record("given_up", 501);
  expect(await stored()).toEqual(["pending", 1, world.now + 5000, [500, 501]]);
  await record("delivered", 200);
  expect(await stored()).toEqual(["delivered", 2, null, [500, 501, 200]]);
  for (let made = 0; made < NOTIFICATION_ATTEMPTS_KEPT; made++) await record("pending", 502);
  expect((await stored())[3]).toEqual(Array(NOTIFICATION_ATTEMPTS_KEPT).fill(502));
});

describe("sent again", () => {
  it("what waits for its next attempt is due at once, and what waits for that has it be", async () => {
    const webhook = await world.subscribe();
    await world.happens(aSucceededRun());
    world.answer = () => new Response(null, { status: 503, headers: { "retry-after": "3600" } });
    await world.live();
    const [first, second] = (await world.ledger(webhook)).toSorted((a, b) => a.seq - b.seq);
    if (first === undefined || second === undefined) throw new Error("too few are told");
    expect(first.nextAt).toBe(world.now + HOUR);
    expect(await world.notifications.waitedFor(first)).toBeNull();
    const woken: string[] = [];
    const notifiers = { wake: async (name: string) => void woken.push(name) };
    const ports = { ...world, notifications: world.notifications, notifiers, orgId: "default" };
    await sendAgain(ports, second);
    expect(woken).toEqual([webhook.id]);
    expect((await world.notifications.waitedFor(second))?.id).toBe(first.id);
    expect(await world.notifications.nextDueAt(webhook.id)).toBe(world.now);
    world.answer = () => new Response();
    await world.liveFor(0);
    expect(world.heard.map(({ payload }) => payload.type)).toEqual(["run.queued", ...WHOLE]);
  });

  it("all that waits is sent at once where its webhook is mended, run by run in order", async () => {
    const webhook = await world.subscribe();
    const runs = [await world.happens(aSucceededRun()), await world.happens(aSucceededRun())];
    world.answer = () => new Response(null, { status: 503, headers: { "retry-after": "3600" } });
    await world.live();
    await hurryTarget({ ...world.ports(), clock: world.clock }, webhook.id);
    world.answer = () => new Response();
    await world.liveFor(0);
    for (const runId of runs) expect(world.toldOf(webhook, runId)).toEqual(WHOLE);
  });

  it("what waits goes to where its webhook leads by then, at once where that is elsewhere", async () => {
    const webhook = await world.subscribe();
    const runId = await world.happens(aSucceededRun());
    world.answer = () => new Response(null, { status: 503, headers: { "retry-after": "3600" } });
    await world.live();
    const edge = world.edge();
    const ports = {
      ...{ ...world.ports(), webhooks: world.webhooks, webhookKeeper: edge, sendToWebhook: edge.send },
      ...{ secrets: { complaints: async () => [] }, webhookId: () => "", orgId: "default" },
    };
    await changeWebhook(ports, webhook.id, (spec) => ({ ...spec, description: "the same place" }));
    await world.live();
    expect(world.heard).toHaveLength(1);
    const url = "https://elsewhere.example/";
    await changeWebhook(ports, webhook.id, (spec) => ({ ...spec, url }));
    world.answer = () => new Response();
    await world.liveFor(0);
    expect(world.toldOf({ url }, runId)).toEqual(WHOLE);
    const email: EmailSettings = {
      provider: "resend",
      from: "m@x.example",
      to: ["a@x.example"],
      secret: "KEY",
    };
    world.secretValues = { KEY: "the-key" };
    const mail = await world.subscribe({ kind: "email", email, events: ["run.queued"] });
    await world.happens(aQueuedRun());
    world.answer = () => new Response(null, { status: 503, headers: { "retry-after": "3600" } });
    await world.live();
    const heard = world.heard.length;
    await changeWebhook(ports, mail.id, (spec) => ({ ...spec, email: { ...email, to: ["b@x.example"] } }));
    await world.liveFor(0);
    expect(world.heard.slice(heard).map(({ payload }) => payload)).toMatchObject([{ to: ["b@x.example"] }]);
  });

  it("what is due already is not put off, and what was resent is waited for by none of its run", async () => {
    const webhook = await world.subscribe();
    for (const seq of [1, 2, 3]) await world.notification(webhook, { seq });
    const [first, second, third] = (await world.ledger(webhook)).toSorted((a, b) => a.seq - b.seq);
    if (!first || !second || !third) throw new Error("three were made");
    await world.notifications.hurry(first, world.now + HOUR);
    expect(await world.notifications.nextDueAt(webhook.id)).toBe(world.now);
    const delivered = { state: "delivered", nextAt: null, attempt: result(200) } as const;
    await world.notifications.recordAttempt(first, delivered, world.now);
    await world.notifications.resend("default", webhook.id, first.id, world.now);
    expect((await world.notifications.waitedFor(third))?.id).toBe(second.id);
  });

  it("what is over is sent with its id, and what follows it stays where it is", async () => {
    const webhook = await world.subscribe();
    await world.happens(aSucceededRun());
    await world.liveFor(0);
    const ledger = (await world.ledger(webhook)).toSorted((a, b) => a.seq - b.seq);
    const id = ledger[1]?.id ?? "";
    expect(await world.notifications.resend("default", webhook.id, id, world.now)).toBe(true);
    expect(await world.notifications.resend("default", webhook.id, id, world.now)).toBe(false);
    expect(await world.notifications.resend("default", webhook.id, "msg_none", world.now)).toBe(false);
    await world.liveFor(0);
    expect(world.heard.map((request) => request.id)).toEqual([...ledger.map((each) => each.id), id]);
    expect((await world.notifications.find("default", webhook.id, id))?.attempts).toHaveLength(2);
  });

  it("holds up nothing of its run while it fails", async () => {
    const webhook = await world.subscribe();
    const story = aRunningRun();
    const runId = await world.happens(story);
    await world.liveFor(0);
    const [first] = (await world.ledger(webhook)).toSorted((a, b) => a.seq - b.seq);
    await world.notifications.resend("default", webhook.id, first?.id ?? "", world.now);
    world.answer = ({ id }) => new Response(null, { status: id === first?.id ? 500 : 200 });
    await world.live();
    const settled = failing(story);
    await world.store.record(story.state, settled.events.slice(story.events.length), []);
    await world.live();
    expect(world.toldOf(webhook, runId)).toEqual(["run.queued", "run.started", "run.failed"]);
    const states = (await world.ledger(webhook)).toSorted((a, b) => a.seq - b.seq).map(({ state }) => state);
    expect(states).toEqual(["pending", "delivered", "delivered"]);
    // And its own next try is not lost by that.
    world.answer = () => new Response();
    await world.liveFor(HOUR);
    expect((await world.ledger(webhook)).every(({ state }) => state === "delivered")).toBe(true);
  });

  it("has a day again where it was given up", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    await world.happens(aQueuedRun());
    world.answer = () => new Response(null, { status: 500 });
    await world.liveNowAndThen(NOTIFICATION_GIVE_UP_MS);
    const [before] = await world.ledger(webhook);
    expect(before?.state).toBe("given_up");
    await world.notifications.resend("default", webhook.id, before?.id ?? "", world.now);
    await world.liveNowAndThen(5 * HOUR);
    expect((await world.ledger(webhook))[0]?.state).toBe("pending");
    world.answer = () => new Response();
    await world.liveNowAndThen(5 * HOUR);
    expect((await world.ledger(webhook))[0]?.state).toBe("delivered");
  });
});
