import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { BAD_DEFINITIONS, BAD_IN_MANY_WAYS, long } from "./bad-definitions.ts";
import { call, put, RUN, runJob } from "./call.ts";

async function stored(): Promise<number[]> {
  const tables = ["jobs", "job_versions", "runs", "idempotency_keys"];
  const rows = await env.DB.batch<{ n: number }>(
    tables.map((table) => env.DB.prepare(`SELECT count(*) AS n FROM ${table}`)),
  );
  return rows.map(({ results }) => results[0]?.n ?? -1);
}

const BAD_NAMES = ["A", "-a", "a b", "a%2Fb", long(64), "ü", "a%00"];

describe("a definition that is not accepted is answered with its field and stores nothing", () => {
  it.each(BAD_DEFINITIONS)("%s", async (_, body, path, says) => {
    const before = await stored();
    const { status, body: answer } = await put("bad", body);
    expect(status).toBe(422);
    expect(answer.error).toMatchObject({
      code: "invalid_input",
      path,
      message: expect.stringContaining(says),
    });
    expect(await stored()).toEqual(before);
  });

  it.each(BAD_IN_MANY_WAYS)("%s, with all that is wrong", async (_, body, paths) => {
    const { status, body: answer } = await put("bad", body);
    const { path, others = [] } = answer.error;
    expect([status, path, ...others.map((other) => other.path)]).toEqual([422, ...paths]);
  });

  it("in more ways than anybody would read, of which it is told how many there are", async () => {
    const { body } = await put("bad", { run: { ...RUN, command: Array.from({ length: 80 }, () => 5) } });
    expect(body.error).toMatchObject({ path: "run.command.0", others_left_out: 30 });
    expect(body.error.others).toHaveLength(49);
  });

  it.each(BAD_NAMES)("the name %s", async (name) => {
    const before = await stored();
    for (const answer of [
      await put(name),
      await call("GET", `/v1/jobs/${name}`),
      await call("DELETE", `/v1/jobs/${name}`),
      await runJob(name),
      await call("POST", `/v1/jobs/${name}/rollback`, { version: 1 }),
      await call("POST", `/v1/jobs/${name}/pause`),
    ]) {
      expect(answer.status).toBe(422);
      expect(answer.body.error).toMatchObject({
        path: "path.name",
        message: expect.stringContaining("small letters"),
      });
    }
    expect(await stored()).toEqual(before);
  });

  it.each([
    ["what is no JSON", "{", 400, null],
    ["__proto__", '{"run": {"image": "x", "env": {"__proto__": "x"}}}', 422, "run.env.__proto__"],
    ["what is too large", JSON.stringify({ run: { ...RUN, script: long(1_100_000) } }), 413, null],
  ])("%s", async (_, text, status, path) => {
    const answer = await put("bad", text);
    expect([answer.status, answer.body.error.path]).toEqual([status, path]);
  });
});

describe("calls about a job that are not accepted", () => {
  it.each([
    ["PUT", "/v1/jobs/a?expected_version=-1", { run: RUN }, "query.expected_version"],
    ["PUT", "/v1/jobs/a?expected_version=x", { run: RUN }, "query.expected_version"],
    ["PUT", "/v1/jobs/a?version=1", { run: RUN }, "query.version"],
    ["DELETE", "/v1/jobs/a?expected_version=1.5", undefined, "query.expected_version"],
    ["GET", "/v1/jobs?limit=0", undefined, "query.limit"],
    ["GET", "/v1/jobs?cursor=%2F", undefined, "query.cursor"],
    ["GET", "/v1/jobs/a/versions?limit=1000", undefined, "query.limit"],
    ["GET", "/v1/jobs/a/versions?cursor=0", undefined, "query.cursor"],
    ["GET", "/v1/jobs/a/versions/0", undefined, "path.version"],
    ["GET", "/v1/jobs/a/versions/latest", undefined, "path.version"],
    ["GET", "/v1/jobs/a/diff?from=0", undefined, "query.from"],
    ["GET", "/v1/jobs/a/diff?to=x", undefined, "query.to"],
    ["POST", "/v1/jobs/a/rollback", {}, "version"],
    ["POST", "/v1/jobs/a/rollback", { version: "1" }, "version"],
    ["POST", "/v1/jobs/a/rollback", { version: 1, to: 2 }, "to"],
    ["GET", "/v1/runs?job=A", undefined, "query.job"],
    ["POST", "/v1/runs/cancel", { job: "A" }, "job"],
  ])("%s %s %j names %s", async (method, path, body, field) => {
    const answer = await call(method, path, body);
    expect([answer.status, answer.body.error.path]).toEqual([422, field]);
  });

  it.each([
    ["GET", "/v1/jobs/nobody", "path.name"],
    ["GET", "/v1/jobs/nobody/versions", "path.name"],
    ["GET", "/v1/jobs/nobody/versions/1", "path.version"],
    ["GET", "/v1/jobs/nobody/diff", "path.name"],
    ["GET", "/v1/jobs/nobody/diff?from=1&to=2", "query.from"],
    ["POST", "/v1/jobs/nobody/resume", "path.name"],
  ])("%s %s is not found", async (method, path, field) => {
    const answer = await call(method, path);
    expect([answer.status, answer.body.error.path]).toEqual([404, field]);
  });
});
