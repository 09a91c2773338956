import { afterAll, beforeAll, expect, it } from "vitest";
import type { ChangedJobBody } from "../../src/api/job-schema.ts";
import type { RunBody } from "../../src/api/run-schema.ts";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await stack.call(path, init);
  expect(response.status).toBeLessThan(300);
  return (response.status === 204 ? null : await response.json()) as T;
}

const put = (run: object, more: object = {}) =>
  call<ChangedJobBody>("PUT", "/v1/jobs/story", { run: { image: "debian:12", ...run }, ...more });
const text = async ({ id }: RunBody) => Buffer.from(await stack.output(id, "stdout")).toString();

/** What a shell must not take for its own, and what JSON spells out. */
const INPUT = { text: "a 'b' \"c\" $(date) \\ \n ü 🦋 \0", list: [1, null, true], empty: {} };

it("a job's command has its input byte for byte, with the version that it was run with, and so has its re-run after the job is gone", async () => {
  const script = 'printf "%s\\n" "$MAYFLY_JOB" "$MAYFLY_JOB_VERSION"; printf %s "$MAYFLY_INPUT"';
  await put({ script }, { input_schema: { required: ["text"] } });
  const first = await call<RunBody>("POST", "/v1/jobs/story/runs", { input: INPUT });
  expect((await stack.final(first.id)).status).toBe("succeeded");
  expect(await text(first)).toBe(`story\n1\n${JSON.stringify(INPUT)}`);
  await put({ script: "echo other" });
  await call("DELETE", "/v1/jobs/story");
  const again = await call<RunBody>("POST", `/v1/runs/${first.id}/rerun`);
  expect((await stack.final(again.id)).job).toEqual({ name: "story", version: 1 });
  expect(await text(again)).toBe(await text(first));
});

it("a job that is changed and deleted while its run is at work changes nothing of it, also where the worker is killed and the run is tried again", async () => {
  // The first attempt fails once it was seen, the second prints what it was given.
  const script = '[ "$MAYFLY_ATTEMPT" = 2 ] || { echo begun; sleep 3; exit 1; }; printf %s "$MAYFLY_INPUT"';
  const retry = { attempts: 2, backoff: { initial: "1s" } };
  const { version } = await put({ script, retry });
  const run = await call<RunBody>("POST", "/v1/jobs/story/runs", { input: [version] });
  await stack.following(run.id, (line) => line.text?.includes("begun") ?? false);
  await put({ script: "echo changed" });
  await call("DELETE", "/v1/jobs/story");
  await stack.killWorker();
  await stack.startWorker();
  await stack.fireCron();
  const ended = await stack.final(run.id);
  expect(ended).toMatchObject({ status: "succeeded", job: { name: "story", version }, attempts: [{}, {}] });
  expect(await text(ended)).toBe(`begun\n[${version}]`);
  const { runs } = await call<{ runs: RunBody[] }>("GET", "/v1/runs?job=story&limit=1");
  expect(runs.map(({ id }) => id)).toEqual([run.id]);
});

it("a job starts once after another's run, with what that came to, also where the worker is killed as that ends", async () => {
  const next = await call<ChangedJobBody>("PUT", "/v1/jobs/next", {
    run: {
      image: "debian:12",
      script: 'printf "%s\\n" "$MAYFLY_UPSTREAM_RUN" "$MAYFLY_UPSTREAM_EXIT_CODE" "$MAYFLY_INPUT"',
    },
    on: [{ job: "first", outcome: "failed" }],
  });
  expect(next.notes.map(({ path }) => path)).toEqual(["on.0.job"]);
  await call("PUT", "/v1/jobs/first", { run: { image: "debian:12", script: "exit 3" } });
  for (const [round, kills] of [false, true].entries()) {
    const first = await call<RunBody>("POST", "/v1/jobs/first/runs", {});
    await stack.final(first.id);
    if (kills) {
      await stack.killWorker();
      await stack.startWorker();
      await stack.fireCron();
    }
    const runId = await eventually("the run after it", async () => {
      const { downstream } = await stack.run(first.id);
      return downstream[0]?.run_id ?? false;
    });
    const upstream = { run_id: first.id, job: "first", outcome: "failed", reason: "exit_code", exit_code: 3 };
    const started = await stack.final(runId);
    expect(started).toMatchObject({ status: "succeeded", upstream });
    expect(await text(started)).toBe(`${first.id}\n3\n${JSON.stringify({ upstream })}\n`);
    const { runs } = await call<{ runs: RunBody[] }>("GET", "/v1/runs?job=next");
    expect(runs).toHaveLength(round + 1);
  }
});
