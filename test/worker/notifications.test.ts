import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  NOTIFIER_AGAIN_FIRST_MS,
  NOTIFIER_AGAIN_MAX_MS,
  OUTBOX_GIVE_UP_MS,
  OUTBOX_PAGE,
} from "../../src/core/limits.ts";
import { factWordsOf } from "../../src/core/webhook/event-types.ts";
import { Notifier, type NotifierPause } from "../../src/flow/notifier.ts";
import { type NotifyReport, sendDue, takeUpOutbox, wakeNotifiers } from "../../src/flow/notify.ts";
import { OUTBOX_NOTIFIER } from "../../src/flow/ports/notifications.ts";
import type { StoredWebhook } from "../../src/flow/ports/webhooks.ts";
import { TO_WEBHOOK } from "../../src/flow/tell-webhooks.ts";
import { notifyPorts } from "../../src/worker/ports.ts";
import { aQueuedRun, aRetryingRun, aRunningRun, aSucceededRun, T0 } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { Mortal } from "../support/mortal-d1.ts";
import { isSignedWith, NotifyWorld } from "../support/notify-world.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { failing } from "../support/told-stories.ts";

const HOUR = 3_600_000;
const WHOLE = ["run.queued", "run.started", "run.succeeded"];

let world: NotifyWorld;
beforeEach(async () => {
  world = new NotifyWorld(env.DB);
  await world.clear();
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
    expect([await world.outboxRows(), alone.heardOfFacts]).toEqual([0, 0]);
    await alone.happens(failing(aRunningRun()));
    expect([await world.outboxRows(), alone.heardOfFacts]).toEqual([1, 1]);
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
    expect(await world.outboxRows()).toBe(0);
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
    expect(await world.outboxRows()).toBe(0);
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
    expect(await world.outboxRows()).toBe(0);
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
    expect(await world.outboxRows(), when).toBe(0);
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

describe("a notifier's calls are no facts", () => {
  const SHORT = ["run.queued" as const, "run.finished" as const];
  /** As their storage keeps them, whoever is killed. */
  const alarms = new Map<string, number>();
  const notifiersOf = (mortal: Mortal) => {
    const ports = {
      ...world.ports((act) => mortal.call(act)),
      notifiers: { wake: (name: string, atMs: number): Promise<void> => notifier(name).wake(atMs) },
    };
    const notifier = (name: string): Notifier =>
      new Notifier({
        clock: world.clock,
        work: (news) => (name === OUTBOX_NOTIFIER ? takeUpOutbox(ports) : sendDue(ports, name, news)),
        logError: () => {},
        ...mortal.through({
          alarmAt: async () => alarms.get(name) ?? null,
          setAlarm: async (atMs: number) => void alarms.set(name, atMs),
          pause: async () => null,
          setPause: async () => {},
        }),
      });
    /** What is due is called until nothing is, or nobody is there any more; what is called is set no more. */
    const ring = async () => {
      while (!mortal.isDead) {
        const due = [...alarms].filter(([, atMs]) => atMs <= world.now);
        if (due.length === 0) break;
        for (const [name] of due) alarms.delete(name);
        await Promise.all(
          due.map(([name]) =>
            notifier(name)
              .alarm()
              .catch(() => undefined),
          ),
        );
      }
    };
    return { ring, ports, notifier };
  };

  it("wherever one is killed, and whether its alarm is kept or lost, the minute's cron has all of it told", async () => {
    /** @returns whether it was killed before so many calls, and whether an alarm was set by then */
    const play = async (calls: number, isLost: boolean) => {
      await world.clear();
      alarms.clear();
      world.heard.length = 0;
      const webhook = await world.subscribe({ events: SHORT });
      const runId = await world.happens(aSucceededRun(), true);
      const mortal = new Mortal(calls);
      const { ring, notifier } = notifiersOf(mortal);
      // As the store calls, whom nobody need hear.
      await notifier(OUTBOX_NOTIFIER)
        .wake(world.now)
        .catch(() => undefined);
      await ring();
      const hadAlarm = alarms.size > 0;
      if (isLost) alarms.clear();
      const where = `killed after ${calls} calls, alarms ${isLost ? "lost" : "kept"}`;
      const others = notifiersOf(new Mortal());
      world.now += 60_000;
      await wakeNotifiers(others.ports);
      await others.ring();
      expect(world.toldOf(webhook, runId), where).toEqual(SHORT);
      // One was under way when it was killed.
      expect(world.heard.length, where).toBeLessThanOrEqual(SHORT.length + 1);
      expect([...alarms], where).toEqual([]);
      return { isKilled: mortal.isDead, hadAlarm };
    };
    let [calls, kept] = [0, 0];
    for (; ; calls++) {
      const { isKilled, hadAlarm } = await play(calls, true);
      if (!isKilled) break;
      if (hadAlarm) kept += Number((await play(calls, false)).isKilled);
    }
    // The calls of the outbox's alarm and the webhook's; in between an alarm is set.
    expect(calls).toBeGreaterThan(15);
    expect(kept).toBeGreaterThan(0);
  });

  it("the Durable Object of one goes on where it was reset or its alarm is gone, and tells once however often it is called at once", async () => {
    // A target that is refused before anything is sent, so that nobody outside is asked and each attempt is noted.
    const webhook = await world.subscribe({ url: "https://127.0.0.1/hear" });
    const stub = env.NOTIFIER.getByName(webhook.id);
    const real = notifyPorts(env);
    const id = real.notificationId(Date.now());
    const told = { target: webhook.id, line: "run_1", seq: 1, orgId: "default", kind: TO_WEBHOOK };
    await real.notifications.add({ ...told, type: "run.failed", payload: "{}", id }, Date.now(), Date.now());
    const tries = async () => (await real.notifications.find("default", webhook.id, id))?.tries;
    const alarmOf = (of = stub) => runInDurableObject(of, (_, { storage }) => storage.getAlarm());
    const isDueNow = () =>
      env.DB.prepare("UPDATE notifications SET next_at = ? WHERE webhook_id = ?")
        .bind(Date.now(), webhook.id)
        .run();
    await Promise.all(Array.from({ length: 5 }, () => stub.wake(Date.now())));
    await expect.poll(async () => [await tries(), (await alarmOf()) !== null]).toEqual([1, true]);

    await isDueNow();
    await abortAllDurableObjects();
    const again = env.NOTIFIER.getByName(webhook.id);
    expect(await runDurableObjectAlarm(again)).toBe(true);
    expect(await tries()).toBe(2);

    await runInDurableObject(again, (_, { storage }) => storage.deleteAlarm());
    await isDueNow();
    expect(await runDurableObjectAlarm(again)).toBe(false);
    await wakeNotifiers(real);
    await expect.poll(tries).toBe(3);
    // The next one is set for when it is due, and is what is left.
    await expect.poll(async () => ((await alarmOf(again)) ?? 0) > Date.now() + 1000).toBe(true);
    await runInDurableObject(again, (_, { storage }) => storage.deleteAlarm());
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
    const logged: unknown[] = [];
    const notifier = () =>
      new Notifier({
        clock: world.clock,
        work: async () => report,
        alarmAt: async () => kept.alarm,
        setAlarm: async (alarm) => void Object.assign(kept, { alarm }),
        pause: async () => kept.pause,
        setPause: async (pause) => void Object.assign(kept, { pause }),
        logError: (error) => void logged.push(error),
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
    expect(logged.map(String).at(-1)).toBe("Error: not read");
    // Nor does what has a time of its own make anything wait; it is logged all the same.
    report = { nextAt: world.now + 7, problems: [], putOff: ["not started"] };
    kept.alarm = null;
    await notifier().alarm();
    expect(kept).toEqual({ alarm: world.now + 7, pause: null });
    expect(logged.map(String).at(-1)).toBe("Error: not started");
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
      expect(await world.outboxRows()).toBe(0);
    } finally {
      await env.DB.prepare("DROP TRIGGER refuse").run();
    }
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

it("of more who have something due than are called at once each has its turn, before those who wait for a time", async () => {
  const due = [];
  const later: string[] = [];
  world.now -= 3_600_000;
  for (let count = 0; count < 4; count++) {
    const webhook = await world.subscribe({ events: ["run.queued"] });
    await world.notification(webhook, {});
    due.push(webhook.id);
    world.now += 60_000;
  }
  const now = world.now;
  for (let count = 2; count > 0; count--) {
    world.now = now + count * 60_000;
    const webhook = await world.subscribe({ events: ["run.queued"] });
    await world.notification(webhook, {});
    later.unshift(webhook.id);
  }
  const called = async (limit: number) =>
    (await world.notifications.dueTargets(limit, now)).map(({ target }) => target);
  const seen = new Set<string>();
  for (let times = 0; times < 60; times++) for (const id of await called(2)) seen.add(id);
  expect([...seen].toSorted()).toEqual(due.toSorted());
  expect((await called(6)).slice(4)).toEqual(later);
});

it("what is not due costs hardly a row, and who is due is found without reading all that is", async () => {
  const { database, counts } = countedD1(env.DB);
  const counted = new NotifyWorld(database);
  const webhook = await counted.subscribe({ events: ["run.queued"] });
  for (let line = 0; line < 300; line++) await counted.notification(webhook, { line: `run_${line}` });
  const before = counts.rowsRead;
  expect(await counted.notifications.dueTargets(100, counted.now)).toEqual([
    { target: webhook.id, atMs: counted.now },
  ]);
  expect(await counted.notifications.hasOutbox()).toBe(false);
  expect(counts.rowsRead - before).toBeLessThan(20);
});
