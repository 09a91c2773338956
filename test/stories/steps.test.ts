import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import { type GitServer, gitServer, HAS_GIT } from "../support/git-server.ts";
import { type Stack, startStack } from "../support/stack.ts";

const TOKEN = "token-of-the-story";

let stack: Stack;
let git: GitServer;
beforeAll(async () => {
  [stack, git] = await Promise.all([startStack(), gitServer()]);
});
afterAll(() => Promise.all([stack?.close(), git?.close()]));

async function call<T>(method: string, path: string, body: unknown): Promise<T> {
  const response = await stack.call(path, { method, body: JSON.stringify(body) });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return (await response.json()) as T;
}

const textOf = async (id: string, query: string) =>
  (await stack.call(`/v1/runs/${id}/output?${query}`)).text();

it.skipIf(!HAS_GIT)(
  "a job builds what is in a repository that takes a token, step by step, and goes on where the worker is killed in the middle",
  async () => {
    const commit = git.commit("acme/site", { "test.sh": "echo tested; echo warned >&2\n" });
    git.commit("acme/site", { "test.sh": "exit 1\n" });
    git.password = TOKEN;
    await call("PUT", "/v1/secrets/GIT_TOKEN", { value: TOKEN });
    await call("PUT", "/v1/jobs/build", {
      run: {
        image: "debian:12",
        checkout: { token: "GIT_TOKEN", depth: 2 },
        steps: [
          { name: "test", run: "sh test.sh; git rev-parse HEAD" },
          { name: "wait", run: "echo waiting; sleep 4; echo waited", timeout: "1m" },
          { name: "fail", run: "printf 'no newline'; exit 3" },
          { name: "deploy", run: "echo never" },
          { name: "tell", run: 'echo "told of $MAYFLY_STEP"', if: "failure()" },
        ],
      },
    });
    const order = { overrides: { checkout: { repository: `${git.url}/acme/site`, ref: commit } } };
    const { id } = await call<RunBody>("POST", "/v1/jobs/build/runs", order);
    await stack.following(id, (line) => line.text?.includes("waiting") ?? false);
    // What a step wrote can be read before how the steps stand is.
    const under = async () => (await stack.run(id)).attempts[0]?.steps.map(({ state }) => state);
    await expect.poll(under).toEqual(["succeeded", "succeeded", "running", "waiting", "waiting", "waiting"]);
    await stack.killWorker();
    await stack.startWorker();
    await stack.fireCron();
    const run = await stack.final(id);
    expect(run).toMatchObject({
      status: "failed",
      reason: "exit_code",
      exit_code: 3,
      detail: 'the step "fail" exited with 3',
      output: { complete: true },
    });
    const steps = run.attempts[0]?.steps ?? [];
    expect(steps.map(({ name, state, exit_code }) => [name, state, exit_code])).toEqual([
      ["checkout", "succeeded", 0],
      ["test", "succeeded", 0],
      ["wait", "succeeded", 0],
      ["fail", "failed", 3],
      ["deploy", "skipped", null],
      ["tell", "succeeded", 0],
    ]);
    const wait = steps[2];
    expect(Date.parse(wait?.ended_at ?? "") - Date.parse(wait?.started_at ?? "")).toBeGreaterThanOrEqual(
      3900,
    );
    expect(await textOf(id, "stream=stdout&step=test")).toBe(`tested\n${commit}\n`);
    expect(await textOf(id, "stream=stderr&step=test")).toBe("warned\n");
    expect(await textOf(id, "stream=stdout&step=wait")).toBe("waiting\nwaited\n");
    expect(await textOf(id, "stream=stdout&step=fail")).toBe("no newline");
    expect(await textOf(id, "stream=stdout&step=tell")).toBe("told of tell\n");
    const sections = await Promise.all(steps.map(({ number }) => textOf(id, `stream=stdout&step=${number}`)));
    expect(sections.join("")).toBe(await textOf(id, "stream=stdout"));
    expect(await textOf(id, "")).not.toContain(TOKEN);
  },
);
