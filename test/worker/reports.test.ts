import { env } from "cloudflare:workers";
import type { BatchItem } from "drizzle-orm/batch";
import { drizzle } from "drizzle-orm/d1";
import { beforeEach, describe, expect, it } from "vitest";
import { statusRequest } from "../../src/commit-status/request.ts";
import { withoutToken } from "../../src/commit-status/without-token.ts";
import {
  type HookReport,
  PUBLIC_APIS,
  type ReportSource,
  reportTarget,
} from "../../src/core/commit-status/report.ts";
import { reportSays } from "../../src/core/commit-status/standing.ts";
import type { CommitStatus } from "../../src/core/commit-status/status.ts";
import type { RunEvent, Settled } from "../../src/core/event.ts";
import type { HookSpec } from "../../src/core/hook/hook.ts";
import type { RunChange } from "../../src/core/hook/run-delivery.ts";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { NOTIFICATION_ANSWER_MAX_BYTES } from "../../src/core/limits.ts";
import type { SendResult } from "../../src/core/notification/attempt.ts";
import type { Reason } from "../../src/core/run.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { d1Alerts } from "../../src/d1/alert-store.ts";
import { d1Hooks } from "../../src/d1/hook-store.ts";
import { syncHooks } from "../../src/d1/hook-sync.ts";
import type { ReportPayload } from "../../src/flow/tell-commits.ts";
import {
  aBootingRun,
  aQueuedRun,
  aRunningRun,
  aStartingRun,
  aSucceededRun,
  followedBy,
  type Story,
  T0,
} from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { NotifyWorld } from "../support/notify-world.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const BRANCH = { kind: "push", ref: "refs/heads/main", branch: "main", tag: null } as const;
const OUTPUT = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
const HOSTS = {
  github: "github.com",
  gitlab: "gitlab.com",
  gitea: "git.example",
  bitbucket: "bitbucket.org",
};

function aChange(source: ReportSource, change: Partial<RunChange> = {}): RunChange {
  const repository = {
    url: `https://${HOSTS[source]}/acme/site.git`,
    fullName: "acme/site",
    isPrivate: false,
  };
  return {
    ...BRANCH,
    repository,
    sha: SHA,
    before: null,
    message: "",
    author: "a",
    pullRequest: null,
    ...change,
  };
}

/** The same story of a run that a hook's delivery started. */
function reporting(
  { state, events: [accepted, ...others] }: Story,
  source: ReportSource = "github",
  report: Partial<HookReport> | null = {},
  change: Partial<RunChange> = {},
): Story {
  if (accepted?.type !== "accepted") throw new Error("a story begins with a run's acceptance");
  const apiUrl = source === "gitea" ? "https://git.example/api/v1" : null;
  const delivery = {
    hook: source,
    id: "d1",
    source,
    event: "push",
    change: aChange(source, change),
    isWithoutSecrets: false,
    ...(report && { report: { token: "TOKEN", context: "mayfly/build", apiUrl, ...report } }),
  };
  const job = { name: "build", version: 1, input: "{}" };
  const first: RunEvent = { ...accepted, job, delivery };
  return followedBy({ state: acceptRun(state.run.id, "default", first), events: [first] }, ...others);
}

function settled(change: Partial<Settled>): Settled {
  const exit = { code: 2, signal: null, oomKilled: false };
  const whole = {
    status: "failed",
    reason: "exit_code",
    limit: null,
    detail: null,
    exit,
    output: OUTPUT,
  } as const;
  return { type: "settled", at: T0 + 84_400, ...whole, ...change };
}

const ended = (change: Partial<Settled> = {}) => {
  const exit = { code: 2, signal: null, oomKilled: false };
  const exited: RunEvent = { type: "exited", at: T0 + 84_000, attempt: 1, exit, source: "runner" };
  return followedBy(aRunningRun(), exited, settled(change));
};

/** The hook as it is by now. @param report null where it reports no more */
async function hookSays(report: Partial<HookReport> | null, source: ReportSource = "github", name = source) {
  const whole = { token: "TOKEN", context: "mayfly/build", apiUrl: null };
  const spec = {
    source,
    secrets: [],
    filter: {},
    map: {},
    ...(report && { report: { ...whole, ...report } }),
  };
  await env.DB.prepare(
    "INSERT OR REPLACE INTO hooks (org_id, job, name, id, spec, created_at, url_since) VALUES ('default', 'build', ?1, ?1, ?2, 0, 0)",
  )
    .bind(name, JSON.stringify(spec))
    .run();
}

let world: NotifyWorld;
beforeEach(async () => {
  world = new NotifyWorld(env.DB);
  world.secretValues = { TOKEN: "a-token" };
  await world.clear();
});

const ledger = async (hook = "github") => {
  const filter = { state: null, type: null, line: null, beforeId: null, limit: 200 };
  const target = reportTarget({ orgId: "default", job: "build", name: hook });
  const page = await world.notifications.list("default", target, filter);
  return page.notifications.toSorted((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : a.seq - b.seq));
};

/** What became of each report, run by run in order. */
const outcomes = async (hook?: string) =>
  (await ledger(hook)).map(({ type, state, attempts }) => [type, state, attempts.at(-1)?.error ?? null]);

describe("a run is reported on its commit", () => {
  const LINK = (id: string) => `https://mayfly.test/runs/${id}`;

  it("at GitHub: pending until its end, with the run's page", async () => {
    const id = await world.happens(reporting(aSucceededRun()));
    await world.live();
    const common = { target_url: LINK(id), context: "mayfly/build" };
    expect(world.apis.taken()).toEqual([
      { state: "pending", description: "Waiting to run", ...common },
      { state: "pending", description: "Running", ...common },
      { state: "success", description: "Succeeded in 1s", ...common },
    ]);
    expect(world.apis.set[0]).toMatchObject({
      api: "github",
      path: `/repos/acme/site/statuses/${SHA}`,
      headers: { accept: "application/vnd.github+json", authorization: "Bearer a-token" },
    });
    expect(await outcomes()).toEqual([
      ["status.pending", "delivered", null],
      ["status.running", "delivered", null],
      ["status.success", "delivered", null],
    ]);
  });

  it("at GitLab, Gitea and Bitbucket in their own words", async () => {
    await hookSays({ apiUrl: "https://git.example/api/v1" }, "gitea");
    const told = async (source: ReportSource, report: Partial<HookReport> = {}) => {
      const from = world.apis.set.length;
      await world.happens(reporting(ended(), source, report));
      await world.live();
      const calls = world.apis.set.slice(from);
      expect(calls.map(({ answered }) => answered)).toEqual([201, 201, 201]);
      return [calls[0]?.path, ...calls.map(({ body }) => body)];
    };
    expect(await told("gitlab")).toMatchObject([
      `/projects/acme%2Fsite/statuses/${SHA}`,
      { state: "pending", ref: "main", name: "mayfly/build" },
      { state: "running" },
      { state: "failed", description: "Failed (after 1m23s)" },
    ]);
    expect(await told("gitea")).toMatchObject([
      `/repos/acme/site/statuses/${SHA}`,
      { state: "pending", context: "mayfly/build" },
      { state: "pending" },
      { state: "failure" },
    ]);
    const context = `mayfly/${"long-".repeat(12)}`;
    const key = expect.stringMatching(/^[0-9a-f]{40}$/);
    expect(await told("bitbucket", { context })).toMatchObject([
      `/repositories/acme/site/commit/${SHA}/statuses/build`,
      { state: "INPROGRESS", key, name: context },
      { state: "INPROGRESS", key },
      { state: "FAILED", key, url: expect.stringContaining("https://mayfly.test/runs/") },
    ]);
  });

  it("as what it came to: a failure, an error where nobody knows, cancelled; within 140 characters", async () => {
    const states = async (story: Story, source: ReportSource = "github") => {
      const from = world.apis.set.length;
      await world.happens(reporting(story, source));
      await world.live();
      const last = world.apis.set.slice(from).at(-1);
      expect(last?.answered).toBe(201);
      return [last?.body.state, last?.body.description];
    };
    const detail = `the step "𝕩\n${"𝕩".repeat(200)}" exited with 2`;
    const [state, description] = await states(ended({ detail }));
    expect([state, Array.from(String(description)).length]).toEqual(["failure", 140]);
    expect(description).toMatch(/^Failed: the step "𝕩 𝕩+…$/u);
    const lost = ended({ reason: "machine_lost", detail: "GET https://inside.example: 404", exit: null });
    expect(await states(lost)).toEqual(["error", "The machine was lost"]);
    const inQueue = ended({ reason: "timed_out", limit: "queue" });
    expect(await states(inQueue)).toEqual(["error", "Timed out"]);
    const cancelled = () => ended({ status: "cancelled", reason: "cancelled_by_user" });
    expect(await states(cancelled())).toEqual(["error", "Cancelled"]);
    expect(await states(cancelled(), "gitlab")).toEqual(["canceled", "Cancelled"]);
    expect(await states(cancelled(), "bitbucket")).toEqual(["STOPPED", "Cancelled"]);
  });

  it("of a pull request at the base repository, and of a fork's under no branch of it", async () => {
    const pull = {
      number: 7,
      action: "opened",
      hasNewCommits: true,
      title: "",
      headRef: "main",
      baseRef: "main",
    };
    const change = (isFork: boolean) => ({
      kind: "pull_request" as const,
      sha: (isFork ? "f" : "0").repeat(40),
      ref: "refs/merge-requests/7/head",
      branch: null,
      pullRequest: {
        ...pull,
        isFork,
        headRepository: { url: "https://gitlab.com/them/site", fullName: "them/site" },
      },
    });
    for (const isFork of [true, false])
      await world.happens(reporting(aQueuedRun(), "gitlab", {}, change(isFork)));
    await world.live();
    const base = "/projects/acme%2Fsite/statuses/";
    expect(world.apis.set.map(({ path, body }) => [path, body.ref]).toSorted()).toEqual([
      [base + "0".repeat(40), "main"],
      [base + "f".repeat(40), "refs/merge-requests/7/head"],
    ]);
  });

  it("without a link where nobody knows this Mayfly's; Bitbucket, which wants one, gets the commit's", async () => {
    world.settings = { ...world.settings, publicUrl: null };
    await world.happens(reporting(aQueuedRun()));
    await world.happens(reporting(aQueuedRun(), "bitbucket"));
    await world.live();
    const bodies = new Map(world.apis.set.map(({ api, body }) => [api, body]));
    expect(bodies.get("github")).not.toHaveProperty("target_url");
    expect(bodies.get("bitbucket")?.url).toBe(`https://bitbucket.org/acme/site/commits/${SHA}`);
    expect(world.apis.set.map(({ answered }) => answered)).toEqual([201, 201]);
  });

  it("also where webhooks are told of it; who reports nothing costs no row", async () => {
    const { database, counts } = countedD1(env.DB);
    const counted = new NotifyWorld(database);
    const rowsOf = async (story: Story) => {
      const before = counts.rowsWritten;
      await counted.happens(story);
      return counts.rowsWritten - before;
    };
    const silent = await rowsOf(reporting(aSucceededRun(), "github", null));
    expect(counted.heardOfFacts).toBe(0);
    expect(await rowsOf(reporting(aSucceededRun()))).toBe(silent + 3);
    await world.clear();
    const webhook = await world.subscribe();
    const id = await world.happens(reporting(aSucceededRun()), true);
    await world.live();
    expect(world.toldOf(webhook, id)).toEqual(["run.queued", "run.started", "run.succeeded"]);
    const told = world.apis.taken().filter(({ target_url }) => target_url === LINK(id));
    expect(told.at(-1)?.state).toBe("success");
  });
});

describe("an API that does not take it", () => {
  const answering = (status: number, headers: Record<string, string> = {}, message = "no") => {
    world.apis.fault = () => Response.json({ message }, { status, headers });
  };
  const once = async (source: ReportSource = "github") => {
    await world.happens(reporting(aQueuedRun(), source));
    await world.live();
    const [found] = await ledger(source);
    if (!found) throw new Error("nothing was reported");
    return {
      ...found,
      error: found.attempts.at(-1)?.error,
      waitMs: found.nextAt && found.nextAt - world.now,
    };
  };

  it.each([
    [401, "the token in the secret TOKEN is not valid there"],
    [403, '"Commit statuses: write"'],
    [404, "no such commit in acme/site"],
    [422, "its answer says why"],
    [301, "redirects are not followed"],
  ])("by %i is asked no more, and the ledger says what to do", async (status, words) => {
    answering(status, status === 301 ? { location: "https://elsewhere.example/" } : {});
    const report = await once();
    expect(report).toMatchObject({ state: "given_up", tries: 1, nextAt: null });
    expect(report.error).toContain(words);
    expect(world.apis.set).toHaveLength(1);
  });

  it.each([
    [500, {}, "no", 5000],
    [409, {}, "Another update to this commit status is in progress", 5000],
    [429, { "retry-after": "120" }, "no", 120_000],
    [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "RESET" }, "API rate limit exceeded", 900_000],
    [403, {}, "You have exceeded a secondary rate limit", 60_000],
  ])("by %i %o is asked again when that says so", async (status, headers, message, waitMs) => {
    const reset = String((world.now + 900_000) / 1000);
    answering(status, JSON.parse(JSON.stringify(headers).replace("RESET", reset)), message);
    const report = await once();
    expect(report.state).toBe("pending");
    if (waitMs > 5000) expect(report.waitMs).toBe(waitMs);
    world.apis.fault = null;
    await world.liveFor(1_000_000);
    expect(await outcomes()).toEqual([["status.pending", "delivered", null]]);
  });

  it("since GitLab has the state already is done with", async () => {
    await world.happens(reporting(aRunningRun(), "gitlab"));
    await world.live();
    await world.happens(reporting(aQueuedRun({}, T0 + 5000), "gitlab"));
    await world.live();
    expect(world.apis.set.map(({ answered }) => answered)).toEqual([201, 201, 400]);
    expect((await ledger("gitlab")).at(-1)).toMatchObject({
      state: "delivered",
      attempts: [{ status: 400, answer: expect.stringContaining("Cannot transition"), error: null }],
    });
  });

  it("is asked, or sent again by hand, with the hook's URL and token as they are by then", async () => {
    const repository = { url: "https://git.example/acme/site.git", fullName: "acme/site", isPrivate: true };
    const wrong = { token: "OLD", apiUrl: "https://api.wrong.example/api/v3" };
    world.secretValues = { OLD: "another", TOKEN: "a-token" };
    await hookSays(wrong);
    await world.happens(reporting(aQueuedRun(), "github", wrong, { repository }));
    await world.live();
    const [report] = await ledger();
    expect([report?.state, world.apis.taken()]).toEqual(["given_up", []]);
    await hookSays({ context: "another", apiUrl: "https://git.example/api/v3" });
    await world.notifications.resend("default", report?.target ?? "", report?.id ?? "", world.now);
    await world.live();
    expect((await outcomes())[0]?.[1]).toBe("delivered");
    expect(world.apis.taken()).toMatchObject([{ state: "pending", context: "mayfly/build" }]);
    // Each attempt tells where it went.
    expect((await ledger())[0]?.attempts.map(({ to }) => to)).toEqual([
      wrong,
      { token: "TOKEN", apiUrl: "https://git.example/api/v3" },
    ]);
  });

  it("is asked no more where the hook reports no more, is another sender's, or is gone and with it who said where the API is", async () => {
    const repository = { url: "https://git.example/acme/site.git", fullName: "acme/site", isPrivate: true };
    const report = { apiUrl: "https://api.wrong.example/api/v3" };
    const later = async (change: () => Promise<unknown>) => {
      await world.clear();
      await hookSays(report);
      world.apis.fault = () => new Response(null, { status: 503 });
      await world.happens(reporting(aQueuedRun(), "github", report, { repository }));
      await world.live();
      world.apis.fault = null;
      const asked = world.apis.set.length;
      await change();
      await world.liveFor(60_000);
      return [
        world.apis.set.length - asked,
        ...(await outcomes()).map(([, state, error]) => `${state}: ${error}`),
      ];
    };
    const dropped = [0, "dropped: not sent: its hook reports on no commit of this sender any more"];
    expect(await later(() => hookSays(null))).toEqual(dropped);
    expect(await later(() => hookSays({}, "gitlab", "github"))).toEqual(dropped);
    expect(await later(() => env.DB.prepare("DELETE FROM hooks").run())).toEqual(dropped);
    await world.clear();
    await world.happens(reporting(aQueuedRun()));
    await world.live();
    expect(await outcomes()).toEqual([["status.pending", "delivered", null]]);
  });

  it("and shows what it was asked with, is kept without the token", async () => {
    world.apis.fault = ({ headers }) => Response.json(headers, { status: 403 });
    const { attempts } = await once();
    expect(attempts[0]?.answer).toContain("Bearer ***");
    expect(JSON.stringify(await ledger())).not.toContain("a-token");
    const token = "somebody:a/pass?>word";
    world.secretValues = { TOKEN: token };
    for (const shown of [token, btoa(token), "a/pass?>word"])
      for (const before of [0, 1022, 1024 - shown.length + 1]) {
        world.apis.fault = () => new Response(`${".".repeat(before)}${shown}, ${shown}`, { status: 403 });
        await world.clear();
        const [attempt] = (await once("bitbucket")).attempts;
        expect(attempt?.answer).toBe(".".repeat(before) + (before === 0 ? "***, ***" : "***"));
      }
    expect(withoutToken('{"pass":"a\\/pass?>word"}', token)).toBe('{"pass":"***"}');
    // Three bytes short of all that is read: a character that stood there was cut.
    for (const short of [0, 3, 4]) {
      const begun = `${".".repeat(NOTIFICATION_ANSWER_MAX_BYTES - short - 8)}somebody`;
      expect(withoutToken(begun, token).endsWith("***"), `${short}`).toBe(short < 4);
    }
  });
});

describe("what is reported is what holds", () => {
  it("a run's states stand in order, whatever fails", async () => {
    let calls = 0;
    world.apis.fault = () => {
      calls += 1;
      return calls % 2 === 1 ? new Response(null, { status: 503 }) : null;
    };
    await world.happens(reporting(ended()));
    await world.liveFor(3_600_000);
    expect(world.apis.taken().map(({ description }) => description)).toEqual([
      "Waiting to run",
      "Running",
      "Failed (after 1m23s)",
    ]);
  });

  it("what an older run has to tell late does not stand over a newer one's of the same commit and context", async () => {
    world.apis.fault = () => new Response(null, { status: 503 });
    await world.happens(reporting(ended()));
    await world.live();
    world.apis.fault = null;
    const newer = { ...aSucceededRun(), state: aQueuedRun({}, T0 + 60_000).state };
    await world.happens(reporting(newer));
    const elsewhere = { ...aSucceededRun(), state: aQueuedRun({}, T0 + 61_000).state };
    await world.happens(reporting(elsewhere, "github", { context: "another" }));
    // A fork of it that the hook is called for, too, can have the same commit.
    const repository = { url: "https://github.com/fork/site.git", fullName: "fork/site", isPrivate: false };
    const ofFork = { ...aSucceededRun(), state: aQueuedRun({}, T0 - 61_000).state };
    await world.happens(reporting(ofFork, "github", {}, { repository }));
    await world.liveFor(3_600_000);
    expect(
      world.apis
        .taken()
        .filter(({ context }) => context === "mayfly/build")
        .at(-1),
    ).toMatchObject({
      state: "success",
    });
    const dropped = (await outcomes()).filter(([, state]) => state === "dropped");
    expect(dropped).toHaveLength(3);
    expect(dropped[0]?.[2]).toContain("a newer run");
    expect(world.apis.set.filter(({ path }) => path.includes("/fork/site/"))).toHaveLength(3);
  });

  describe("by runs of one commit and context", () => {
    /** One whose events happen as it is told. */
    const stepping = async (story: Story) => {
      const [accepted, ...others] = story.events;
      if (accepted?.type !== "accepted") throw new Error("a story begins with a run's acceptance");
      let state = acceptRun(story.state.run.id, "default", accepted);
      await world.store.accept(state, [accepted], null);
      const goesOn = async (events: RunEvent[]) => {
        for (const event of events) state = (await world.store.record(state, [event], [])) ?? state;
      };
      const cancelled = (reason: Reason) =>
        goesOn([{ ...settled({ status: "cancelled", reason, exit: null }), at: T0 + 70_000 }]);
      return {
        goesOn,
        cancelled,
        begins: () => goesOn(others.slice(0, -2)),
        ends: () => goesOn(others.slice(-2)),
      };
    };
    const working = async (at = T0) => {
      const run = await stepping(reporting({ ...aSucceededRun(), state: aQueuedRun({}, at).state }));
      await run.begins();
      await world.live();
      return run;
    };
    const waiting = async (change: Partial<RunSpec> = {}, at = T0 + 60_000) => {
      const run = await stepping(reporting(aQueuedRun(change, at)));
      await world.live();
      return run;
    };
    const last = () => world.apis.taken().at(-1)?.description;

    it.each(["dropped", "superseded", "cancelled_by_user", "expired"] as const)(
      "what an older one came to stands over a newer one's that never ran, as it was %s before",
      async (reason) => {
        const older = await working();
        const newer = await waiting();
        expect(last()).toBe("Waiting to run");
        await newer.cancelled(reason);
        await world.live();
        expect(last()).toBe("Running");
        await older.ends();
        await world.live();
        expect(last()).toBe("Succeeded in 1s");
      },
    );

    it("but not over a newer one's that failed, though it had no machine", async () => {
      const older = await working();
      await older.ends();
      await world.live();
      const newer = await waiting();
      await newer.goesOn([
        { ...settled({ status: "failed", reason: "image_unavailable", exit: null }), at: T0 + 70_000 },
      ]);
      await world.live();
      expect(last()).toBe("The image could not be had");
    });

    it("and where it came to that while the newer one waited it is told again", async () => {
      const older = await working();
      const newer = await waiting();
      await older.ends();
      await world.live();
      expect(last()).toBe("Waiting to run");
      const other = await waiting({}, T0 + 65_000);
      await newer.cancelled("superseded");
      await world.live();
      // What waits has the last word.
      expect(last()).toBe("Waiting to run");
      await other.cancelled("cancelled_by_user");
      await world.live();
      expect(last()).toBe("Succeeded in 1s");
      expect((await outcomes()).at(-1)?.[2]).toContain("never ran");
    });

    it("also where the one that told that it waits was cancelled as yet another came, which has told nothing", async () => {
      const older = await working();
      await older.ends();
      await world.live();
      const newer = await waiting();
      expect(last()).toBe("Waiting to run");
      world.apis.fault = () => new Response(null, { status: 502 });
      const other = await waiting({}, T0 + 65_000);
      await newer.cancelled("superseded");
      await world.live();
      world.apis.fault = null;
      await other.cancelled("cancelled_by_user");
      await world.liveFor(3_600_000);
      expect(last()).toBe("Succeeded in 1s");
    });

    it("also where nobody knows whether what the newer one told was taken", async () => {
      const older = await working();
      await older.ends();
      await world.live();
      world.apis.fault = () => new Response(null, { status: 401 });
      const newer = await waiting();
      world.apis.fault = null;
      expect((await outcomes()).at(-1)?.[1]).toBe("given_up");
      await newer.cancelled("cancelled_by_user");
      await world.live();
      expect(world.apis.taken().map(({ description }) => description)).toEqual([
        "Waiting to run",
        "Running",
        "Succeeded in 1s",
        "Succeeded in 1s",
      ]);
    });

    it("but not after what was told of another commit, repository or context", async () => {
      await (await working()).ends();
      await world.live();
      const repository = { url: "https://github.com/fork/site.git", fullName: "fork/site", isPrivate: false };
      const others = [
        [{}, { sha: "c".repeat(40) }],
        [{}, { repository }],
        [{ context: "another" }, {}],
      ] as const;
      for (const [report, change] of others)
        await world.happens(reporting(aQueuedRun({}, T0 + 30_000), "github", report, change));
      await world.live();
      const taken = world.apis.taken().length;
      expect(taken).toBe(6);
      const newer = await stepping(reporting(aQueuedRun({}, T0 + 60_000)));
      await newer.cancelled("cancelled_by_user");
      await world.live();
      expect(world.apis.taken()).toHaveLength(taken);
    });

    it("a run that was cancelled as its machine was being made never ran; one whose machine started did", async () => {
      const ends = async (before: Story, at: number) => {
        const story = { ...before, state: aQueuedRun({}, at).state };
        const end = { ...settled({ status: "cancelled", reason: "cancelled_by_user", exit: null }), at };
        await world.happens(reporting(followedBy(story, end)), true);
        await world.live();
        return last();
      };
      await (await working()).ends();
      await world.live();
      expect(await ends(aStartingRun(), T0 + 60_000)).toBe("Succeeded in 1s");
      expect(await ends(aBootingRun(), T0 + 61_000)).toBe("Succeeded in 1s");
      const exit = { code: null, signal: null, oomKilled: false };
      const unseen: RunEvent = { type: "exited", at: T0 + 2000, attempt: 1, exit, source: "runner" };
      expect(await ends(followedBy(aBootingRun(), unseen), T0 + 62_000)).toBe("Cancelled");
      await (await working(T0 + 63_000)).ends();
      await world.live();
      expect(last()).toBe("Succeeded in 1s");
      expect(await ends(aRunningRun(), T0 + 64_000)).toBe("Cancelled");
    });

    it("also where an API is down for a while", async () => {
      const older = await working();
      const newer = await waiting({ delayMs: 10_000 });
      world.apis.fault = () => new Response(null, { status: 502 });
      await newer.cancelled("dropped");
      await world.live();
      world.apis.fault = null;
      await older.ends();
      await world.liveFor(3_600_000);
      expect(last()).toBe("Succeeded in 1s");
    });

    it("and where the newer one was held up and has told nothing before it ended", async () => {
      const older = await working();
      world.apis.fault = () => new Response(null, { status: 502 });
      const newer = await waiting();
      world.apis.fault = null;
      await older.ends();
      await world.live();
      expect(last()).toBe("Running");
      await newer.cancelled("cancelled_by_user");
      await world.liveFor(3_600_000);
      expect(last()).toBe("Succeeded in 1s");
    });

    it("one that was cancelled at once tells nothing where an older one does; one that ran, or is alone, tells its end", async () => {
      const cancelled = (at: number, change: Partial<RunChange> = {}, before: Story = aQueuedRun({}, at)) => {
        const end = {
          ...settled({ status: "cancelled", reason: "cancelled_by_user", exit: null }),
          at: at + 60_000,
        };
        return world.happens(reporting(followedBy(before, end), "github", {}, change), true);
      };
      await working();
      await cancelled(T0 + 60_000);
      await world.live();
      expect(world.apis.taken()).toHaveLength(2);
      await cancelled(T0 + 70_000, { sha: "a".repeat(40) });
      await world.live();
      expect(last()).toBe("Cancelled");
      await world.happens(reporting(aSucceededRun(), "github", {}, { sha: "b".repeat(40) }));
      const running = { ...aRunningRun(), state: aQueuedRun({}, T0 + 80_000).state };
      await cancelled(T0 + 80_000, { sha: "b".repeat(40) }, running);
      await world.live();
      expect(last()).toBe("Cancelled");
    });
  });

  it("a report that is sent again by hand undoes nothing that its run has told since", async () => {
    await world.happens(reporting(aSucceededRun()));
    await world.live();
    const [pending, , success] = await ledger();
    for (const report of [pending, success])
      await world.notifications.resend("default", report?.target ?? "", report?.id ?? "", world.now);
    await world.live();
    expect(world.apis.taken().map(({ state }) => state)).toEqual([
      "pending",
      "pending",
      "success",
      "success",
    ]);
    expect((await outcomes())[0]?.slice(0, 2)).toEqual(["status.pending", "dropped"]);
  });

  it("and told though whoever tells it is killed at any of its calls", async () => {
    const of = (call: number) => reporting(ended(), "github", {}, { sha: String(call).padStart(40, "0") });
    await world.happens(of(0), true);
    const { calls } = await world.live();
    expect(calls).toBeGreaterThan(12);
    for (let call = 1; call <= calls; call++) {
      const told = world.apis.set.length;
      await world.happens(of(call), true);
      expect((await world.live({ call, tookEffect: true })).hasDied).toBe(true);
      await world.live();
      const states = world.apis.set.slice(told).map(({ body }) => body.description);
      // One that nobody knows to be told is told again, and none after a later one.
      expect(states.filter((state, index) => state !== states[index - 1])).toEqual([
        "Waiting to run",
        "Running",
        "Failed (after 1m23s)",
      ]);
    }
  });
});

describe("the token goes to nobody that the job does not name", () => {
  const error = async (story: Story, hook = "github") => {
    await world.happens(story);
    await world.live();
    expect(world.apis.set).toEqual([]);
    const [report] = await ledger(hook);
    return [report?.state, report?.attempts[0]?.error];
  };

  it("not to GitHub for a repository that is elsewhere", async () => {
    const repository = { url: "https://ghe.example/acme/site.git", fullName: "acme/site", isPrivate: true };
    expect(await error(reporting(aQueuedRun(), "github", {}, { repository }))).toEqual([
      "given_up",
      "the repository is at ghe.example: say in report.base_url where its API is",
    ]);
  });

  it("not to an address that is not public, unless that is allowed", async () => {
    const report = { apiUrl: "http://169.254.169.254/api/v3" };
    await hookSays(report);
    expect((await error(reporting(aQueuedRun(), "github", report)))[0]).toBe("given_up");
    world.settings = { ...world.settings, allowsPrivate: true };
    const allowed = { apiUrl: "http://git.internal/api/v3" };
    await hookSays(allowed);
    await world.happens(reporting(aQueuedRun({}, T0 + 1000), "github", allowed));
    await world.live();
    expect(world.apis.set).toHaveLength(1);
  });

  it("nor by a name of a repository or commit that leads elsewhere in its API", async () => {
    const status = (fullName: string, sha = SHA, source: ReportSource = "github"): CommitStatus => ({
      source,
      api_url: `${PUBLIC_APIS[source]?.apiUrl}`,
      token: "TOKEN",
      repository: { full_name: fullName, url: "" },
      sha,
      ref: "main",
      context: "c",
      state: "pending",
      description: "d",
      target_url: null,
      run_id: "run",
    });
    for (const name of [
      "..",
      "../..",
      "acme/..",
      "a/b/c",
      "acme",
      "a/b?c=d",
      "a/b#c",
      "a/b%2f..",
      "/b",
      "a/ü",
    ])
      expect(await statusRequest(status(name), "t"), name).toHaveProperty("complaint");
    for (const sha of ["main", "../../x", `${SHA}/x`, ""])
      expect(await statusRequest(status("a/b", sha), "t"), sha).toHaveProperty("complaint");
    expect(await statusRequest(status("a/b/../c", SHA, "gitlab"), "t")).toHaveProperty("complaint");
    expect(await statusRequest(status("a/b.c/d", SHA, "gitlab"), "t")).toMatchObject({
      url: `https://gitlab.com/api/v4/projects/a%2Fb.c%2Fd/statuses/${SHA}`,
    });
  });

  it("and a secret that is not there, or is no token, is asked for", async () => {
    world.secretValues = {};
    expect(await error(reporting(aQueuedRun()))).toEqual([
      "pending",
      "there is no secret TOKEN, which has the token; set it",
    ]);
    world.secretValues = { TOKEN: "two\nlines" };
    const [state, why] = await error(reporting(aQueuedRun(), "gitlab"), "gitlab");
    expect([state, why]).toEqual(["given_up", expect.stringContaining("set it anew")]);
    world.secretValues = { TOKEN: "a-token\n" };
    await world.liveFor(60_000);
    expect(world.apis.set.map(({ answered }) => answered)).toEqual([201]);
  });

  it("the ledger has the secret's name, and nothing else of it", async () => {
    await world.happens(reporting(aQueuedRun()));
    await world.live();
    const [report] = await ledger();
    expect((JSON.parse(report?.payload ?? "") as ReportPayload).data.token).toBe("TOKEN");
    expect(JSON.stringify(report)).not.toContain("a-token");
  });
});

describe("a hook of whose reports none is taken", () => {
  const hook = { orgId: "default", job: "build", name: "github" };
  const alerts = async () => {
    const filter = {
      job: "build",
      type: "report_failing",
      sinceMs: null,
      beforeSeq: null,
      limit: 10,
    } as const;
    return d1Alerts(env.DB).list("default", filter);
  };
  const failingSince = async () => (await d1Hooks(env.DB).find(hook))?.reportsFailingSince;
  const HOUR = 3_600_000;
  let sha = 0;
  /** A run of a commit of its own, which no other one speaks for. */
  const pushed = async () => {
    await world.happens(
      reporting(aSucceededRun(), "github", {}, { sha: String(++sha).padStart(40, "0") }),
      true,
    );
    await world.live();
  };
  beforeEach(async () => {
    await hookSays({});
  });

  it("is an alert after half a day, once until one is taken, and who wants to hear of it does", async () => {
    const witness = await world.subscribe({ events: ["report.failing"], jobs: ["build"] });
    const other = await world.subscribe({ events: ["report.failing"], jobs: ["deploy"] });
    world.apis.fault = () => Response.json({ message: "no" }, { status: 401 });
    const began = world.now;
    await pushed();
    expect(await failingSince()).toBe(began);
    world.now += 11 * HOUR;
    await pushed();
    expect(await alerts()).toEqual([]);
    for (let hours = 0; hours < 10; hours += 2) {
      world.now += 2 * HOUR;
      await pushed();
    }
    await world.live();
    const [alert, ...more] = await alerts();
    expect(more).toEqual([]);
    expect(alert).toMatchObject({
      job: "build",
      schedule: null,
      hook: "github",
      webhook: null,
      dueAt: began,
    });
    expect(alert?.detail).toContain(
      "no report of the hook github on a commit was taken for 13h; the last one: ",
    );
    expect(alert?.detail).toContain("the token in the secret TOKEN is not valid there");
    expect(world.told(witness).map(({ payload }) => payload)).toMatchObject([
      { type: "report.failing", data: { alert: { type: "report_failing", job: "build", hook: "github" } } },
    ]);
    expect([world.told(other), world.problems]).toEqual([[], []]);

    world.apis.fault = null;
    await pushed();
    expect(await failingSince()).toBeNull();
    world.apis.fault = () => Response.json({ message: "no" }, { status: 401 });
    world.now += HOUR;
    await pushed();
    world.now += 6 * HOUR;
    await pushed();
    expect(await alerts()).toHaveLength(1);
    world.now += 7 * HOUR;
    await pushed();
    expect(await alerts()).toHaveLength(2);
  });

  it("is told of where a single report waits for a secret for so long, which setting it mends", async () => {
    world.secretValues = {};
    await world.happens(reporting(aQueuedRun()), true);
    for (let hours = 0; hours < 14; hours += 1) await world.liveNowAndThen(HOUR);
    expect(await alerts()).toMatchObject([
      { detail: expect.stringContaining("there is no secret TOKEN, which has the token; set it") },
    ]);
    world.secretValues = { TOKEN: "a-token" };
    await world.liveNowAndThen(2 * HOUR);
    expect(await failingSince()).toBeNull();
  });

  it("is no alert at a passing fault of a report that is tried again, however long ago another failed", async () => {
    world.apis.fault = () => Response.json({ message: "no" }, { status: 401 });
    await pushed();
    expect(await failingSince()).toBe(world.now);
    world.now += 96 * HOUR;
    let asked = 0;
    world.apis.fault = () => (asked++ === 0 ? new Response(null, { status: 502 }) : null);
    await pushed();
    await world.liveFor(HOUR);
    expect([await alerts(), await failingSince()]).toEqual([[], null]);
  });

  it("fails anew where its hook reports elsewhere or with another token, and only there", async () => {
    const wanted = (change: Partial<HookSpec>) =>
      drizzle(env.DB).batch(
        syncHooks(drizzle(env.DB), "default", "build", [{ id: "x", spec: { ...spec, ...change } }], T0) as [
          BatchItem<"sqlite">,
        ],
      );
    const report = { token: "TOKEN", context: "mayfly/build", apiUrl: null };
    const options = { signature: null, dedupe: null };
    const spec: HookSpec = {
      ...{ name: "github", source: "github", secrets: [], options, filter: {}, map: {} },
      report,
    };
    await wanted({});
    world.apis.fault = () => Response.json({ message: "no" }, { status: 401 });
    const began = world.now;
    await pushed();
    await wanted({ secrets: ["ANOTHER"] });
    expect(await failingSince()).toBe(began);
    await wanted({ report: { ...report, apiUrl: "https://git.example/api/v3" } });
    expect(await failingSince()).toBeNull();
    world.now += 13 * HOUR;
    await pushed();
    expect([await alerts(), await failingSince()]).toEqual([[], world.now]);
    await wanted({ report: { ...report, token: "OTHER" } });
    expect(await failingSince()).toBeNull();
    await pushed();
    await wanted({ report: { ...report, token: "OTHER" }, source: "gitlab" });
    expect(await failingSince()).toBeNull();
  });

  it("is recorded in one statement of whoever sends several that fail", async () => {
    const { database, counts } = countedD1(env.DB);
    const counted = new NotifyWorld(database);
    counted.apis.fault = () => Response.json({ message: "no" }, { status: 401 });
    const statements = async (reports: number) => {
      counted.secretValues = world.secretValues;
      for (let n = 0; n < reports; n++)
        await counted.happens(
          reporting(aQueuedRun(), "github", {}, { sha: String(++sha).padStart(40, "0") }),
          true,
        );
      const before = counts.statements;
      await counted.live();
      return counts.statements - before;
    };
    await statements(1);
    counted.now = world.now + 13 * HOUR;
    const [one, three] = [await statements(1), await statements(3)];
    expect(await alerts()).toHaveLength(1);
    // Of each of the two more: what has more to say, and its record with what follows in its line. That all fail is noted once.
    expect(three - one).toBe(2 * 3);
  });

  it("is not one for what does not hold any more, nor for our own faults", () => {
    const result = (change: Partial<SendResult>): SendResult => ({
      ...{ at: T0, ms: 1, status: null, answer: null, error: null, retryAfterMs: null },
      ...change,
    });
    expect(reportSays(result({ ending: "dropped", error: "not sent" }))).toBe("nothing");
    expect(reportSays(result({ isOurs: true, error: "our store is away" }))).toBe("nothing");
    expect(reportSays(result({ ending: "delivered", status: 400 }))).toBe("taken");
    expect(reportSays(result({ ending: "given_up", status: 404 }))).toBe("failed");
  });
});
