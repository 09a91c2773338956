import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/core/event.ts";
import type { RunChange } from "../../src/core/hook/run-delivery.ts";
import { acceptRun } from "../../src/core/lifecycle.ts";
import {
  NOTIFICATION_ATTEMPTS_KEPT,
  NOTIFICATION_GIVE_UP_MS,
  NOTIFICATION_RETRY_FIRST_MS,
  NOTIFICATION_RETRY_MAX_MS,
  NOTIFIER_AGAIN_FIRST_MS,
  NOTIFIER_AGAIN_MAX_MS,
  NOTIFIER_SENDS_AT_ONCE,
  OUTBOX_GIVE_UP_MS,
  OUTBOX_PAGE,
  WEBHOOK_FAILING_MAX_MS,
  WEBHOOK_OLD_SECRET_MS,
} from "../../src/core/limits.ts";
import type { SendResult } from "../../src/core/webhook/attempt.ts";
import { factWordsOf } from "../../src/core/webhook/event-types.ts";
import type { EmailSettings } from "../../src/core/webhook/webhook.ts";
import { changeWebhook } from "../../src/flow/change-webhook.ts";
import { Notifier, type NotifierPause } from "../../src/flow/notifier.ts";
import { type NotifyReport, sendDue, takeUpOutbox } from "../../src/flow/notify.ts";
import type { DueNotification, StoredWebhook } from "../../src/flow/ports/webhooks.ts";
import { hurryTarget, sendAgain } from "../../src/flow/send-again.ts";
import { destination } from "../../src/flow/tell-webhooks.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import {
  aQueuedRun,
  aRetryingRun,
  aRunningRun,
  aSucceededRun,
  followedBy,
  type Story,
  T0,
} from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { isSignedWith, KEY, NotifyWorld } from "../support/notify-world.ts";
import { seededRandom } from "../support/seeded-random.ts";

const HOUR = 3_600_000;
const WHOLE = ["run.queued", "run.started", "run.succeeded"];

let world: NotifyWorld;
beforeEach(async () => {
  world = new NotifyWorld(env.DB);
  await world.clear();
});

const outboxRows = async () =>
  (await env.DB.prepare("SELECT count(*) AS n FROM outbox").first<{ n: number }>())?.n;

function failing(story: Story): Story {
  const exit = { code: 2, signal: null, oomKilled: false };
  const output = { stdoutBytes: 0, stderrBytes: 7, droppedBytes: 0, complete: true };
  const ended = { at: T0 + 3000, attempt: 1, exit };
  return followedBy(
    story,
    { type: "exited", ...ended, source: "runner" },
    {
      type: "settled",
      at: T0 + 3000,
      status: "failed",
      reason: "exit_code",
      limit: null,
      detail: "the command exited with 2",
      exit,
      output,
    },
  );
}

/** The same story of a run that a hook's delivery started. */
function ofDelivery({ state, events: [accepted, ...others] }: Story, change: RunChange | null): Story {
  if (accepted?.type !== "accepted") throw new Error("a story begins with a run's acceptance");
  const source = "github" as const;
  const delivery = { hook: source, id: "d1", source, event: "push", change, isWithoutSecrets: false };
  const first: RunEvent = { ...accepted, job: { name: "build", version: 1, input: "{}" }, delivery };
  return followedBy({ state: acceptRun(state.run.id, "default", first), events: [first] }, ...others);
}

const result = (status: number): SendResult => ({
  at: 0,
  ms: 0,
  status,
  answer: "",
  error: null,
  retryAfterMs: null,
});

describe("a fact is noted by the database itself", () => {
  it("where a webhook wants to hear of it, and costs no row where none does", async () => {
    const { database, counts } = countedD1(env.DB);
    const alone = new NotifyWorld(database);
    await alone.happens(aSucceededRun());
    const unheard = counts.rowsWritten;
    await alone.subscribe({ events: ["run.failed"] });
    const before = counts.rowsWritten;
    await alone.happens(aSucceededRun());
    expect(counts.rowsWritten - before).toBe(unheard);
    expect([await outboxRows(), alone.heardOfFacts]).toEqual([0, 0]);
    await alone.happens(failing(aRunningRun()));
    expect([await outboxRows(), alone.heardOfFacts]).toEqual([1, 1]);
  });

  it("however it is stored: one by one, all at once, several runs together", async () => {
    const webhook = await world.subscribe();
    const one = await world.happens(aSucceededRun());
    const atOnce = await world.happens(aSucceededRun(), true);
    const [a, b] = [aQueuedRun(), aQueuedRun()];
    await world.store.acceptAll([a, b]);
    expect(world.heardOfFacts).toBeGreaterThanOrEqual(4);
    await world.live();
    expect(world.toldOf(webhook, one)).toEqual(WHOLE);
    expect(world.toldOf(webhook, atOnce)).toEqual(WHOLE);
    for (const { state } of [a, b]) expect(world.toldOf(webhook, state.run.id)).toEqual(["run.queued"]);
    expect(await outboxRows()).toBe(0);
  });

  it("and an alert likewise, by its type", async () => {
    const webhook = await world.subscribe({ events: ["job.silent"], jobs: ["nightly-*"] });
    const alert = (type: string, job: string, at: number) =>
      env.DB.prepare(
        "INSERT INTO alerts (org_id, type, job, schedule, due_at, at, detail) VALUES ('default', ?, ?, '', ?, ?, 'no run has succeeded for 1h')",
      )
        .bind(type, job, at, at)
        .run();
    await alert("schedule_late", "nightly-a", T0);
    expect(await outboxRows()).toBe(0);
    await alert("job_silent", "nightly-a", T0);
    await alert("job_silent", "daily", T0);
    await world.live();
    expect(world.told(webhook).map(({ payload }) => payload)).toEqual([
      {
        type: "job.silent",
        timestamp: new Date(T0).toISOString(),
        data: {
          alert: expect.objectContaining({
            type: "job_silent",
            job: "nightly-a",
            schedule: null,
            webhook: null,
          }),
        },
      },
    ]);
  });

  it("nothing of a disabled webhook's is noted", async () => {
    const webhook = await world.subscribe();
    await world.webhooks.disable(webhook, "nobody answers", world.now, null);
    await world.happens(aSucceededRun());
    expect(await outboxRows()).toBe(0);
  });

  it("the words of the triggers are those of what is subscribed to", () => {
    expect(factWordsOf(["run.finished"])).toBe(" settled:succeeded settled:failed settled:cancelled ");
    expect(factWordsOf(["run.queued", "webhook.disabled"])).toBe(" accepted webhook_disabled ");
    expect(factWordsOf([])).toBe("");
  });
});

describe("a webhook is told", () => {
  it("what it is subscribed to, as it was then, in order, signed by its secret", async () => {
    const webhook = await world.subscribe();
    const job = { name: "deploy", version: 3, input: "{}" };
    const queued = aQueuedRun({ name: "the deploy", tags: { a: "b" } }, T0, null, job);
    const runId = await world.happens(queued);
    const other = await world.happens(failing(aRunningRun()));
    const retried = await world.happens(aRetryingRun());
    await world.live();
    expect(world.toldOf(webhook, runId)).toEqual(["run.queued"]);
    expect(world.toldOf(webhook, other)).toEqual(["run.queued", "run.started", "run.failed"]);
    expect(world.toldOf(webhook, retried)).toEqual(["run.queued", "run.started", "run.retrying"]);
    const runs = world
      .told(webhook)
      .map(({ payload }) => ({ ...payload, run: "run" in payload.data && payload.data.run }));
    const of = (id: string, type: string) =>
      runs.find(({ type: its, run }) => run && run.id === id && its === type);
    expect(of(runId, "run.queued")).toMatchObject({
      timestamp: new Date(T0).toISOString(),
      run: {
        name: "the deploy",
        tags: { a: "b" },
        status: "queued",
        job: { name: "deploy", version: 3 },
        started_at: null,
        settled_at: null,
        url: `https://mayfly.test/runs/${runId}`,
      },
    });
    expect(of(other, "run.started")).toMatchObject({
      timestamp: new Date(T0 + 1000).toISOString(),
      run: { status: "running", attempt: 1, exit_code: null, settled_at: null },
    });
    expect(of(other, "run.failed")).toMatchObject({
      run: {
        status: "failed",
        reason: "exit_code",
        detail: "the command exited with 2",
        exit_code: 2,
        started_at: new Date(T0 + 1000).toISOString(),
        settled_at: new Date(T0 + 3000).toISOString(),
        output: { stderr_bytes: 7, complete: true },
      },
    });
    expect(of(retried, "run.retrying")).toMatchObject({
      run: {
        status: "retrying",
        attempt: 1,
        next_attempt: { number: 2, at: new Date(T0 + 62_000).toISOString() },
      },
    });
    const secret = world.secrets.get(webhook.id) ?? "";
    for (const request of world.heard) expect(isSignedWith(secret, request)).toBe(true);
    expect(world.heard.some((request) => isSignedWith(world.edge().newSecret(), request))).toBe(false);
  });

  it("by the most telling type that it wants", async () => {
    const either = await world.subscribe({ events: ["run.finished"] });
    const both = await world.subscribe({ events: ["run.finished", "run.failed"] });
    const [good, bad] = [await world.happens(aSucceededRun()), await world.happens(failing(aRunningRun()))];
    await world.live();
    expect([world.toldOf(either, good), world.toldOf(either, bad)]).toEqual([
      ["run.finished"],
      ["run.finished"],
    ]);
    expect([world.toldOf(both, good), world.toldOf(both, bad)]).toEqual([["run.finished"], ["run.failed"]]);
  });

  it("of runs of some jobs, or with some tags", async () => {
    const jobs = await world.subscribe({ jobs: ["deploy", "site-*"] });
    const tagged = await world.subscribe({ tags: { team: "a", env: "prod" } });
    const of = (name: string) => ({ name, version: 1, input: "{}" });
    const ids = [
      await world.happens(aQueuedRun({}, T0, null, of("deploy"))),
      await world.happens(aQueuedRun({}, T0, null, of("site-a"))),
      await world.happens(aQueuedRun({ tags: { team: "a", env: "prod", more: "1" } }, T0, null, of("other"))),
      await world.happens(aQueuedRun({ tags: { team: "a" } })),
    ];
    await world.live();
    const told = (webhook: StoredWebhook) => ids.map((id) => world.toldOf(webhook, id).length);
    expect([told(jobs), told(tagged)]).toEqual([
      [1, 1, 0, 0],
      [0, 0, 1, 0],
    ]);
  });

  it("however many facts there are", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    const count = OUTBOX_PAGE + 7;
    const ids: string[] = [];
    for (let made = 0; made < count; made++) ids.push(await world.happens(aQueuedRun({}, T0 + made)));
    await world.liveFor(0);
    expect(world.told(webhook).length).toBe(count);
    // Those of one moment have an order, too: that in which they were taken up.
    expect((await world.ledger(webhook)).map(({ line }) => line)).toEqual(ids.toReversed());
    expect((await world.ledger(webhook)).every(({ state }) => state === "delivered")).toBe(true);
  });
});

describe("everything is told, each once, in the order of its run", () => {
  const prepare = async (isShort = false) => {
    await world.clear();
    world.heard.length = 0;
    const webhooks = [await world.subscribe()];
    if (!isShort) webhooks.push(await world.subscribe({ events: ["run.started", "run.finished"] }));
    const runs = [await world.happens(aSucceededRun(), true)];
    if (!isShort) runs.push(await world.happens(failing(aRunningRun()), true));
    return { webhooks, runs };
  };
  const EXPECTED = [
    [WHOLE, ["run.queued", "run.started", "run.failed"]],
    [
      ["run.started", "run.finished"],
      ["run.started", "run.finished"],
    ],
  ];
  const isAllTold = async ({ webhooks, runs }: Awaited<ReturnType<typeof prepare>>, when: string) => {
    const expected = EXPECTED.slice(0, webhooks.length).map((types) => types.slice(0, runs.length));
    expect(
      webhooks.map((webhook) => runs.map((runId) => world.toldOf(webhook, runId))),
      when,
    ).toEqual(expected);
    expect(await outboxRows(), when).toBe(0);
    for (const webhook of webhooks)
      expect(
        (await world.ledger(webhook)).map(({ state }) => state),
        when,
      ).toEqual(expected[webhooks.indexOf(webhook)]?.flat().map(() => "delivered"));
  };

  it("where whoever tells it is killed at any step, before the step takes effect or after", async () => {
    let deaths = 0;
    for (const tookEffect of [false, true])
      for (let call = 1; ; call++) {
        const before = await prepare(true);
        const { hasDied } = await world.live({ call, tookEffect });
        await world.liveFor(0);
        await isAllTold(before, `killed at call ${call}, ${tookEffect}`);
        if (!hasDied) break;
        deaths += 1;
      }
    expect(deaths).toBeGreaterThan(2 * 12);
  });

  it("where subscribers fail by chance, lives end by chance, and two are lived at once", async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = seededRandom(seed);
      const before = await prepare();
      world.answer = () => {
        if (random() < 0.3) throw new Error("connection lost");
        return new Response(null, { status: random() < 0.4 ? 503 : 204 });
      };
      const death = () =>
        random() < 0.7 ? { call: 1 + Math.floor(random() * 25), tookEffect: random() < 0.5 } : null;
      for (let lives = 0; lives < 6; lives++) {
        await Promise.all([world.live(death()), ...(random() < 0.5 ? [world.live(death())] : [])]);
        world.now += Math.floor(random() * 20_000);
      }
      world.answer = () => new Response("ok");
      await world.liveFor(2 * HOUR);
      await isAllTold(before, `seed ${seed}`);
    }
  });

  it("a fact that can not be taken up holds up those after it in its run, and no other run", async () => {
    const webhook = await world.subscribe();
    world.now = T0 + HOUR;
    const [stuck, fine] = [
      await world.happens(aSucceededRun(), true),
      await world.happens(aSucceededRun(), true),
    ];
    world.unreadable = ({ source, seq }) => source === stuck && seq > 1 && seq < 5;
    await world.live();
    expect([world.toldOf(webhook, stuck), world.toldOf(webhook, fine)]).toEqual([["run.queued"], WHOLE]);
    expect(world.problems).toEqual([`${stuck} 4: it can not be read`]);
    world.unreadable = () => false;
    await world.live();
    expect(world.toldOf(webhook, stuck)).toEqual(WHOLE);
  });

  it("a repeat has the id and the body that it had", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    await world.happens(aQueuedRun());
    let asked = 0;
    world.answer = () => new Response(null, { status: ++asked < 4 ? 500 : 200 });
    await world.liveFor(HOUR);
    expect(world.heard).toHaveLength(4);
    expect(new Set(world.heard.map(({ id, text }) => `${id} ${text}`)).size).toBe(1);
    const [notification] = await world.ledger(webhook);
    expect(notification?.attempts.map(({ status }) => status)).toEqual([500, 500, 500, 200]);
  });
});

describe("what could not be read or stored", () => {
  it("is a problem, and what is being sent meanwhile is over before anybody sends again", async () => {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    await world.happens(aQueuedRun());
    await takeUpOutbox(world.ports());
    const ports = world.ports();
    let reads = 0;
    const { due } = ports.notifications;
    ports.notifications.due = (...call) =>
      ++reads === 2 ? Promise.reject(new Error("the database is busy")) : due(...call);
    let [answer, call] = [() => {}, () => {}];
    const isSent = new Promise<void>((resolve) => {
      world.answer = () => {
        resolve();
        return new Promise((answered) => {
          answer = () => answered(new Response());
        });
      };
    });
    let isOver = false;
    const alarm = sendDue(ports, webhook.id, () => new Promise((resolve) => (call = resolve)));
    alarm.finally(() => (isOver = true)).catch(() => undefined);
    await isSent;
    call();
    await expect.poll(() => reads).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isOver).toBe(false);
    answer();
    expect(await alarm).toMatchObject({ problems: ["the database is busy"], isHeldUp: true });
    expect(await sendDue(ports, webhook.id, () => new Promise(() => {}))).toEqual({
      nextAt: null,
      problems: [],
    });
    expect(world.heard).toHaveLength(1);
  });

  it("is told again after longer and longer, whoever calls and wherever its notifier lives on", async () => {
    const kept: { alarm: number | null; pause: NotifierPause | null } = { alarm: null, pause: null };
    let report: NotifyReport = { nextAt: null, problems: ["not stored"], isHeldUp: true };
    const notifier = () =>
      new Notifier({
        clock: world.clock,
        work: async () => report,
        alarmAt: async () => kept.alarm,
        setAlarm: async (alarm) => void Object.assign(kept, { alarm }),
        pause: async () => kept.pause,
        setPause: async (pause) => void Object.assign(kept, { pause }),
        logError: () => {},
      });
    const pauses: number[] = [];
    for (let times = 0; times < 12; times++) {
      kept.alarm = null;
      const one = notifier();
      await one.wake(world.now);
      await one.alarm();
      // Neither a fact nor the minute's cron makes it hurry.
      await notifier().wake(world.now);
      pauses.push((kept.alarm ?? 0) - world.now);
      world.now = kept.alarm ?? 0;
    }
    expect(pauses.slice(0, 3)).toEqual([1, 2, 4].map((times) => times * NOTIFIER_AGAIN_FIRST_MS));
    expect(pauses.at(-1)).toBe(NOTIFIER_AGAIN_MAX_MS);
    // What reaches nobody need not wait.
    report = { nextAt: null, problems: ["not read"] };
    await notifier().alarm();
    await notifier().wake(world.now);
    expect(kept.alarm).toBe(world.now);
    report = { nextAt: world.now + 7, problems: [] };
    kept.alarm = null;
    await notifier().alarm();
    expect(kept).toEqual({ alarm: world.now + 7, pause: null });
  });

  it("holds up its own run alone, and is not told where that goes on for a day", async () => {
    const webhook = await world.subscribe();
    world.now = T0 + HOUR;
    const [bad, fine] = [
      await world.happens(aSucceededRun(), true),
      await world.happens(aSucceededRun(), true),
    ];
    const trigger = `CREATE TRIGGER refuse BEFORE INSERT ON notifications WHEN NEW.line = '${bad}' AND NEW.type = 'run.started' BEGIN SELECT RAISE(ABORT, 'no'); END`;
    await env.DB.prepare(trigger).run();
    try {
      await world.live();
      expect([world.toldOf(webhook, bad), world.toldOf(webhook, fine)]).toEqual([["run.queued"], WHOLE]);
      expect(world.problems).toEqual([expect.stringMatching(`^${bad} 4: .*no`)]);
      world.now = T0 + OUTBOX_GIVE_UP_MS + HOUR;
      await world.live();
      expect(world.problems.at(-1)).toMatch(/^not told, after a day of tries: run_.* 4: .*no/);
      expect(world.toldOf(webhook, bad)).toEqual(["run.queued", "run.succeeded"]);
      expect(await outboxRows()).toBe(0);
    } finally {
      await env.DB.prepare("DROP TRIGGER refuse").run();
    }
  });
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
    expect(await outboxRows()).toBe(0);
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
    expect(await world.notifications.dueTargets()).toEqual([]);
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

it("what is old is forgotten, but for what is pending", async () => {
  const [a, b] = [
    await world.subscribe({ events: ["run.queued"] }),
    await world.subscribe({ events: ["run.queued"] }),
  ];
  world.answer = ({ url }) => new Response(null, { status: url === b.url ? 500 : 200 });
  const { firstNotificationIdAt } = await import("../../src/core/id.ts");
  for (let made = 0; made < 3; made++) {
    await world.happens(aQueuedRun());
    await world.live();
    world.now += 1000;
  }
  expect(await world.notifications.forget(firstNotificationIdAt(world.now - 1000), 10)).toBe(2);
  expect([(await world.ledger(a)).length, (await world.ledger(b)).length]).toEqual([1, 3]);
});

it("a list has its pages and filters", async () => {
  const webhook = await world.subscribe();
  const runId = await world.happens(aSucceededRun());
  await world.happens(aSucceededRun());
  world.answer = ({ payload }) => new Response(null, { status: payload.type === "run.started" ? 500 : 200 });
  await world.live();
  const list = (filter: object) =>
    world.notifications.list("default", webhook.id, {
      state: null,
      type: null,
      line: null,
      beforeId: null,
      limit: 4,
      ...filter,
    });
  const first = await list({});
  const second = await list({ beforeId: first.nextBefore });
  expect([first.notifications.length, second.notifications.length, second.nextBefore]).toEqual([4, 2, null]);
  const ids = [...first.notifications, ...second.notifications].map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted().reverse());
  expect((await list({ line: runId })).notifications.map(({ type }) => type)).toEqual(WHOLE.toReversed());
  expect((await list({ state: "delivered" })).notifications.map(({ type }) => type)).toEqual([
    "run.queued",
    "run.queued",
  ]);
  expect((await list({ type: "run.started" })).notifications.map(({ state }) => state)).toEqual([
    "pending",
    "pending",
  ]);
  expect(
    (
      await world.notifications.list("others", webhook.id, {
        state: null,
        type: null,
        line: null,
        beforeId: null,
        limit: 4,
      })
    ).notifications,
  ).toEqual([]);
});

it("what is not due costs hardly a row, and who is due is found without reading all that is", async () => {
  const { database, counts } = countedD1(env.DB);
  const counted = new NotifyWorld(database);
  const webhook = await counted.subscribe({ events: ["run.queued"] });
  for (let line = 0; line < 300; line++) await counted.notification(webhook, { line: `run_${line}` });
  const before = counts.rowsRead;
  expect(await counted.notifications.dueTargets()).toEqual([{ webhookId: webhook.id, atMs: counted.now }]);
  expect(await counted.notifications.hasOutbox()).toBe(false);
  expect(counts.rowsRead - before).toBeLessThan(20);
});
