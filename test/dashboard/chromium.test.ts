/** The pages in a real browser: what is live, what holds without a script, and that nothing a job says does anything. */

import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { AttemptBody, OutputLine, RunBody } from "../../src/api/run-schema.ts";
import { FIRING_OUTCOMES } from "../../src/core/schedule/schedule.ts";
import { createDashboard } from "../../src/dashboard/dashboard.tsx";
import { LOG_ROWS_MAX } from "../../src/dashboard/log/bounds.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";
import { CROWDED_PAGES, crowdedHooks } from "./crowded-hooks.ts";
import { aChange, aDelivery, aHook } from "./hook-factory.ts";
import { aFiring, aJob, anAlert, aSchedule, aVersion } from "./job-factory.ts";
import { type MemoryPorts, memoryPorts, SESSION, TOKEN } from "./memory-ports.ts";
import { anAttempt, aRun, aStep, at, outputOf, runId } from "./run-factory.ts";

const executable = chromiumPath();
const ID = runId(1);

describe.skipIf(executable === null)(
  "in Chromium (skipped where none is found; CHROMIUM_PATH names one)",
  () => {
    let browser: Browser;
    let contexts: BrowserContext[] = [];
    let servers: ServerType[] = [];

    beforeAll(async () => {
      browser = await launchChromium(executable ?? "");
    });
    afterEach(async () => {
      await Promise.all(contexts.map((context) => context.close()));
      for (const server of servers) server.close();
      contexts = [];
      servers = [];
    });
    afterAll(() => browser?.close());

    async function start(ports: MemoryPorts): Promise<string> {
      const server = await new Promise<ServerType>((resolve) => {
        const started = serve({ fetch: createDashboard(ports).fetch, port: 0, hostname: "127.0.0.1" }, () =>
          resolve(started),
        );
      });
      servers.push(server);
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }

    /** A page that is signed in, with everything noted that it should never do. */
    async function open(ports: MemoryPorts, path: string, options: BrowserContextOptions = {}) {
      const url = await start(ports);
      const context = await browser.newContext(options);
      contexts.push(context);
      await context.addCookies([
        { name: "mayfly_session", value: SESSION, url, httpOnly: true, sameSite: "Strict" },
      ]);
      const page = await context.newPage();
      const incidents: string[] = [];
      page.on("dialog", (dialog) => {
        incidents.push(`dialog ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(url)) incidents.push(`request ${request.url()}`);
      });
      page.on("pageerror", (error) => incidents.push(`error ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error") incidents.push(`console ${message.text()}`);
      });
      await page.goto(url + path);
      return { page, url, context, incidents };
    }

    const rows = (page: Page): Promise<string[]> => page.locator("#log .row").allTextContents();

    /** Waits until the log has these rows. */
    async function untilRows(page: Page, expected: string[]): Promise<void> {
      await expect.poll(() => rows(page)).toEqual(expected);
    }

    function next(ports: MemoryPorts, stream: OutputLine["stream"], text: string): OutputLine {
      const before = (ports.output.get(ID) ?? []).filter((line) => line.stream === stream).at(-1);
      const offset = before ? before.offset + Buffer.byteLength(before.text ?? "") : 0;
      return { attempt: 1, stream, offset, time: at(0), text };
    }

    test("what the list warns of stands apart from the runs", async () => {
      const ports = memoryPorts([aRun()]);
      ports.unknown = 3;
      for (const width of [1280, 380]) {
        const { page } = await open(ports, "/", { viewport: { width, height: 800 } });
        const [warning, runs] = await Promise.all([
          page.locator(".warning").boundingBox(),
          page.locator("#runs").boundingBox(),
        ]);
        if (!warning || !runs) throw new Error("both are on the page");
        expect(runs.y - (warning.y + warning.height)).toBeGreaterThanOrEqual(12);
      }
    });

    test("output appears as it comes, going on in look and line where the page ended", async () => {
      const ports = memoryPorts([aRun({ status: "running" })], {
        [ID]: outputOf(["stdout", "one\n\x1b[31mtw"]),
      });
      const { page, incidents } = await open(ports, `/runs/${ID}`);
      await untilRows(page, ["one", "tw"]);
      await page.locator("#live-state.on").waitFor();
      ports.emit(ID, next(ports, "stderr", "warning\n"));
      ports.emit(ID, next(ports, "stdout", "o\r\x1b[32mT\n"));
      await untilRows(page, ["one", "Two", "warning"]);
      const colors = await page
        .locator("#log .row:nth-child(2) span")
        .evaluateAll((spans) => spans.map((span) => `${span.textContent} ${getComputedStyle(span).color}`));
      expect(colors).toEqual(["T rgb(127, 201, 127)", "wo rgb(242, 119, 122)"]);
      expect(await page.locator("#log .row.stderr").count()).toBe(1);
      expect(ports.calls).toContain(`follow ${ID} after 1.1`);
      expect(incidents).toEqual([]);
    });

    test("state, times and title change with the run, to its end", async () => {
      const ports = memoryPorts([aRun({ status: "starting" })]);
      const { page, incidents } = await open(ports, `/runs/${ID}`);
      await page.getByText("Its machine is booting").waitFor();
      ports.change(aRun({ status: "running" }));
      await page.locator("#head .badge.running").waitFor();
      ports.emit(ID, next(ports, "stdout", "done\n"));
      await untilRows(page, ["done"]);
      await page.getByText("Nothing written yet.").waitFor({ state: "detached" });
      ports.change(aRun({ status: "failed" }));
      await page.getByText("Exited with code 7").first().waitFor();
      expect(await page.title()).toBe("Failed: sh -c 'make test' · Mayfly");
      expect(await page.locator("#announcer").textContent()).toBe("Failed: Exited with code 7");
      expect(await page.locator(".waterfall").textContent()).toContain("Settle400 ms");
      expect(await page.locator("#live-state").isVisible()).toBe(false);
      expect(await page.locator("#cancel").count()).toBe(0);
      expect(incidents).toEqual([]);
    });

    test("a lost connection is taken up again with nothing lost or doubled", async () => {
      const ports = memoryPorts([aRun({ status: "running" })]);
      const { page } = await open(ports, `/runs/${ID}`);
      await page.locator("#live-state.on").waitFor();
      ports.emit(ID, next(ports, "stdout", "one\n"));
      await untilRows(page, ["one"]);
      ports.disconnect(ID);
      ports.emit(ID, next(ports, "stdout", "two\n"));
      await untilRows(page, ["one", "two"]);
      expect(ports.calls.filter((call) => call.startsWith("follow"))).toEqual([
        `follow ${ID} after null`,
        `follow ${ID} after 1.1`,
      ]);
    });

    test("a connection that has made its share of reads is followed by another, and the page stays live", async () => {
      const ports = memoryPorts([aRun({ status: "running" })]);
      const { page, incidents } = await open(ports, `/runs/${ID}`);
      await page.locator("#live-state.on").waitFor();
      await page.evaluate(() => {
        const state = document.getElementById("live-state");
        new MutationObserver(() => console.error(state?.textContent)).observe(state as Node, {
          childList: true,
          characterData: true,
          subtree: true,
        });
      });
      ports.emit(ID, next(ports, "stdout", "one\n"));
      await untilRows(page, ["one"]);
      ports.resume(ID);
      ports.emit(ID, next(ports, "stdout", "two\n"));
      await untilRows(page, ["one", "two"]);
      expect(ports.calls.filter((call) => call.startsWith("follow"))).toEqual([
        `follow ${ID} after null`,
        `follow ${ID} after 1.1`,
      ]);
      expect(incidents.filter((incident) => incident !== "console live")).toEqual([]);
    });

    test("a watcher too many is told so, and gets in by itself once there is room", async () => {
      const ports = memoryPorts([aRun({ status: "running" })]);
      ports.full = true;
      const { page, incidents } = await open(ports, `/runs/${ID}`);
      await page.getByText("too many watch this run").waitFor();
      ports.full = false;
      ports.emit(ID, next(ports, "stdout", "one\n"));
      await page.locator("#live-state.on").waitFor({ timeout: 10_000 });
      await untilRows(page, ["one"]);
      expect(incidents).toEqual([]);
    });

    test("nothing that a job says does anything: no dialog, no request, no breach of the policy", async () => {
      const hostile = [
        "</div></section></pre><script>alert(1)</script>",
        `<img src=x onerror="alert(2)"><svg onload=alert(3)>`,
        `<iframe src="https://evil.example"></iframe><link rel=stylesheet href=https://evil.example/x.css>`,
        "\x1b]8;;javascript:alert(4)\x07click\x1b]8;;\x07",
        "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
        "\x1b]0;<script>alert(5)</script>\x07\u009d0;x\u009c\u009b31mred",
        '\x1b[31" onmouseover="alert(6)mtext',
        "<style>body{display:none}</style><meta http-equiv=refresh content='0;url=https://evil.example'>",
        "\u202egnp.exe\u2066",
        `${"<b>".repeat(3000)}`,
      ].join("\n");
      const run = aRun({
        status: "running",
        name: "<script>alert(7)</script>",
        image: `"><img src=https://evil.example/x onerror=alert(8)>`,
        env: { X: "</pre><script>alert(9)</script>" },
        tags: { "a<b": "<script>alert(10)</script>" },
      });
      const ports = memoryPorts([run], { [ID]: outputOf(["stdout", `${hostile}\n`]) });
      const { page, url, incidents } = await open(ports, `/runs/${ID}`);
      await page.locator("#live-state.on").waitFor();
      const stored = await rows(page);
      ports.emit(ID, next(ports, "stderr", `${hostile}\n`));
      await expect.poll(async () => (await rows(page)).length).toBe(2 * stored.length);
      // The script shows the same words as the server did.
      expect((await rows(page)).slice(stored.length)).toEqual(stored);
      expect(stored[0]).toBe("</div></section></pre><script>alert(1)</script>");
      expect(await page.locator("#log :is(script, img, a, iframe, svg, style, b, link, meta)").count()).toBe(
        0,
      );
      await page.mouse.move(300, 500);
      ports.change({ ...run, status: "failed", settled_at: at(0) });
      await page.locator("#head .badge.failed").waitFor();
      await page.goto(`${url}/`);
      await page.locator("#runs").waitFor();
      expect(incidents).toEqual([]);
    });

    test("a long output keeps the newest rows and says how many it left out", async () => {
      const ports = memoryPorts([aRun({ status: "running" })], { [ID]: outputOf(["stdout", "first\n"]) });
      const { page } = await open(ports, `/runs/${ID}`);
      await page.locator("#live-state.on").waitFor();
      for (let n = 0; n < 70; n++) ports.emit(ID, next(ports, "stdout", `line ${n}\n`.repeat(100)));
      await page
        .locator("#log .row", { hasText: /^line 69$/ })
        .last()
        .waitFor();
      expect(await page.locator("#log .row").count()).toBe(LOG_ROWS_MAX);
      expect(await page.locator("#dropped-rows").textContent()).toContain(
        "2,001 earlier lines are left out here",
      );
    });

    test("the panel stays at its end, but not with a reader who scrolled back", async () => {
      const ports = memoryPorts([aRun({ status: "running" })], {
        [ID]: outputOf(["stdout", "line\n".repeat(200)]),
      });
      const { page } = await open(ports, `/runs/${ID}`);
      await page.locator("#live-state.on").waitFor();
      const distance = () =>
        page.locator("#log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
      ports.emit(ID, next(ports, "stdout", "a\nb\n"));
      await expect.poll(async () => (await rows(page)).at(-1)).toBe("b");
      expect(await distance()).toBeLessThan(2);
      await page.locator("#log").evaluate((log) => log.scrollTo(0, 100));
      ports.emit(ID, next(ports, "stdout", "c\n"));
      await expect.poll(async () => (await rows(page)).at(-1)).toBe("c");
      expect(await page.locator("#log").evaluate((log) => log.scrollTop)).toBe(100);
    });

    test("cancel asks for it, from https and this computer as from any other host", async () => {
      const ports = memoryPorts([aRun({ status: "running" })]);
      const { page, url, context } = await open(ports, `/runs/${ID}`);
      await page.getByRole("button", { name: "Cancel run" }).click();
      await page.getByText("Being cancelled").waitFor();
      expect(ports.calls).toContain(`cancel ${ID}`);

      ports.change(aRun({ status: "running" }));
      const elsewhere = url.replace("127.0.0.1", "mayfly.test");
      await context.addCookies([{ name: "mayfly_session", value: SESSION, url: elsewhere }]);
      await page.goto(`${elsewhere}/runs/${ID}`);
      await page.getByRole("button", { name: "Cancel run" }).click();
      await page.getByText("Being cancelled").waitFor();
    });

    test("open details and focus survive a change of the run", async () => {
      const ports = memoryPorts([aRun({ status: "starting", env: { LEVEL: "debug" } })]);
      const { page } = await open(ports, `/runs/${ID}`);
      await page.getByText("LEVEL").click();
      await page.locator("#cancel").focus();
      ports.change(aRun({ status: "running", env: { LEVEL: "debug" } }));
      await page.locator("#head .badge.running").waitFor();
      expect(await page.getByText("debug", { exact: true }).isVisible()).toBe(true);
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("cancel");
    });

    test("the list follows its runs quietly, and shows the first one when it comes", async () => {
      const ports = memoryPorts();
      const { page, incidents } = await open(ports, "/");
      await page.getByText("No runs yet").waitFor();
      ports.change(aRun({ name: "first", status: "running" }));
      await page.locator("#runs .badge.running").waitFor();
      ports.change(aRun({ name: "first" }));
      await page.locator("#runs .badge.succeeded").waitFor();
      await page.getByRole("link", { name: "first" }).click();
      await page.getByRole("heading", { name: "first" }).waitFor();
      expect(incidents).toEqual([]);
    });

    test("a schedule's page follows what comes due, in the reader's time beside the schedule's own", async () => {
      const ports = memoryPorts([aRun({ status: "running" })]);
      ports.known.schedules = [aSchedule()];
      const armed = aFiring({ outcome: "armed" });
      ports.known.ledgers = { "nightly/at-two": [armed] };
      const { page, incidents } = await open(ports, "/schedules/nightly/at-two", {
        timezoneId: "Asia/Tokyo",
      });
      await page.locator("#ledger .badge.armed").waitFor();
      const due = page.locator("#ledger .clock").first();
      await expect.poll(() => due.textContent()).toBe("Sat 2026-11-21 12:00Sat 2026-11-21 20:00 local");
      ports.known.ledgers = { "nightly/at-two": [{ ...armed, outcome: "ran", run_id: ID, late_ms: 40 }] };
      await page.locator("#ledger .badge.running").waitFor();
      await expect.poll(() => due.textContent()).toContain("20:00 local");
      ports.change(aRun());
      // Whoever comes back to the page sees it as it is now.
      await page.evaluate(() => dispatchEvent(new Event("focus")));
      await page.locator("#ledger .badge.succeeded").waitFor();
      await page.locator("#pause").focus();
      await page.keyboard.press("Enter");
      await page.getByText("Resume schedule").waitFor();
      expect(ports.calls).toEqual(["pause nightly/at-two true"]);
      expect(incidents).toEqual([]);
    });

    test("the steps of a build appear and change while one looks, and lead to what each wrote", async () => {
      const spec = ["install", "test"].map((name) => ({
        name,
        run: "true",
        if: "success" as const,
        env: {},
      }));
      const build = (status: RunBody["status"], steps: AttemptBody["steps"]) =>
        aRun({
          status,
          command: null,
          steps: spec as unknown as RunBody["steps"],
          attempts: steps.length === 0 ? [] : [anAttempt(status, { steps })],
        });
      const under = { exit_code: null, ended_at: null };
      const waits = { state: "waiting" as const, ...under, started_at: null, stdout: null, stderr: null };
      const ports = memoryPorts([build("queued", [])]);
      const { page, incidents } = await open(ports, `/runs/${ID}`);
      // Without the times, which go on.
      const steps = () =>
        page
          .locator("#steps tbody tr")
          .evaluateAll((rows) =>
            rows.map((row) =>
              [...row.querySelectorAll("th, .how, .size")].map((cell) => cell.textContent).join(" "),
            ),
          );
      expect(await page.locator("#steps").isVisible()).toBe(false);
      const open0 = { stdout: { from: 0, to: null }, stderr: { from: 0, to: null } };
      const first = aStep({ name: "install", state: "running", ...under, ...open0, started_at: at(5000) });
      ports.change(build("running", [first, aStep({ number: 2, ...waits })]));
      await expect.poll(steps).toEqual(["install Running ", "test Waiting "]);
      ports.emit(ID, next(ports, "stdout", "installed\n"));
      await untilRows(page, ["install", "installed"]);
      const section = { stdout: { from: 0, to: 10 }, stderr: { from: 0, to: 0 } };
      const installed = aStep({ name: "install", ...section });
      const then = { stdout: { from: 10, to: null }, stderr: { from: 0, to: null } };
      const second = aStep({ number: 2, state: "running", ...under, ...then, started_at: at(1000) });
      ports.change(build("running", [installed, second]));
      await page.locator("#steps tr.succeeded").waitFor();
      ports.emit(ID, next(ports, "stdout", "1 failed\n"));
      await untilRows(page, ["install", "installed", "test", "1 failed"]);
      await page.getByRole("heading", { name: "test", level: 3 }).waitFor();
      const ended = { stdout: { from: 10, to: 19 }, stderr: { from: 0, to: 0 } };
      const failed = aStep({ number: 2, state: "failed", exit_code: 2, ...ended });
      ports.change(build("failed", [installed, failed]));
      await expect.poll(steps).toEqual(["install Succeeded 10 bytes", "test Failedexit code 2 9 bytes"]);
      await page.getByRole("link", { name: "test", exact: true }).click();
      await page.getByRole("heading", { name: "test" }).waitFor();
      expect(await page.locator(".log .row").allTextContents()).toEqual(["1 failed"]);
      expect(incidents).toEqual([]);
    });

    test("a hook's URL is copied, its ledger follows its runs, and another URL is given by the keyboard once confirmed", async () => {
      const ports = memoryPorts([aRun({ status: "running" })]);
      ports.hooks.hooks = [aHook()];
      ports.hooks.deliveries = { "deploy/github": [aDelivery({ run_id: ID })] };
      const permissions = ["clipboard-read", "clipboard-write"];
      const { page, incidents } = await open(ports, "/hooks/deploy/github", { permissions });
      await page.getByRole("button", { name: "Copy the URL" }).click();
      await page.getByText("Copied").first().waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(aHook().url);
      await page.locator("#ledger .badge.running").waitFor();
      await page.getByLabel("With this text").fill("half a wo");
      ports.change(aRun());
      await page.locator("#ledger .badge.succeeded").waitFor();
      expect(await page.getByLabel("With this text").inputValue()).toBe("half a wo");
      expect(await page.getByRole("button", { name: "Give it another URL" }).isVisible()).toBe(false);
      await page.locator("#rotate > summary").focus();
      for (const key of ["Enter", "Tab", "Enter"]) await page.keyboard.press(key);
      await expect.poll(() => ports.calls).toEqual([`rotate deploy/github since ${aHook().url_since}`]);
      expect(incidents).toEqual([]);
    });

    test("a session that ended leads to the sign-in page", async () => {
      const ports = memoryPorts([aRun({ status: "starting" })]);
      const { page } = await open(ports, `/runs/${ID}`);
      ports.isSignedIn = async () => false;
      await page.getByLabel("API token").waitFor();
      expect(page.url()).toContain(`/sign-in?next=%2Fruns%2F${ID}`);
    });

    test("without a script: sign in, read, cancel, sign out", async () => {
      const ports = memoryPorts([aRun({ status: "running" })], {
        [ID]: outputOf(["stdout", "\x1b[31mred\x1b[0m\n"]),
      });
      const url = await start(ports);
      const context = await browser.newContext({ javaScriptEnabled: false });
      contexts.push(context);
      const page = await context.newPage();
      await page.goto(`${url}/runs/${ID}`);
      await page.getByLabel("API token").fill("wrong");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("That token is not the one").waitFor();
      await page.getByLabel("API token").fill(TOKEN);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("red", { exact: true }).waitFor();
      expect(page.url()).toBe(`${url}/runs/${ID}`);
      // The page loads itself again: what came meanwhile is there.
      ports.emit(ID, next(ports, "stdout", "later\n"));
      await page.getByText("later", { exact: true }).waitFor({ timeout: 10_000 });
      await page.getByRole("button", { name: "Cancel run" }).click();
      await page.getByText("Being cancelled").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("API token").waitFor();
      await page.goto(`${url}/`);
      expect(page.url()).toBe(`${url}/sign-in`);
    });

    test("a sign-in link works from a page of another site, with a cookie that other sites do not send", async () => {
      const url = await start(memoryPorts([aRun({ name: "mine" })]));
      const context = await browser.newContext();
      contexts.push(context);
      const page = await context.newPage();
      await page.route("http://mayfly.test/", (route) =>
        route.fulfill({ contentType: "text/html", body: `<a href="${url}/sign-in/good-ticket">link</a>` }),
      );
      await page.goto("http://mayfly.test/");
      await page.getByText("link").click();
      await page.getByRole("link", { name: "mine" }).waitFor();
      expect(page.url()).toBe(`${url}/`);
      const cookies = await context.cookies(url);
      expect(cookies).toMatchObject([{ name: "mayfly_session", httpOnly: true, sameSite: "Strict" }]);
    });

    test("on a phone every row of the list and of the events is whole", async () => {
      const failed = aRun({ status: "failed", reason: "command_not_found", accepted_at: at(7_000_000) });
      const running = aRun({
        id: runId(2),
        status: "running",
        name: "a name of many words ".repeat(5),
        accepted_at: at(80_000_000),
      });
      const { page, url } = await open(memoryPorts([running, failed]), "/", {
        viewport: { width: 360, height: 800 },
      });
      const rows = await page.locator("#runs tbody tr").evaluateAll((all) =>
        all.map((row) =>
          [...row.children].map((cell) => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            const { left, right, top, bottom } = range.getBoundingClientRect();
            return { left, right, top, bottom };
          }),
        ),
      );
      expect(rows).toHaveLength(2);
      for (const cells of rows)
        for (const [index, cell] of cells.entries()) {
          expect(cell.left).toBeGreaterThan(10);
          expect(cell.right).toBeLessThan(350);
          for (const other of cells.slice(index + 1)) {
            const apart =
              cell.right <= other.left ||
              other.right <= cell.left ||
              cell.bottom <= other.top + 1 ||
              other.bottom <= cell.top + 1;
            expect(apart, JSON.stringify([cell, other])).toBe(true);
          }
        }
      await page.goto(`${url}/runs/${ID}`);
      await page.locator("#events-list > summary").click();
      const data = page.locator(".events td:last-child", { hasText: "machine_name" });
      expect(await data.evaluate((cell) => cell.clientHeight)).toBeLessThan(40);
    });

    test("of a long output its end is shown first, and of none no empty panel", async () => {
      const ports = memoryPorts([aRun({ status: "failed" }), aRun({ id: runId(2) })], {
        [ID]: outputOf(["stdout", "line\n".repeat(300)]),
      });
      const { page, url } = await open(ports, `/runs/${ID}`);
      const distance = () =>
        page.locator("#log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
      await expect.poll(distance).toBeLessThan(2);
      await page.goto(`${url}/runs/${runId(2)}`);
      await page.getByText("Nothing was written.").waitFor();
      expect(await page.locator("#log").isVisible()).toBe(false);
    });

    const looks = (["light", "dark"] as const).flatMap((scheme) =>
      (scheme === "light" ? [1280, 1000, 360] : [1280, 360]).map((width) => ({ scheme, width })),
    );
    test.each(looks)(
      "$scheme at $width px: readable contrast, nothing wider than the screen",
      async ({ scheme, width }) => {
        const colors = [1, 2, 3, 4, 5, 6, 7].map((n) => `\x1b[3${n}mc${n}\x1b[9${n}mC${n}\x1b[0m`).join(" ");
        const output = { stdout_bytes: 1, stderr_bytes: 0, dropped_bytes: 9, complete: false };
        const run = aRun({
          status: "failed",
          tags: { a: "x".repeat(80) },
          image: `ghcr.io/${"y".repeat(90)}`,
          output,
        });
        const statuses = (["queued", "starting", "running", "succeeded", "cancelled"] as const).map(
          (status, n) => aRun({ id: runId(n + 2), status, name: "z".repeat(100) }),
        );
        const change = aChange({ branch: "b".repeat(120), message: "w".repeat(200), author: "a".repeat(60) });
        const of = {
          hook: "github",
          id: "1",
          event: "push",
          without_secrets: false,
          other_repository: false,
        };
        const build = aRun({ id: runId(9), name: "build", delivery: { ...of, change, report: null } });
        const ports = memoryPorts([run, build, ...statuses], {
          [ID]: outputOf(["stdout", `${colors}\n${"w".repeat(500)}\n`]),
        });
        const firings = FIRING_OUTCOMES.map((outcome, n) =>
          aFiring({
            outcome,
            due_at: at(n * 60_000),
            run_id: n === 1 ? ID : null,
            late_ms: 86_000_000,
            count: 24,
          }),
        );
        const alert = anAlert({ schedule: "x".repeat(63), detail: "w ".repeat(60) });
        const long = { name: "x".repeat(63), job: "y".repeat(63), rule: "z".repeat(80) };
        ports.known.jobs = [
          aJob({
            name: long.job,
            description: "w".repeat(200),
            labels: { [long.name]: "v".repeat(90) },
            on: [{ job: long.name }, { job: long.job }],
            followed_by: [{ job: long.name, outcomes: ["succeeded", "failed"] }],
            hooks: [{ source: "github", events: ["e".repeat(90), "f".repeat(90)] }],
            last_alert: alert,
          }),
          aJob({ paused_at: at(1000), input_schema: { type: "object" } }),
        ];
        ports.known.versions = [aVersion(2, { run: { image: "y".repeat(90) } }), aVersion(1)];
        ports.known.schedules = [
          aSchedule(),
          aSchedule({
            name: "paused",
            paused_by: ["hand", "job"],
            timezone: "America/Argentina/ComodRivadavia",
          }),
          aSchedule({ ...long, last_firing: firings[1] ?? null, last_alert: alert }),
        ];
        ports.known.ledgers = { "nightly/at-two": firings };
        const failing = anAlert({
          ...{ type: "report_failing", schedule: null, hook: long.name },
          detail: "w ".repeat(1000),
        });
        ports.known.alerts = [alert, anAlert(), failing];
        Object.assign(ports.hooks, crowdedHooks(ID));
        // In each scheme and at each end of widths once: they are many.
        const ofHooks = (scheme === "light") === (width === 1280) && width !== 1000 ? CROWDED_PAGES : [];
        const { page, url } = await open(ports, `/runs/${ID}`, {
          timezoneId: "Asia/Tokyo",
          colorScheme: scheme,
          viewport: { width, height: 800 },
        });
        for (const path of [
          "/jobs",
          "/jobs/nightly",
          `/jobs/${long.job}`,
          "/jobs/nightly/versions",
          "/jobs/nightly/diff?from=1&to=2",
          "/schedules",
          "/schedules/nightly/at-two",
          `/schedules/${long.job}/${long.name}`,
          "/alerts",
          `/runs/${ID}`,
          `/runs/${runId(4)}`,
          ...ofHooks,
          "/",
        ]) {
          await page.goto(url + path);
          expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(
            width,
          );
          if (path === "/alerts" && width === 1280)
            expect((await page.locator(".alerts .of").first().boundingBox())?.width).toBeGreaterThan(200);
          const cut = page
            .locator(".card.flush")
            .evaluateAll((cards) =>
              cards.filter((card) => card.scrollWidth > card.clientWidth).map((card) => card.textContent),
            );
          expect(await cut, path).toEqual([]);
          expect(await page.evaluate(lowContrast), path).toEqual([]);
        }
        const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        expect(background).toBe(scheme === "dark" ? "rgb(14, 19, 20)" : "rgb(245, 247, 247)");
      },
    );
  },
);

/** Runs in the page: texts with less than WCAG AA's contrast of 4.5 to 1. */
function lowContrast(): string[] {
  const parse = (color: string): [number, number, number, number] => {
    const [r = 0, g = 0, b = 0, a = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
    return [r, g, b, a];
  };
  const over = (top: number[], under: number[]): [number, number, number, number] => {
    const a = top[3] ?? 1;
    const mix = (i: number): number => (top[i] ?? 0) * a + (under[i] ?? 0) * (1 - a);
    return [mix(0), mix(1), mix(2), 1];
  };
  const backgroundOf = (element: Element | null): [number, number, number, number] =>
    element === null
      ? [255, 255, 255, 1]
      : over(parse(getComputedStyle(element).backgroundColor), backgroundOf(element.parentElement));
  const luminance = (color: number[]): number => {
    const channel = (i: number): number => {
      const value = (color[i] ?? 0) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2);
  };
  const found: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!element || !node.textContent?.trim() || !element.checkVisibility()) continue;
    const background = backgroundOf(element);
    const [light = 0, dark = 0] = [
      luminance(over(parse(getComputedStyle(element).color), background)),
      luminance(background),
    ].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5)
      found.push(
        `${ratio.toFixed(2)} ${element.className || element.tagName} ${node.textContent.slice(0, 30)}`,
      );
  }
  return found;
}
