import { describe, expect, test } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import { createDashboard } from "../../src/dashboard/dashboard.tsx";
import { memoryPorts, SIGNED_IN } from "./memory-ports.ts";
import { anAttempt, aRun, aStep, at, outputOf } from "./run-factory.ts";

const HOSTILE = '</bdi><b onclick="x">&';

function aBuild(steps = [aStep()], changes: Partial<RunBody> = {}): RunBody {
  const ending = { reason: "exit_code" as const, exit_code: 7 };
  return aRun({
    status: "failed",
    ...ending,
    command: null,
    detail: 'the step "test" exited with 7',
    attempts: [anAttempt("failed", { ...ending, steps })],
    ...changes,
  });
}

async function page(run: RunBody, path = "", lines: ReturnType<typeof outputOf> = []) {
  const ports = memoryPorts([run], { [run.id]: lines });
  const response = await createDashboard(ports).request(`/runs/${run.id}${path}`, { headers: SIGNED_IN });
  const html = await response.text();
  const words = html.replaceAll(/<head>.*?<\/head>|<[^>]*>/gs, " ").replaceAll(/\s+/g, " ");
  return { status: response.status, html, words };
}

describe("the steps of a run", () => {
  test("are told with their state, end, output and time, and lead to what they wrote", async () => {
    const { html, words } = await page(
      aBuild([
        aStep({ name: "checkout", stdout: { from: 0, to: 60 } }),
        aStep({ number: 2, name: "test", state: "failed", exit_code: 7, ended_at: at(20_000) }),
        aStep({ number: 3, name: "slow", state: "failed", exit_code: 143, timed_out: true, if: "failure" }),
        aStep({ number: 4, name: "never", state: "skipped", exit_code: null, stdout: null, stderr: null }),
        aStep({ number: 5, name: "tidy", if: "always" }),
      ]),
    );
    expect(words).toContain("1 checkout Succeeded 60 bytes 2.00 s");
    expect(words).toContain("2 test Failed exit code 7 nothing 10.0 s");
    expect(words).toContain("3 slow on failure Failed time limit passed");
    expect(words).toContain("4 never Skipped");
    expect(words).toContain("5 tidy always Succeeded");
    expect(html).toContain('/steps/2?attempt=1"');
    expect(html).not.toContain('/steps/4?attempt=1"');
    expect(words.toLowerCase()).toContain("the step &quot;test&quot; exited with 7");
  });

  test("are not there where a run is one command", async () => {
    expect((await page(aRun())).html).not.toContain("steps-title");
  });

  test("come with what the script fetches, while they go on", async () => {
    const running = aStep({
      state: "running",
      exit_code: null,
      ended_at: null,
      stdout: { from: 0, to: null },
    });
    const run = aBuild([running], {
      status: "running",
      attempts: [anAttempt("running", { steps: [running] })],
    });
    const { html } = await page(run, "?part=summary");
    expect(html).toContain('id="steps" data-part');
    expect(html).toContain(`data-since="${running.started_at}"`);
  });

  test("of earlier attempts are folded away", async () => {
    const first = anAttempt("failed", { steps: [aStep({ name: "first" })] });
    const second = anAttempt("failed", { number: 2, steps: [aStep({ name: "second" })] });
    const { html } = await page(aBuild([], { attempts: [first, second] }));
    expect(html).toMatch(/second.*<details id="steps-1">.*first/s);
  });

  test("are headings in the output of the run, and of one that goes on for its script, too", async () => {
    const steps = [
      aStep({ name: "one", stdout: { from: 0, to: 4 } }),
      aStep({ number: 2, name: "two", state: "running", ended_at: null, stdout: { from: 4, to: null } }),
    ];
    const lines = outputOf(["stdout", "a b\nc d\n"]);
    const { html } = await page(
      aBuild(steps, { status: "running", attempts: [anAttempt("running", { steps })] }),
      "",
      lines,
    );
    expect(html).toMatch(
      /role="heading" aria-level="3">one<.*>a b<.*role="heading" aria-level="3">two<.*>c d</,
    );
    expect(html).toMatch(/data-snapshot="[^"]*&quot;name&quot;:&quot;two&quot;/);
  });

  test("have names that stay words", async () => {
    const hostile = aStep({ name: HOSTILE, stdout: { from: 0, to: 2 } });
    for (const path of ["", "/steps/1"])
      expect((await page(aBuild([hostile]), path, outputOf(["stdout", "a\n"]))).html).not.toContain(
        "<b onclick",
      );
    const unseen = aStep({ ...hostile, name: "a\u202eb", state: "failed", timed_out: true });
    const ended = { reason: "timed_out" as const, limit: "step" as const, exit_code: null };
    for (const path of ["", "/steps/1"]) {
      const { html, words } = await page(aBuild([unseen], ended), path, outputOf(["stdout", "a\n"]));
      expect([path, html.includes("\u202e"), html.includes("\\u202e")]).toEqual([path, false, true]);
      if (path === "") expect(words).toContain("Its step &quot;a\\u202eb&quot; ran past its limit");
    }
  });
});

describe("the page of a step", () => {
  const steps = [
    aStep({ name: "one", stdout: { from: 0, to: 4 }, stderr: { from: 0, to: 2 } }),
    aStep({ number: 2, name: "two", stdout: { from: 4, to: 8 }, stderr: { from: 2, to: 2 } }),
  ];
  const lines = outputOf(["stdout", "one\n"], ["stderr", "a\n"], ["stdout", "two\n"]);

  test("has what it wrote and nothing else, and the way to the others", async () => {
    const { html, words } = await page(aBuild(steps), "/steps/2?attempt=1", lines);
    expect(words).toMatch(/two +Succeeded/);
    expect(html).toContain(">two</div>");
    expect(words).not.toContain("are not shown here");
    expect(html).not.toContain(">a</div>");
    expect(html).toContain('/steps/1?attempt=1"');
  });

  test("says where it wrote nothing, and where there is no such step or attempt", async () => {
    expect((await page(aBuild([aStep()]), "/steps/1")).words).toContain("Nothing was written.");
    for (const path of ["/steps/3", "/steps/1?attempt=2", "/steps/x"])
      expect((await page(aBuild(steps), path)).status).toBe(404);
  });
});
