/** The pages of hooks and webhooks as the server renders them: what they say, what their forms do, and what they never carry. */

import { describe, expect, test } from "vitest";
import { AppError } from "../../src/core/error.ts";
import {
  PAGE_BODY_MAX_CHARS,
  PAGE_JOBS_MAX,
  PAGE_LAID_OUT_MAX_CHARS,
  PAGE_LEDGER_MAX,
} from "../../src/core/limits.ts";
import { createDashboard } from "../../src/dashboard/dashboard.tsx";
import {
  aChange,
  aDelivery,
  aHook,
  aNotification,
  aReport,
  aWebhook,
  notificationId,
} from "./hook-factory.ts";
import { aJob, anAlert } from "./job-factory.ts";
import { type HooksInMemory, SECRET } from "./memory-hook-ports.ts";
import { type MemoryPorts, memoryPorts, SIGNED_IN } from "./memory-ports.ts";
import { aRun, at, runId } from "./run-factory.ts";

const HOSTILE = `"'></pre><script>alert(1)</script><img src=x onerror=alert(2)>&\u202egpj.exe`;
const WEBHOOK = "/webhooks/wh_7k2m9q4x8c1v5b3n";

function portsOf(hooks: Partial<HooksInMemory>, runs = [aRun({ job: { name: "deploy", version: 3 } })]) {
  const ports = memoryPorts(runs);
  Object.assign(ports.hooks, hooks);
  return ports;
}

async function get(ports: MemoryPorts, path: string, headers: Record<string, string> = SIGNED_IN) {
  const response = await createDashboard(ports).request(path, { headers });
  const html = await response.text();
  return { response, status: response.status, html, words: wordsOf(html) };
}

async function post(ports: MemoryPorts, path: string, form: Record<string, string> = {}, headers = {}) {
  const response = await createDashboard(ports).request(path, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { ...SIGNED_IN, Origin: "http://localhost", ...headers },
  });
  const html = await response.text();
  return { status: response.status, html, words: wordsOf(html), to: response.headers.get("Location") };
}

/** The page's words, without its markup. */
const wordsOf = (html: string): string =>
  html
    .replaceAll(/<head>.*?<\/head>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll(/\s+/g, " ");

describe("the list of hooks", () => {
  test("shows each with its URL, what starts a run, and what came last", async () => {
    const rules = { events: ["push"], branches: ["main", "!x"], if: "payload.a > 1" };
    const { words, html } = await get(
      portsOf({
        hooks: [
          aHook({ rules, last_delivery: aDelivery() }),
          aHook({ name: "pay", source: "stripe", problem: "there is no secret PAY" }),
        ],
      }),
      "/hooks",
    );
    expect(words).toContain("deploy / github github https://mayfly.example/hooks/0q3v Copy");
    expect(words).toContain("events push branches main, !x if payload.a &gt; 1 Filtered 1m ago");
    expect(words).toContain("branch main: only dev is taken");
    expect(words).toContain("on every delivery No secret");
    expect(html).toContain('href="/hooks/deploy/github"');
    expect(html).toContain('data-copy="https://mayfly.example/hooks/0q3v"');
  });

  test("is shown in pages, of one job where that is asked for, and before the first says how to have one", async () => {
    const hooks = Array.from({ length: PAGE_JOBS_MAX + 1 }, (_, n) =>
      aHook({ name: `h${String(n).padStart(3, "0")}` }),
    );
    const { html } = await get(portsOf({ hooks }), "/hooks?job=deploy");
    expect(html).toContain('<a rel="next" href="/hooks?job=deploy&amp;cursor=deploy%2Fh024">Next</a>');
    expect((await get(portsOf({ hooks }), "/hooks?job=other")).words).toContain("No such hooks. Show all");
    expect((await get(portsOf({}), "/hooks")).words).toContain("secret: GITHUB_WEBHOOK_SECRET");
  });
});

describe("a hook's page", () => {
  const deliveries = {
    "deploy/github": [
      aDelivery({ id: "d-5", run_id: runId(1), repeats: 2, without_secrets: true }),
      aDelivery({ id: "d-4", run_id: runId(7), event: "pull_request", action: "opened" }),
      aDelivery({ id: "d-3" }),
      aDelivery({ id: "d-2", verdict: "paused", why: null, detail: null, change: null }),
      aDelivery({ id: "d/1?", verdict: "ping", why: null, detail: null, event: "ping", change: null }),
    ],
  };

  test("has its ledger: each delivery with its verdict, why, and its run", async () => {
    const ports = portsOf({ hooks: [aHook()], deliveries }, [aRun({ status: "failed" })]);
    const { words, html } = await get(ports, "/hooks/deploy/github");
    expect(words).toContain("push acme/site, main at 72d3162ecc, Mend the gate d-5 , came 3 times Started");
    expect(words).toContain("Failed exit code 7 without secrets: it is, or may be, from a fork 1m ago");
    expect(words).toContain("pull_request.opened");
    expect(words).toContain("d-3 Filtered branch main: only dev is taken");
    expect(words).toContain("d-2 Paused the job was paused");
    expect(words).toContain("Ping its sender only asked whether anybody is there");
    expect(html).toContain('href="/hooks/deploy/github/deliveries/d%2F1%3F"');
    for (const id of [runId(1), runId(7)]) expect(html).toContain(`href="/runs/${id}"`);
  });

  test("its ledger is filtered by verdict, text and run, in pages", async () => {
    const many = Array.from({ length: PAGE_LEDGER_MAX + 1 }, (_, n) =>
      aDelivery({ id: `n-${n}`, received_at: at(60_000 + n) }),
    );
    const ports = portsOf({ hooks: [aHook()], deliveries: { ...deliveries, "deploy/many": many } });
    const found = await get(ports, `/hooks/deploy/github?verdict=started&run=${runId(7)}`);
    expect([found.words.includes("d-4"), found.words.includes("d-5")]).toEqual([true, false]);
    expect(found.html).toContain('<input type="hidden" name="verdict" value="started"/>');
    const none = await get(ports, "/hooks/deploy/github?text=%22%3E%3Cscript%3E");
    expect(none.words).toContain("None here.");
    expect(none.html).toContain('value="&quot;&gt;&lt;script&gt;"');
    const { html } = await get(ports, "/hooks/deploy/many?text=main");
    expect(html).toContain(`text=main&amp;cursor=${encodeURIComponent(at(60_000 + PAGE_LEDGER_MAX - 1))}`);
  });

  test("a filter that can not be is told at its field", async () => {
    const { status, html, words } = await get(
      portsOf({ hooks: [aHook()], deliveries }),
      "/hooks/deploy/github?run=x",
    );
    expect(status).toBe(422);
    expect(html).toMatch(/<input id="run" name="run" aria-invalid="true" aria-describedby="run-wrong"/);
    expect(html).toMatch(/id="run-wrong" role="alert">.*must be the id of a run/);
    expect(words).toContain("Nothing was looked for.");
  });

  test("stays where the hook is gone, for its ledger", async () => {
    const { status, words, html } = await get(portsOf({ deliveries }), "/hooks/deploy/github");
    expect([status, words.includes("not there any more. Its ledger stays.")]).toEqual([200, true]);
    expect(html).not.toContain("/rotate");
    expect((await get(portsOf({ deliveries }), "/hooks/deploy/other")).status).toBe(404);
  });

  test("follows its runs while one is under way", async () => {
    const hooks = [aHook()];
    const open = portsOf({ hooks, deliveries }, [aRun({ status: "running" })]);
    const { html } = await get(open, "/hooks/deploy/github?verdict=started");
    expect(html).toContain('data-list="/hooks/deploy/github?verdict=started&amp;part=list" data-refresh="">');
    expect((await get(open, "/hooks/deploy/github?part=list")).html).toMatch(/^<div id="ledger" data-part/);
    expect((await get(portsOf({ hooks, deliveries }), "/hooks/deploy/github")).html).not.toContain(
      "data-refresh",
    );
  });

  test("tries other rules, filled in with its own, and says what would have become of deliveries", async () => {
    const would = { verdict: "started", why: null, detail: null, env: { A: "<b>" }, input: null } as const;
    const was = { verdict: "filtered", why: "branch" } as const;
    const told = { received_at: at(60_000), event: "push", was };
    const tried = {
      deliveries: [
        { ...told, id: "d-3", would, problem: null },
        { ...told, id: "d-2", would: null, problem: "came from gitlab" },
      ],
    };
    const ports = portsOf({ hooks: [aHook({ rules: { branches: ["main", "dev"] } })], deliveries, tried });
    expect((await get(ports, "/hooks/deploy/github")).html).toMatch(
      /<textarea id="branches"[^>]*>\nmain\ndev</,
    );
    const form = { events: "", branches: " main\r\n\r\nx", tags: "", paths: "", if: "true" };
    const { status, words, html } = await post(ports, "/hooks/deploy/github", form);
    expect(status).toBe(200);
    expect(ports.calls).toContain('try deploy/github {"branches":["main","x"],"if":"true"}');
    expect(words).toContain("1 of the last 2 would start a run");
    expect(words).toContain("Started was filtered: by its branch A=&lt;b&gt;");
    expect(words).toContain("Unknown It came from gitlab");
    expect(html).toContain("<details open");
  });

  test("rules that can not be are told at their field, and stay in it", async () => {
    const refusal = new AppError("invalid_input", "is no glob", "branches.1", [
      { path: "limit", message: "is too large" },
    ]);
    const ports = portsOf({ hooks: [aHook()], deliveries, refusal });
    const { status, html, words } = await post(ports, "/hooks/deploy/github", {
      branches: "a\n[",
      if: "</textarea>",
    });
    expect(status).toBe(422);
    expect(html).toContain('<textarea id="branches" name="branches" aria-invalid="true"');
    expect(words).toContain("number 2: is no glob");
    expect(words).toContain("limit: is too large");
    expect(html).toContain("&lt;/textarea&gt;</textarea>");
  });

  test("says what its run gets of a delivery, and which calls were not let in", async () => {
    const refused = { at_least: 3, since: at(3_600_000), last_at: at(60_000) };
    const map = { env: { AUTHOR: "payload.pusher" }, input: { "<b>": "1 + 1" } };
    const report = {
      context: "mayfly/deploy",
      api_url: null,
      token: "TOKEN",
      problem: "there is no secret TOKEN",
      failing_since: null,
    };
    const { words } = await get(
      portsOf({ hooks: [aHook({ rules: { map }, report, refused_calls: refused })] }),
      "/hooks/deploy/github",
    );
    expect(words).toContain(
      "Refused calls 3 or more since 1h ago , the last 1m ago They were signed with another secret",
    );
    const once = await get(
      portsOf({ hooks: [aHook({ refused_calls: { ...refused, at_least: 1 } })] }),
      "/hooks/deploy/github",
    );
    expect(once.words).toContain("Refused calls some since 1h ago , the last 1m ago");
    expect(words).toContain("Reports on commits as mayfly/deploy : there is no secret TOKEN");
    expect(words).toContain("Gives its run AUTHOR is payload.pusher input.&lt;b&gt; is 1 + 1");
    expect(words).toContain("Starts a run on pushes, tags and new commits of pull requests");
  });

  test("gives another URL once it is confirmed", async () => {
    const ports = portsOf({ hooks: [aHook()], deliveries });
    const { html } = await get(ports, "/hooks/deploy/github");
    expect(html).toMatch(
      /<details class="confirmed" id="rotate">.*<form method="post" action="\/hooks\/deploy\/github\/rotate"/s,
    );
    expect((await post(ports, "/hooks/deploy/github/rotate", { since: at(3_600_000) })).to).toBe(
      "/hooks/deploy/github",
    );
    expect(ports.calls).toEqual([`rotate deploy/github since ${at(3_600_000)}`]);
  });
});

describe("a delivery's page", () => {
  const page = (delivery: ReturnType<typeof aDelivery>, query = "", runs = [aRun()]) =>
    get(
      portsOf({ hooks: [aHook()], deliveries: { "deploy/github": [delivery] } }, runs),
      `/hooks/deploy/github/deliveries/${encodeURIComponent(delivery.id)}${query}`,
    );

  test("says what it came to and why, with its run, its change, headers and body", async () => {
    const pull_request = {
      number: 7,
      action: "opened",
      has_new_commits: true,
      title: "A gate",
      head_ref: "gate",
      base_ref: "main",
      is_fork: true,
      head_repository: null,
    };
    const delivery = aDelivery({
      id: "a b/c",
      run_id: runId(1),
      without_secrets: true,
      repeats: 1,
      repeated_at: at(30_000),
      change: aChange({ pull_request }),
    });
    const { words, html } = await page(delivery);
    expect(words).toContain("push Send once more Started Succeeded 1m ago Its run has no secrets");
    expect(words).toContain("x-github-event push");
    expect(words).toContain('{ "ref": "refs/heads/main" }');
    expect(words).toContain("Came again once, 30s ago ; that started nothing");
    expect(words).toContain("Pull request #7 A gate , gate into main , from a fork");
    expect(words).toContain(`Commit ${aChange().sha} by octocat`);
    expect(html).toContain(`href="/runs/${runId(1)}"`);
    expect(html).toContain('href="/jobs/deploy/versions/3"');
    expect((await page(aDelivery())).words).toContain("Filtered 1m ago branch main: only dev is taken");
  });

  test("its body is laid out where it is JSON, as it came where that is asked for, and nothing in it is unseen", async () => {
    const body = '{"a":"\u202egpj.exe\\u0000","b":[1]}';
    const pretty = await page(aDelivery({ body }));
    expect(pretty.html).toContain("&quot;b&quot;: [\n    1\n  ]");
    expect(pretty.html).toContain("\\u202egpj.exe\\u0000");
    const raw = await page(aDelivery({ body }), "?body=raw");
    expect(raw.html).toContain(
      "<pre>{&quot;a&quot;:&quot;\\u202egpj.exe\\u0000&quot;,&quot;b&quot;:[1]}</pre>",
    );
    const form = await page(aDelivery({ body: `payload=${encodeURIComponent('{"zen":"ä"}')}` }));
    expect(form.html).toContain("<pre>{\n  &quot;zen&quot;: &quot;ä&quot;\n}</pre>");
    const bytes = await page(aDelivery({ body: null, body_base64: "/w==" }));
    expect(bytes.words).toContain("It is no text; this is its base64. /w==");
    expect((await page(aDelivery({ body: "" }))).words).toContain("It is empty.");
  });

  test("has all that is kept of the commit's message, of which a list and a run's page have the first line, shortened", async () => {
    const message = `\n  ${"Mend the gate ".repeat(20)}\n\nIt hung.\n\u202eyletelpmoc`;
    const delivery = aDelivery({ change: aChange({ message }) });
    const whole = await page(delivery);
    expect(whole.html).toContain("It hung.\n\\u202eyletelpmoc</bdi>");
    expect(whole.words).toContain("Mend the gate ".repeat(20));
    const told = `${"Mend the gate ".repeat(7)}Me…`;
    const ports = portsOf({ deliveries: { "deploy/github": [delivery] } });
    const list = await get(ports, "/hooks/deploy/github");
    expect(list.words).toContain(`main at 72d3162ecc, ${told} d-1`);
    const of = { hook: "github", id: "d-1", event: "push", without_secrets: false, other_repository: false };
    const run = aRun({
      job: { name: "deploy", version: 3 },
      delivery: { ...of, change: delivery.change, report: null },
    });
    const { words } = await get(portsOf({}, [run]), `/runs/${run.id}`);
    expect(words).toContain(`Message ${told} `);
    expect(words).not.toContain("It hung");
  });

  test("of a push of several refs it says with which the body is kept, and where that is gone", async () => {
    const part = aDelivery({ id: "d-1+ref.2", body_of: "d-1" });
    const { words, html } = await page(part);
    expect(words).toContain("Body 25 bytes, kept with the first ref of the push");
    expect(html).toContain('kept with <a href="/hooks/deploy/github/deliveries/d-1">');
    expect(html).toContain("/resend");
    const gone = await page({ ...part, body: "", body_complete: false });
    expect(gone.words).toContain("It had 25 bytes, of which none are kept: they were with the first ref");
    expect(gone.words).not.toContain("It is empty.");
    expect(gone.html).not.toContain("/resend");
  });

  test("of a body that is cut it says so, and offers no resend", async () => {
    const delivery = aDelivery({ body: '{"a":', body_complete: false, body_bytes: 700_000 });
    const { words, html } = await page(delivery);
    expect(words).toContain("It had 700,000 bytes, of which the first ones are kept");
    expect(html).not.toContain("/resend");
    const ports = portsOf({ hooks: [aHook()] });
    const outage: typeof ports = {
      ...ports,
      getDelivery: async () => ({ delivery, resends: 0, isKeptWhole: null }),
    };
    const unread = await get(outage, "/hooks/deploy/github/deliveries/d-1");
    expect(unread.words).toContain("of which all but the first ones can not be read right now");
    expect(unread.html).not.toContain("/resend");
    // What a page refreshes shows no body, and reads none.
    const reads: boolean[] = [];
    const counted: typeof outage = {
      ...outage,
      getDelivery: async (_of, _id, hasBody = true) => {
        reads.push(hasBody);
        return { delivery, resends: 0, isKeptWhole: true };
      },
    };
    for (const part of ["", "?part=list"]) await get(counted, `/hooks/deploy/github/deliveries/d-1${part}`);
    expect(reads).toEqual([true, false]);
    const long = await page(aDelivery({ body: "x".repeat(PAGE_BODY_MAX_CHARS + 1) }));
    expect(long.words).toContain("The rest is left out here");
  });

  test("a body of thousands of levels is shown, and one that is too long to be laid out as it came", async () => {
    const deep = aDelivery({ body: `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}` });
    const laid = await page(deep);
    expect([laid.status, laid.html.includes("<pre>{\n  &quot;a&quot;: [\n    [\n      [")]).toEqual([
      200,
      true,
    ]);
    expect(laid.html.length).toBeLessThan(2 * PAGE_BODY_MAX_CHARS);
    expect(laid.words).toContain("The rest is left out here");
    const raw = await page(deep, "?body=raw");
    expect([raw.status, raw.html.includes("<pre>{&quot;a&quot;:[[[")]).toEqual([200, true]);
    expect(raw.words).toContain("Laid out As it came");
    const large = await page(aDelivery({ body: `[${"0,".repeat(PAGE_LAID_OUT_MAX_CHARS / 2)}0]` }));
    expect(large.words).toContain("It is too long to be laid out here. [0,0,");
    expect(large.words).not.toContain("As it came");
  });

  test("its button sends it once more, once for each page, and leads to what that became", async () => {
    const again = aDelivery({ id: "d-1+resend.1", resend_of: "d-1" });
    const ports = portsOf({ deliveries: { "deploy/github": [again, aDelivery()] } });
    const { html } = await get(ports, "/hooks/deploy/github/deliveries/d-1");
    expect(html).toContain('<input type="hidden" name="after" value="1"/>');
    expect(html).toContain('href="/hooks/deploy/github?text=d-1%2Bresend."');
    expect((await get(ports, "/hooks/deploy/github/deliveries/d-1%2Bresend.1")).html).toContain(
      'href="/hooks/deploy/github/deliveries/d-1"',
    );
    const sent = await post(ports, "/hooks/deploy/github/deliveries/d-1/resend", { after: "1" });
    expect([sent.status, sent.to]).toEqual([303, "/hooks/deploy/github/deliveries/d-1%2Bresend.2"]);
    await post(ports, "/hooks/deploy/github/deliveries/d-1/resend", { after: "-5" });
    expect(ports.calls).toEqual(["resend deploy/github d-1 after 1", "resend deploy/github d-1 after 0"]);
  });
});

test("a delivery's page is found and its button works whatever its sender calls it, and it hides no other page", async () => {
  const ids = [
    "reports",
    "reports/1",
    "rotate",
    "deliveries",
    "a/resend",
    "%2F",
    "%2e%2e",
    "..\\..",
    "?part=list#x",
    "a\u0000\n",
  ];
  ids.push("\u202e\u05d0 🪰+1", "ü".repeat(128));
  const deliveries = { "deploy/github": ids.map((id) => aDelivery({ id, body: `body of ${id.length}` })) };
  const ports = portsOf({ hooks: [aHook()], deliveries, reports: { "deploy/github": [aReport()] } });
  const { html } = await get(ports, "/hooks/deploy/github");
  const links = [...html.matchAll(/<th scope="row" class="what"><a href="([^"]*)"/g)].map(
    ([, href = ""]) => href,
  );
  expect(links).toHaveLength(ids.length);
  for (const [index, id] of ids.entries()) {
    const page = await get(ports, links[index] ?? "");
    expect([page.status, page.words.includes(`body of ${id.length}`)], id).toEqual([200, true]);
    const sent = await post(ports, `${links[index]}/resend`, { after: "0" });
    expect((await get(ports, sent.to ?? "")).status, id).toBe(404);
    expect(ports.calls.at(-1)).toBe(`resend deploy/github ${id} after 0`);
  }
  expect((await get(ports, "/hooks/deploy/github/reports")).words).toContain("What was reported");
});

describe("what a hook's runs report", () => {
  const REPORTS = "/hooks/deploy/github/reports";
  const refused = {
    at: at(50_000),
    duration_ms: 18,
    status: 404,
    answer: '{"message":"<b>"}',
    error: "it answered 404: there is no such commit in acme/site",
    sent_to: { api_url: "https://git.example/api/v3", token: "MENDED_TOKEN" },
  };
  const reports = {
    "deploy/github": [
      aReport({ id: notificationId(4), state: "pending", next_at: null, attempts: [] }, { state: "failure" }),
      aReport(
        { id: notificationId(3), state: "pending", tries: 2, attempts: [refused, refused] },
        { state: "running", description: "Running" },
      ),
      aReport({ id: notificationId(2), state: "given_up", run_id: runId(7), attempts: [refused] }),
      aReport({ id: notificationId(1), type: "status.pending" }, { state: "pending" }),
    ],
  };
  const report = {
    ...{ context: "mayfly/deploy", api_url: null, token: "T", problem: "there is no secret T" },
    failing_since: null,
  };

  test("is listed with what each told which commit, and how the last attempt went", async () => {
    const { words, html } = await get(portsOf({ hooks: [aHook({ report })], reports }), REPORTS);
    expect(words).toContain(
      "reported on their commits as mayfly/deploy There is no secret T. npx mayfly secrets set",
    );
    expect(words).toContain(
      "Failure Succeeded in 4s mayfly/deploy on acme/site at 72d3162ecc Pending waits for",
    );
    expect(words).toContain("at 72d3162ecc Pending it answered 404");
    expect(words).toContain("attempt 2, next in 1m 30s");
    expect(words).toContain("at 72d3162ecc Delivered 200 in 34 ms");
    expect(html).toContain(`href="${REPORTS}/${notificationId(3)}"`);
    expect(html).toContain(`href="/runs/${runId(7)}"`);
    expect(html).toContain(`data-list="${REPORTS}?part=list" data-refresh=""`);
    const hook = await get(portsOf({ hooks: [aHook({ report })], reports }), "/hooks/deploy/github");
    expect(hook.html).toContain(`<a href="${REPORTS}">What was reported</a>`);
  });

  test("says what each that is pending waits for: its time, a secret, or the one before it, and since when none is taken", async () => {
    const [before, secret, behind] = [notificationId(1), notificationId(2), notificationId(3)];
    const pending = { state: "pending" as const, attempts: [] };
    const waiting = {
      "deploy/github": [
        aReport({
          ...pending,
          id: behind,
          next_at: null,
          waiting: { for: "report", secret: null },
          waits_for: before,
        }),
        aReport({ ...pending, id: secret, waiting: { for: "secret", secret: "T" } }),
        aReport({ ...pending, id: before }),
      ],
    };
    const failing = { ...report, problem: null, failing_since: at(3_600_000) };
    const ports = portsOf({ hooks: [aHook({ report: failing })], reports: waiting });
    const { words } = await get(ports, REPORTS);
    expect(words).toMatch(
      /waits for the one before it in its run .* waits for the secret T, first attempt in 1m 30s/,
    );
    expect(words.match(/waits for/g)).toHaveLength(2);
    expect(words).toContain("None of the reports that were tried was taken, the first of them 1h ago");
    const one = await get(ports, `${REPORTS}/${behind}`);
    expect(one.html).toContain(`waits for <a href="${REPORTS}/${before}">the one before it in its run</a>`);
    expect((await get(ports, `${REPORTS}/${secret}`)).words).toContain(
      "waits for the secret T, next attempt in 1m 30s",
    );
  });

  test("is filtered by state and run, in pages, and a filter that can not be is told at its field", async () => {
    const many = Array.from({ length: PAGE_LEDGER_MAX + 1 }, (_, n) =>
      aReport({ id: notificationId(999 - n) }),
    );
    const ports = portsOf({ hooks: [aHook({ report })], reports: { ...reports, "deploy/many": many } });
    const found = await get(ports, `${REPORTS}?state=given_up&run=${runId(7)}`);
    const isShown = (n: number) => found.html.includes(`${REPORTS}/${notificationId(n)}`);
    expect([4, 3, 2, 1].filter(isShown)).toEqual([2]);
    expect(found.html).toContain('<input type="hidden" name="state" value="given_up"/>');
    expect(found.html).not.toContain('name="type"');
    expect((await get(ports, `${REPORTS}?run=${runId(8)}`)).words).toContain("None here.");
    const { html } = await get(ports, "/hooks/deploy/many/reports?state=delivered");
    expect(html).toContain(`state=delivered&amp;cursor=${notificationId(1000 - PAGE_LEDGER_MAX)}`);
    const wrong = await get(ports, `${REPORTS}?run=x`);
    expect([wrong.status, wrong.words.includes("Nothing was looked for.")]).toEqual([422, true]);
    expect(wrong.html).toMatch(/id="run-wrong" role="alert">.*must be the id of a run/);
    expect((await get(ports, `${REPORTS}?part=list`)).html).toMatch(/^<div id="told" data-part/);
  });

  test("stays where the hook is gone or reports no more, and its page says so", async () => {
    const gone = portsOf({ reports, deliveries: { "deploy/github": [aDelivery()] } });
    expect((await get(gone, REPORTS)).words).toContain("not there any more. What it reported stays");
    expect((await get(gone, "/hooks/deploy/github")).html).toContain(
      `<a href="${REPORTS}">what it reported</a>`,
    );
    const none = portsOf({ deliveries: { "deploy/github": [aDelivery()] } });
    expect((await get(none, "/hooks/deploy/github")).html).not.toContain(REPORTS);
    const silent = await get(portsOf({ hooks: [aHook()], reports }), REPORTS);
    expect(silent.words).toContain("Its runs are not reported on their commits");
    const ofStripe = portsOf({ hooks: [aHook({ source: "stripe" })] });
    expect((await get(ofStripe, "/hooks/deploy/github")).html).not.toContain(REPORTS);
  });

  test("one is shown with its commit and every attempt, and sent again once for each page", async () => {
    const ports = portsOf({ hooks: [aHook({ report })], reports });
    const { words, html } = await get(ports, `${REPORTS}/${notificationId(3)}`);
    expect(words).toContain("Reports Running Send now Pending next attempt in 1m 30s");
    expect(words.match(/404: there is no such commit in acme\/site after 18 ms 50s ago/g)).toHaveLength(2);
    expect(html).toContain("{&quot;message&quot;:&quot;&lt;b&gt;&quot;}");
    expect(words).toContain(
      "Description Running Context mayfly/deploy Repository acme/site Commit 72d3162ecc7811e381ab4c9367dc0958aabbccdd",
    );
    // Where it went, and not where its hook had it go when it was made.
    expect(words).toContain(
      "Last told to github at https://git.example/api/v3 With the token in the secret MENDED_TOKEN",
    );
    expect(words).toContain("Send now");
    const unseen = aReport({ id: notificationId(9) }, { description: "\u202egpj.exe" });
    const hostile = portsOf({ hooks: [aHook({ report })], reports: { "deploy/github": [unseen] } });
    for (const path of [REPORTS, `${REPORTS}/${notificationId(9)}`]) {
      const shown = (await get(hostile, path)).html;
      expect([path, shown.includes("\\u202egpj.exe"), shown.includes("\u202e")]).toEqual([path, true, false]);
    }
    const over = `${REPORTS}/${notificationId(2)}`;
    const ended = await get(ports, over);
    expect(ended.words).toContain("Given up 58s ago It was refused for good");
    expect(ended.html).toContain(`<input type="hidden" name="ended_at" value="${at(58_000)}"/>`);
    expect((await post(ports, `${over}/resend`, { ended_at: at(58_000) })).to).toBe(over);
    expect(ports.calls).toEqual([`resend deploy/github ${notificationId(2)} of ${at(58_000)}`]);
  });

  test("is on the page of its run, among what webhooks were told, and not asked for of other runs", async () => {
    const delivery = {
      hook: "github",
      id: "d-1",
      event: "push",
      without_secrets: false,
      other_repository: false,
      change: aChange(),
      report: { context: "mayfly/deploy", api_url: null },
    };
    const told = [aNotification({ id: notificationId(2), run_id: runId(1) })];
    const known = { webhooks: [aWebhook()], notifications: { wh_7k2m9q4x8c1v5b3n: told }, reports };
    const run = aRun({ job: { name: "deploy", version: 3 }, delivery });
    const { words, html } = await get(portsOf(known, [run]), `/runs/${run.id}?part=summary`);
    expect(words).toMatch(
      /status\.pending its commit, as mayfly\/deploy Delivered 200 in 34 ms 1m ago run\.failed https:\/\/hear.* status\.success its commit/,
    );
    expect(html).toContain(`href="${REPORTS}/${notificationId(1)}"`);
    const silent = aRun({ job: run.job, delivery: { ...delivery, report: null } });
    expect((await get(portsOf(known, [silent]), `/runs/${run.id}`)).html).not.toContain(REPORTS);
  });
});

describe("webhooks", () => {
  const failed = {
    at: at(50_000),
    duration_ms: 18,
    status: 500,
    answer: "<b>down",
    error: "it answered 500",
  };
  const notifications = {
    wh_7k2m9q4x8c1v5b3n: [
      aNotification({
        id: notificationId(3),
        state: "pending",
        tries: 2,
        attempts: [failed, failed],
        run_id: runId(1),
      }),
      aNotification({
        id: notificationId(2),
        state: "pending",
        next_at: null,
        attempts: [],
        run_id: runId(1),
      }),
      aNotification({ type: "schedule.late" }),
    ],
  };
  const known = (changes = {}) => ({ webhooks: [aWebhook(changes)], notifications });

  test("are listed with where they lead, what they are told of, and how they fare", async () => {
    const email = { provider: "resend" as const, from: "m@x.example", to: ["a@x.example"], secret: "KEY" };
    const webhooks = [
      aWebhook({
        description: "The chat",
        jobs: ["deploy-*"],
        tags: { team: "a" },
        last_delivered_at: at(60_000),
      }),
      aWebhook({ id: "wh_2", failing_since: at(120_000), waiting: 1000 }),
      aWebhook({
        id: "wh_3",
        kind: "slack",
        url: "https://hooks.slack.com/T1/secret",
        disabled_at: at(60_000),
        disabled_why: "by hand",
      }),
      aWebhook({ id: "wh_4", kind: "email", email, events: ["job.silent", "schedule.late"] }),
    ];
    const { words, html } = await get(portsOf({ webhooks }), "/webhooks");
    expect(words).toContain(
      "https://hear.example/mayfly Standard Webhooks, The chat run.failed jobs deploy-*; tags team:a In force last taken 1m ago 0 waiting",
    );
    expect(words).toContain("Failing since 2m ago last taken nothing lately 1,000+ waiting");
    expect(words).toContain("hooks.slack.com … Slack run.failed Disabled 1m ago , by hand");
    expect(words).toContain("a@x.example E-mail job.silent, schedule.late");
    expect(html).not.toContain("T1/secret");
    expect((await get(portsOf({}), "/webhooks")).words).toContain("No webhooks yet");
  });

  test("one is shown with what it was told, and how the last attempts went", async () => {
    const { words, html } = await get(portsOf(known()), WEBHOOK);
    expect(words).toContain(
      `run.failed ${notificationId(3)} Pending it answered 500 attempt 2, next in 1m 30s`,
    );
    expect(words).toContain(`${notificationId(2)} Pending waits for the one before it in its run`);
    expect(words).toContain(`schedule.late ${notificationId(1)} Delivered 200 in 34 ms`);
    expect(html).toContain(`href="/runs/${runId(1)}"`);
    expect(html).toContain(`data-list="${WEBHOOK}?part=list" data-refresh=""`);
    const found = await get(portsOf(known()), `${WEBHOOK}?state=delivered&type=schedule.late`);
    expect([found.words.includes(notificationId(1)), found.words.includes(notificationId(3))]).toEqual([
      true,
      false,
    ]);
    expect(found.html).toContain('<option value="schedule.late" selected="">');
    const wrong = await get(portsOf(known()), `${WEBHOOK}?type=x`);
    expect([wrong.status, wrong.words.includes("must be one of run.queued")]).toEqual([422, true]);
  });

  test("can be tried, disabled, enabled and, once that is confirmed, deleted", async () => {
    const ports = portsOf(known());
    expect((await get(ports, WEBHOOK)).html).toMatch(
      /<details class="confirmed" id="delete">.*action="\/webhooks\/wh_7k2m9q4x8c1v5b3n\/delete"/s,
    );
    expect((await post(ports, `${WEBHOOK}/test`)).to).toBe(`${WEBHOOK}/notifications/${notificationId(9)}`);
    expect((await post(ports, `${WEBHOOK}/disable`)).to).toBe(WEBHOOK);
    expect((await get(ports, WEBHOOK)).words).toContain("Enable");
    expect((await post(ports, `${WEBHOOK}/enable`)).to).toBe(WEBHOOK);
    expect((await post(ports, `${WEBHOOK}/delete`)).to).toBe("/webhooks");
    const failing = known({ failing_since: at(60_000), waiting: 2 });
    expect((await get(portsOf(failing), WEBHOOK)).html).toMatch(
      /action="[^"]+\/enable">.*Send what waits now/s,
    );
    expect((await get(portsOf(known({ waiting: 2 })), WEBHOOK)).html).not.toContain("/enable");
    expect(ports.calls).toEqual(
      ["test wh_7k", "enable wh_7k", "enable wh_7k", "delete wh_7k"].map((call) =>
        expect.stringContaining(call),
      ),
    );
  });

  test("a notification is shown with every attempt and what was sent, and sent again once for each page", async () => {
    const ports = portsOf(known());
    const path = `${WEBHOOK}/notifications/${notificationId(3)}`;
    const { words, html } = await get(ports, path);
    expect(words).toContain("Pending next attempt in 1m 30s");
    expect(words.match(/it answered 500 after 18 ms 50s ago &lt;b&gt;down/g)).toHaveLength(2);
    expect(words).toContain('{ "type": "run.failed", "data": {} }');
    expect(html).toContain('<input type="hidden" name="ended_at" value=""/>');
    expect(words).toContain("Send now");
    const behind = aNotification({
      id: notificationId(2),
      state: "pending",
      next_at: null,
      waits_for: notificationId(3),
    });
    const waiting = portsOf({ ...known(), notifications: { wh_7k2m9q4x8c1v5b3n: [behind] } });
    expect((await get(waiting, `${WEBHOOK}/notifications/${behind.id}`)).html).toContain(
      `waits for <a href="${path}">the one before it in its run</a>`,
    );
    const over = `${WEBHOOK}/notifications/${notificationId(1)}`;
    expect((await get(ports, over)).html).toContain(
      `<input type="hidden" name="ended_at" value="${at(58_000)}"/>`,
    );
    expect((await post(ports, `${over}/resend`, { ended_at: at(58_000) })).to).toBe(over);
    expect(ports.calls).toEqual([`resend wh_7k2m9q4x8c1v5b3n ${notificationId(1)} of ${at(58_000)}`]);
    const disabled = await get(portsOf(known({ disabled_at: at(0) })), over);
    expect([disabled.html.includes("/resend"), disabled.words.includes("enable that first")]).toEqual([
      false,
      true,
    ]);
  });

  test("a new one is made by a form, once, with a secret that is shown in it and nowhere else", async () => {
    const ports = portsOf({});
    const { html } = await get(ports, "/webhooks/new");
    expect(html).toContain(`value="${SECRET}"`);
    const once = /name="once" value="([\w-]+)"/.exec(html)?.[1] ?? "";
    expect(once.length).toBeGreaterThan(20);
    const form = {
      kind: "standard",
      once,
      url: " https://hear.example ",
      jobs: "a\nb-*",
      tags: "team: a:b",
      description: "",
      secret: SECRET,
    };
    const made = await post(ports, "/webhooks/new", {
      ...form,
      "event-run-failed": "on",
      "event-job-silent": "on",
    });
    expect([made.status, made.to, made.html.includes(SECRET)]).toEqual([303, "/webhooks/wh_new", false]);
    const input = {
      kind: "standard",
      url: "https://hear.example",
      events: ["run.failed", "job.silent"],
      jobs: ["a", "b-*"],
      tags: { team: "a:b" },
      description: null,
      secret: SECRET,
    };
    expect(ports.calls).toEqual([`create ${JSON.stringify(input)} ${once}`]);
    const ofMail = await get(ports, "/webhooks/new?kind=email");
    expect([ofMail.html.includes(SECRET), ofMail.html.includes('id="provider"')]).toEqual([false, true]);
    await post(ports, "/webhooks/new", {
      kind: "email",
      once,
      provider: "resend",
      from: "m@x",
      to: "a@x\n",
      key: "K",
    });
    expect(ports.calls.at(-1)).toContain('"tags":null');
    await post(ports, "/webhooks/new", { ...form, tags: "team" });
    // The API says what is missing.
    expect(ports.calls.at(-1)).toContain('"tags":{"team":null}');
    await post(ports, "/webhooks/new", {
      kind: "email",
      once,
      provider: "resend",
      from: "m@x",
      to: "a@x\n",
      key: "K",
    });
    expect(ports.calls.at(-1)).toContain(
      '"email":{"provider":"resend","from":"m@x","to":["a@x"],"secret":"K"}',
    );
  });

  test("what is wrong with a form is told at each field, and what was typed stays", async () => {
    const refusal = new AppError("invalid_input", "is private", "url", [
      { path: "events", message: "must have at least 1" },
      { path: "jobs.1", message: "must be the name of a job" },
      { path: "email.to.0", message: "must be an address" },
      { path: null, message: "there are 50 webhooks" },
    ]);
    const ports = portsOf({ ...known(), refusal });
    const { status, html, words } = await post(ports, "/webhooks/new", {
      url: HOSTILE,
      jobs: "a\nB",
      secret: "mine",
    });
    expect(status).toBe(422);
    for (const id of ["url", "jobs"])
      expect(html).toMatch(new RegExp(`id="${id}" name="${id}" aria-invalid="true"`));
    expect(html).toMatch(/<fieldset id="events" aria-describedby="events-wrong"/);
    expect(words).toContain("number 2: must be the name of a job");
    expect(words).toContain("there are 50 webhooks");
    expect(html).toContain("&lt;script&gt;alert(1)");
    expect(html).toContain('value="mine"');
    const ofMail = await post(ports, "/webhooks/new", { kind: "email" });
    expect(ofMail.html).toMatch(/id="to" name="to" aria-invalid="true"/);
  });

  test("of a tag it is said what one looks like, and names that no job has are noted where it is shown", async () => {
    const refusal = new AppError("invalid_input", "must be text, not null", "tags.bare", [
      { path: "tags.twice", message: "must be text, not null" },
      { path: "tags.long", message: "is too long" },
    ]);
    const tags = " bare \ntwice:a\nlong:b\ntwice:c";
    const form = { url: "https://x.example/", tags, "event-run-failed": "on" };
    for (const path of ["/webhooks/new", `${WEBHOOK}/edit`]) {
      const ports = portsOf({ ...known(), refusal });
      const { words } = await post(ports, path, form);
      expect(words).toContain("bare: must be a name and a value with a colon between, such as team:data");
      expect(words).toContain("twice: is there twice, and a run has one value of it");
      expect(words).toContain("long: is too long");
      expect(ports.calls.join()).toContain('"tags":{"bare":null,"twice":null,"long":"b"}');
    }
    const notes = [
      { path: "jobs.0", message: "there is no job typo-* yet: until there is one, nothing is told of it" },
    ];
    const { words } = await get(portsOf(known({ notes })), WEBHOOK);
    expect(words).toContain("There is no job typo-* yet: until there is one, nothing is told of it.");
  });

  test("one is changed by the same form, filled in, and given another secret", async () => {
    const ports = portsOf(known({ jobs: ["a"], tags: { team: "a" } }));
    const { html } = await get(ports, `${WEBHOOK}/edit`);
    expect(html).toMatch(/name="event-run-failed" checked=""/);
    expect(html).toContain("\nteam:a</textarea>");
    expect(html).not.toContain("whsec_");
    const sent = await post(ports, `${WEBHOOK}/edit`, { url: "https://x.example", "event-run-failed": "on" });
    expect(sent.to).toBe(WEBHOOK);
    await post(ports, `${WEBHOOK}/edit`, { url: aWebhook().url, "event-run-failed": "on" });
    // What the form was filled with can be a secret's last characters.
    expect(ports.calls.pop()).not.toContain("url");
    expect((await get(ports, `${WEBHOOK}/secret`)).html).toContain(`value="${SECRET}"`);
    expect((await post(ports, `${WEBHOOK}/secret`, { secret: SECRET, updated_at: at(7_200_000) })).to).toBe(
      WEBHOOK,
    );
    expect(ports.calls).toEqual([
      'change wh_7k2m9q4x8c1v5b3n {"url":"https://x.example","events":["run.failed"],"jobs":null,"tags":null,"description":null}',
      `secret of wh_7k2m9q4x8c1v5b3n ${SECRET} ${at(7_200_000)}`,
    ]);
    expect((await get(portsOf(known({ kind: "slack" })), `${WEBHOOK}/secret`)).status).toBe(404);
    ports.hooks.refusal = new AppError("invalid_input", "somebody has changed it meanwhile", "updated_at");
    const late = await post(ports, `${WEBHOOK}/secret`, { secret: SECRET, updated_at: "long ago" });
    expect([late.status, late.words.includes("somebody has changed it meanwhile")]).toEqual([422, true]);
    // What was told of the change can be sent once more.
    expect(late.html).toContain(`name="updated_at" value="${aWebhook().updated_at}"`);
    expect(late.html).toContain(`value="${SECRET}"`);
  });

  test("a run's page leads to its delivery, and to what webhooks were told of it, also what comes while one looks", async () => {
    const delivery = {
      hook: "github",
      id: "d/1",
      event: "push",
      without_secrets: true,
      other_repository: false,
      change: aChange(),
      report: { context: "mayfly/deploy", api_url: null },
    };
    const run = aRun({ job: { name: "deploy", version: 3 }, delivery });
    const { html, words } = await get(portsOf(known(), [run]), `/runs/${run.id}`);
    expect(html).toContain('href="/hooks/deploy/github/deliveries/d%2F1"');
    expect(words).toContain("push d/1 , without secrets, as it is, or may be, from a fork");
    expect(words).toContain("Reported on its commit as mayfly/deploy");
    expect(html).toContain(`href="${WEBHOOK}/notifications/${notificationId(3)}"`);
    const untold = await get(portsOf({}, [run]), `/runs/${run.id}?part=summary`);
    expect(untold.html).toMatch(/<section class="card flush" id="told" data-part="true" hidden=""/);
  });

  test("a job's page has its hooks, and an alert leads to its webhook", async () => {
    const ports = portsOf({ hooks: [aHook(), aHook({ job: "other", name: "theirs" })] });
    ports.known.jobs = [aJob({ name: "deploy" })];
    const { words } = await get(ports, "/jobs/deploy");
    expect(words).toContain("github github https://mayfly.example/hooks/0q3v");
    expect(words).not.toContain("theirs");
    expect(words).toContain("and when one of its hooks is called.");
    ports.known.alerts = [anAlert({ type: "webhook_disabled", job: null, webhook: "wh_7k2m9q4x8c1v5b3n" })];
    expect((await get(ports, "/alerts")).html).toContain(`href="${WEBHOOK}"`);
  });
});

const PAGES = [
  "/hooks",
  "/hooks/deploy/github",
  "/hooks/deploy/github/deliveries/d-1",
  "/hooks/deploy/github/reports",
  `/hooks/deploy/github/reports/${notificationId(1)}`,
  "/webhooks",
  "/webhooks/new",
  WEBHOOK,
  `${WEBHOOK}/edit`,
  `${WEBHOOK}/secret`,
  `${WEBHOOK}/notifications/${notificationId(1)}`,
];
const FORMS = [
  "/hooks/deploy/github",
  "/hooks/deploy/github/rotate",
  "/hooks/deploy/github/deliveries/d-1/resend",
  `/hooks/deploy/github/reports/${notificationId(1)}/resend`,
  "/webhooks/new",
  ...["test", "enable", "disable", "delete", "edit", "secret"].map((act) => `${WEBHOOK}/${act}`),
  `${WEBHOOK}/notifications/${notificationId(1)}/resend`,
];

describe("who may", () => {
  test("nobody who is not signed in sees a page or sends a form, and no other site's form is taken", async () => {
    const ports = portsOf({ hooks: [aHook()], webhooks: [aWebhook()] });
    for (const path of PAGES)
      expect((await get(ports, path, {})).response.headers.get("Location"), path).toMatch(
        /^\/sign-in\?next=/,
      );
    for (const path of FORMS) {
      expect((await post(ports, path, {}, { Cookie: "" })).to, path).toBe("/sign-in");
      expect((await post(ports, path, {}, { Origin: "https://evil.example" })).status, path).toBe(403);
    }
    expect(ports.calls).toEqual([]);
  });

  test("what is not there is a page that says what, and repeats nothing of the request", async () => {
    const ports = portsOf({ hooks: [aHook()], webhooks: [aWebhook()] });
    const gone = [
      ["/hooks/deploy/nothere", "No such hook"],
      ["/hooks/deploy/github/deliveries/nothere", "No such delivery"],
      ["/hooks/deploy/nothere/reports", "No such hook"],
      ["/hooks/deploy/github/reports/nothere", "No such report"],
      ["/webhooks/nothere", "No such webhook"],
      ["/webhooks/nothere/edit", "No such webhook"],
      ["/webhooks/nothere/secret", "No such webhook"],
      [`${WEBHOOK}/notifications/nothere`, "No such notification"],
    ] as const;
    for (const [path, title] of gone) {
      const { status, html, words } = await get(ports, path);
      expect([status, words.includes(title), html.includes("nothere")], path).toEqual([404, true, false]);
    }
    for (const path of [
      "/hooks/deploy/nothere",
      "/hooks/deploy/nothere/rotate",
      "/hooks/deploy/github/deliveries/nothere/resend",
      "/hooks/deploy/github/reports/nothere/resend",
      ...["test", "enable", "disable", "edit", "secret"].map((act) => `/webhooks/nothere/${act}`),
      `${WEBHOOK}/notifications/nothere/resend`,
    ])
      expect((await post(ports, path)).status, path).toBe(404);
  });
});

test("hostile words stay words, and every page has the strict policy and nothing inline", async () => {
  const change = aChange({
    repository: { url: HOSTILE, full_name: HOSTILE, is_private: true },
    branch: HOSTILE,
    message: HOSTILE,
    author: HOSTILE,
  });
  const delivery = aDelivery({
    event: HOSTILE,
    action: HOSTILE,
    detail: HOSTILE,
    change,
    body: HOSTILE,
    headers: { [HOSTILE]: HOSTILE },
  });
  const attempt = { at: at(0), duration_ms: 1, status: 500, answer: HOSTILE, error: HOSTILE };
  const tags = { [HOSTILE]: HOSTILE };
  const ports = portsOf(
    {
      hooks: [
        aHook({ rules: { branches: [HOSTILE], if: HOSTILE }, last_delivery: delivery, problem: HOSTILE }),
      ],
      deliveries: { "deploy/github": [delivery, aDelivery({ id: HOSTILE, run_id: HOSTILE })] },
      reports: {
        "deploy/github": [
          aReport(
            { attempts: [{ ...attempt, sent_to: { api_url: HOSTILE, token: HOSTILE } }] },
            {
              repository: { full_name: HOSTILE, url: HOSTILE },
              sha: HOSTILE,
              ref: HOSTILE,
              context: HOSTILE,
              description: HOSTILE,
            },
          ),
        ],
      },
      webhooks: [
        aWebhook({
          url: HOSTILE,
          description: HOSTILE,
          tags,
          jobs: [HOSTILE],
          disabled_at: at(0),
          disabled_why: HOSTILE,
        }),
      ],
      notifications: {
        wh_7k2m9q4x8c1v5b3n: [
          aNotification({ run_id: runId(1), attempts: [attempt], payload: { a: HOSTILE } }),
        ],
      },
    },
    [
      aRun({
        job: { name: "deploy", version: 1 },
        delivery: {
          hook: "github",
          id: HOSTILE,
          event: HOSTILE,
          without_secrets: false,
          other_repository: false,
          change,
          report: { context: HOSTILE, api_url: HOSTILE },
        },
      }),
    ],
  );
  ports.known.jobs = [aJob({ name: "deploy" })];
  const odd = encodeURIComponent(HOSTILE);
  for (const path of [
    ...PAGES,
    `/hooks?cursor=${odd}&job=${odd}`,
    `/hooks/deploy/github?text=${odd}&verdict=${odd}`,
    `/hooks/deploy/github/deliveries/${odd}`,
    "/hooks/deploy/github/deliveries/d-1?body=raw",
    `/hooks/deploy/github/reports?state=${odd}`,
    `/webhooks/new?kind=${odd}`,
    `${WEBHOOK}?state=${odd}`,
    `/runs/${runId(1)}`,
    "/jobs/deploy",
  ]) {
    const { response, status, html } = await get(ports, path);
    expect(status, path).toBe(200);
    expect(response.headers.get("Content-Security-Policy")).toContain(
      "default-src 'none'; script-src 'self'",
    );
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(html.match(/<script/g), path).toHaveLength(1);
    expect(html, path).not.toContain("<img");
    expect(html).not.toMatch(/<style|\sstyle=|javascript:/i);
    const shown = html.replaceAll(/"[^"]*"/g, '""').replaceAll(/<textarea[^>]*>[^<]*/g, "");
    expect(shown, path).not.toMatch(/<[a-z][^>]*\son\w+\s*=/i);
    // What turns the order of what is read around is spelt out, but where somebody edits it.
    expect([...shown.matchAll(/.{0,80}\u202e/g)].map(String), path).toEqual([]);
    expectLabels(html, path);
  }
});

/** Every field has a label or a name, and every id and level-one heading is there once. */
function expectLabels(html: string, path: string): void {
  expect(html.match(/<h1[ >]/g), path).toHaveLength(1);
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size, path).toBe(ids.length);
  const fields = [...html.matchAll(/<(?:input|select|textarea)(?= )[^>]*>/g)].map(([field]) => field);
  for (const field of fields.filter((each) => !/type="(?:hidden|checkbox)"/.test(each))) {
    const id = / id="([^"]*)"/.exec(field)?.[1];
    expect(html.includes(`<label for="${id}"`), `${path} ${field}`).toBe(true);
  }
  for (const [, described = ""] of html.matchAll(/aria-(?:describedby|labelledby)="([^"]*)"/g))
    for (const id of described.split(" ")) expect(ids, `${path} ${id}`).toContain(id);
}
