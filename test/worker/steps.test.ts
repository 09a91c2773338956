import { env, exports } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { dashboardPorts } from "../../src/worker/dashboard-ports.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aStepsSpec } from "../support/a-steps-spec.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { createRunToEnd, secretKeeperOn } from "../support/run-to-end.ts";
import { unhurriedMachines } from "../support/unhurried-machines.ts";

const runToEnd = createRunToEnd(env.DB, env.OUTPUT, inject("machinesUrl"));

/** The output that is not asked for by step: of each line its stream, where it stands, and the first and last step that wrote some of it. */
async function flatOutput(path: string): Promise<{ text: string; first: number; last: number }[]> {
  const run = (await (await ask(path)).json()) as RunBody;
  const steps = run.attempts[0]?.steps ?? [];
  const stepAt = (stream: "stdout" | "stderr", at: number) =>
    steps.findIndex((step) => at >= (step[stream]?.from ?? Infinity) && at < (step[stream]?.to ?? Infinity));
  const lines = (await text(`${path}/output`)).trim().split("\n");
  return lines.map((line) => {
    const { stream, offset, text } = JSON.parse(line);
    return { text, first: stepAt(stream, offset), last: stepAt(stream, offset + text.length - 1) };
  });
}

const inOrder = (lines: { first: number; last: number }[]) =>
  lines.every(({ first, last }, index) => first <= last && first >= (lines[index - 1]?.last ?? 0));

async function ask(path: string): Promise<Response> {
  return exports.default.fetch(
    new Request(`https://mayfly.test${path}`, { headers: { authorization: "Bearer test-token" } }),
  );
}

const text = async (path: string) => (await ask(path)).text();

describe("a run of steps", () => {
  it("is stored with how each went, and what each wrote can be read alone", async () => {
    const steps = aStepsSpec([
      "echo one; echo a >&2",
      { run: "printf two; exit 7", name: "test" },
      "echo three",
      { run: "echo four; echo b >&2", if: "always" },
    ]);
    const { state } = await runToEnd(steps);
    expect(state.run).toMatchObject({
      status: "failed",
      reason: "exit_code",
      detail: 'the step "test" exited with 7',
      exit: { code: 7 },
      output: { complete: true },
    });
    const path = `/v1/runs/${state.run.id}`;
    const run = (await (await ask(path)).json()) as RunBody;
    expect(run.attempts[0]?.steps).toMatchObject([
      {
        number: 1,
        name: "step 1",
        state: "succeeded",
        exit_code: 0,
        stdout: { from: 0, to: 4 },
        stderr: { from: 0, to: 2 },
      },
      {
        number: 2,
        name: "test",
        state: "failed",
        exit_code: 7,
        stdout: { from: 4, to: 7 },
        stderr: { from: 2, to: 2 },
      },
      { number: 3, name: "step 3", state: "skipped", exit_code: null, stdout: null, started_at: null },
      {
        number: 4,
        name: "step 4",
        state: "succeeded",
        if: "always",
        stdout: { from: 7, to: 12 },
        stderr: { from: 2, to: 4 },
      },
    ]);
    expect(await text(`${path}/output?stream=stdout`)).toBe("one\ntwofour\n");
    expect(await text(`${path}/output?stream=stdout&step=test`)).toBe("two");
    expect(await text(`${path}/output?stream=stdout&step=4&attempt=1`)).toBe("four\n");
    expect(await text(`${path}/output?stream=stderr&step=4`)).toBe("b\n");
    expect(await text(`${path}/output?stream=stdout&step=3`)).toBe("");
    const lines = (await text(`${path}/output?step=4`))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { stream: "stdout", offset: 7, text: "four\n" },
      { stream: "stderr", offset: 2, text: "b\n" },
    ]);
    expect(inOrder(await flatOutput(path))).toBe(true);
    const [, second] = run.attempts[0]?.steps ?? [];
    if (!second) throw new Error("there is a second step");
    const page = await dashboardPorts(apiPorts(env)).readStep(run.id, 1, second, 2);
    expect(page).toMatchObject({ lines: [{ stream: "stdout", text: "wo" }], fromStart: false });
  });

  it("is stored step by step also where its fifty steps are told in one read", async () => {
    const { database, counts } = countedD1(env.DB);
    const counted = createRunToEnd(database, env.OUTPUT, inject("machinesUrl"), unhurriedMachines().fetch);
    const { state } = await counted(
      aStepsSpec(Array.from({ length: 50 }, (_, n) => `echo ${n}; echo e${n} >&2`)),
    );
    expect(state.run.status).toBe("succeeded");
    expect(state.attempts[0]?.steps.map(({ state }) => state)).toEqual(Array(50).fill("succeeded"));
    const lines = await flatOutput(`/v1/runs/${state.run.id}`);
    expect(inOrder(lines)).toBe(true);
    expect(lines).toHaveLength(100);
    // Nine of any run, in one of which ten chunks are stored.
    expect(counts.statements).toBe(9 + 9);
  });

  it("is stored step by step also where a step wrote more than one read brings, and past what the database keeps", async () => {
    const much = "head -c 400000 /dev/zero | tr '\\0' x";
    const { state } = await runToEnd(
      aStepsSpec([`echo a >&2; ${much}`, "echo b >&2", `${much}; echo c >&2`]),
    );
    expect(state.run).toMatchObject({
      status: "succeeded",
      output: { complete: true, stdoutBytes: 800_000, stderrBytes: 6 },
    });
    const path = `/v1/runs/${state.run.id}`;
    const lines = await flatOutput(path);
    expect(inOrder(lines)).toBe(true);
    expect(lines.length).toBeGreaterThan(4);
    expect(await text(`${path}/output?stream=stderr`)).toBe("a\nb\nc\n");
    expect((await text(`${path}/output?stream=stdout&step=3`)).length).toBe(400_000);
  });

  it("ends as its command did whatever a step writes into the record of steps, and can be read", async () => {
    const forged = [
      "999 ",
      "x",
      "s 1 100",
      "e 1 0 0 900719925474099 0 0",
      "e 1 0 0 1 0 0",
      "s 999 1",
      "k -1",
    ];
    const { state } = await runToEnd(
      aStepsSpec([`printf '${forged.join("\\n")}\\n' 1<>"\${0%/*}/steps"; echo hello; exit 3`]),
    );
    expect(state.run).toMatchObject({ status: "failed", exit: { code: 3 }, output: { complete: true } });
    expect(state.attempts[0]?.steps).toHaveLength(1);
    for (const path of ["", "/events", "/output"])
      expect((await ask(`/v1/runs/${state.run.id}${path}`)).status).toBe(200);
  });

  it.each([
    ["?step=nope", "query.step", "the run has no step nope; its steps are step 1"],
    ["?step=1&attempt=2", "query.attempt", "the run has no attempt 2"],
    ["?step=1&attempt=0", "query.attempt", "from 1"],
    ["?attempt=1", "query.attempt", "give step, too"],
    ["?step=1&follow=true", "query.step", "following is of all steps"],
  ])("has no output %s", async (query, path, says) => {
    const { state } = await runToEnd(aStepsSpec(["true"]));
    const answer = (await (await ask(`/v1/runs/${state.run.id}/output${query}`)).json()) as {
      error: { path: string; message: string };
    };
    expect(answer.error.path).toBe(path);
    expect(answer.error.message).toContain(says);
  });

  it("has the secret of its checkout in no step but that one, and what a command is told of its run in each", async () => {
    await secretKeeperOn(env.DB).set("default", "CHECKOUT", "a-token-of-the-checkout");
    const checkout = {
      repository: "http://127.0.0.1:1/none",
      ref: null,
      path: "/tmp/none",
      depth: 1,
      submodules: "none" as const,
      token: "CHECKOUT",
      deployKey: null,
    };
    const above = 'cat "/proc/$PPID/environ" "/proc/$up/environ" "/proc/$PPID/cmdline" "/proc/$up/cmdline"';
    const look = `env; read -r _ _ _ up _ <"/proc/$PPID/stat"; ${above} | tr '\\0' '\\n'; exit 0`;
    const steps = aStepsSpec([{ run: `cd /; ${look}`, if: "always" }], {
      checkout,
      env: { SEEN: "yes" },
    });
    const { state } = await runToEnd({
      ...steps,
      steps: steps.steps.map((step) => ({ ...step, workingDirectory: "/" })),
    });
    expect(["checkout_failed", "git_missing"]).toContain(state.run.reason);
    const output = await text(`/v1/runs/${state.run.id}/output?stream=stdout&step=2`);
    expect(output).toContain("SEEN=yes\n");
    for (const own of [`RUN_ID=${state.run.id}`, "ATTEMPT=1", "STEP=step 1"])
      expect(output).toContain(`MAYFLY_${own}\n`);
    expect(output).toContain("/steps.sh\n");
    expect(output).not.toMatch(/TOKEN|\*\*\*/);
  });

  it("costs a row for each step more than a run of one command, and no statement and no call", async () => {
    const cost = async (spec: Partial<RunSpec>) => {
      const { database, counts } = countedD1(env.DB);
      const machines = unhurriedMachines();
      const counted = createRunToEnd(database, env.OUTPUT, inject("machinesUrl"), machines.fetch);
      const { state } = await counted(spec);
      expect(state.run.status).toBe("succeeded");
      return { rows: counts.rowsWritten, statements: counts.statements, calls: machines.calls() };
    };
    const plain = await cost({ command: ["echo", "hi"] });
    const found = await cost(aStepsSpec(["echo hi", "true", "true"]));
    const ofOneStream = await cost(aStepsSpec(["echo hi", "echo hi", "echo hi >&2"]));
    const ofBoth = await cost(aStepsSpec(["echo hi; echo a >&2", "true", "echo hi; echo a >&2"]));
    console.log("one run:", plain, "of three steps:", found, "of which two write to both streams:", ofBoth);
    expect(found).toEqual({ rows: plain.rows + 3, statements: plain.statements, calls: plain.calls });
    // A chunk for each stream, as of a run without steps; and where both streams go over from one step to another two more.
    expect(ofOneStream).toEqual({ ...found, rows: found.rows + 1 });
    expect(ofBoth).toEqual({ ...found, rows: found.rows + 3 });
  });
});
