import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type {
  JobBody,
  JobDiffBody,
  JobListBody,
  JobVersionBody,
  VersionListBody,
} from "../../../src/api/job-schema.ts";
import type { RunBody, RunListBody } from "../../../src/api/run-schema.ts";
import { JOB_VERSIONS_KEPT } from "../../../src/core/limits.ts";
import { d1Jobs } from "../../../src/d1/job-store.ts";
import { countedD1 } from "../../support/counted-d1.ts";
import { call, put, RUN, runJob } from "./call.ts";

const show = (name: string) => call<JobBody>("GET", `/v1/jobs/${name}`);
const versions = async (name: string) =>
  (await call<VersionListBody>("GET", `/v1/jobs/${name}/versions`)).body.versions;

async function count(sql: string): Promise<number> {
  return (await env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`).first<{ n: number }>())?.n ?? -1;
}

describe("a definition", () => {
  it("is answered as it was put, by its newest version", async () => {
    const definition = {
      description: "Reports of the night",
      labels: { team: "data" },
      run: { ...RUN, timeouts: { run: "2h" } },
      input_schema: { type: "object" },
    };
    const made = await put("as-put", definition);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: "as-put", version: 1, outcome: "created", paused_at: null });
    const { outcome: _outcome, notes: _notes, ...job } = made.body;
    expect((await show("as-put")).body).toEqual({ ...job, followed_by: [], last_alert: null });
    expect(job).toMatchObject(definition);
    expect((await put("as-put", { run: RUN })).body).toMatchObject({
      version: 2,
      outcome: "changed",
      description: null,
      labels: {},
      run: RUN,
      input_schema: null,
    });
  });

  it.each([
    [
      "the fields in another order",
      { run: { command: ["true"], env: { A: "1", B: "2" }, image: "debian:12" } },
    ],
    [
      "defaults spelt out",
      { run: { ...RUN, env: { A: "1", B: "2" }, capture: "output", timeouts: { run: "15m" }, tags: {} } },
    ],
  ])("that says the same with %s makes no version", async (name, same) => {
    const job = name.replaceAll(" ", "-");
    await put(job, { run: { ...RUN, env: { B: "2", A: "1" } } });
    const again = await put(job, same);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ version: 1, outcome: "unchanged" });
    expect(await versions(job)).toHaveLength(1);
  });

  it("whose concurrency key asks for another field of the input is another", async () => {
    const keyed = (key: string) => ({ run: { ...RUN, concurrency: { key } } });
    await put("keyed", keyed("{input.a}"));
    expect((await put("keyed", keyed("{input.b}"))).body).toMatchObject({
      version: 2,
      run: { concurrency: { key: "{input.b}" } },
    });
  });

  it("is kept by each of its versions, which can be compared and put into force again", async () => {
    await put("told", { run: { ...RUN, env: { LEVEL: "info", OLD: "1" } } });
    await put("told", { description: "new", run: { ...RUN, env: { LEVEL: "debug" }, image: "debian:12" } });
    const diff = await call<JobDiffBody>("GET", "/v1/jobs/told/diff");
    expect(diff.body).toEqual({
      from: 1,
      to: 2,
      changes: [
        { path: "run.env.LEVEL", from: "info", to: "debug" },
        { path: "run.env.OLD", from: "1" },
        { path: "description", to: "new" },
      ],
      is_whole: true,
    });
    const back = await call<JobBody>("POST", "/v1/jobs/told/rollback", { version: 1 });
    expect(back.body).toMatchObject({ version: 3, outcome: "changed", run: { env: { OLD: "1" } } });
    expect(await versions("told")).toMatchObject([
      { version: 3, change: "rollback", rolled_back_to: 1 },
      { version: 2, change: "put", rolled_back_to: null },
      { version: 1, change: "put" },
    ]);
    const again = await call<JobBody>("POST", "/v1/jobs/told/rollback", { version: 1 });
    expect(again.body).toMatchObject({ version: 3, outcome: "unchanged" });
    const second = await call<JobVersionBody>("GET", "/v1/jobs/told/versions/2");
    expect(second.body).toMatchObject({ version: 2, description: "new", run: { env: { LEVEL: "debug" } } });
  });

  it("has its versions on pages, newest first", async () => {
    for (let n = 1; n <= 5; n++) await put("paged", { run: { ...RUN, env: { N: String(n) } } });
    const page = async (cursor: string | null) =>
      (
        await call<VersionListBody>(
          "GET",
          `/v1/jobs/paged/versions?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`,
        )
      ).body;
    const numbers: number[][] = [];
    for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
      const body: VersionListBody = await page(cursor);
      numbers.push(body.versions.map(({ version }) => version));
      cursor = body.next_cursor;
    }
    expect(numbers).toEqual([[5, 4], [3, 2], [1]]);
  });
});

describe("of those who change a job at the same time", () => {
  it("each makes a version of its own, one after the other", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => put("crowded", { run: { ...RUN, env: { N: String(n) } } })),
    );
    expect(answers.map(({ body }) => body.version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(7).fill(200), 201]);
    const kept = await Promise.all(
      answers.map(({ body }) => call<JobVersionBody>("GET", `/v1/jobs/crowded/versions/${body.version}`)),
    );
    expect(kept.map(({ body }) => body.run.env)).toEqual(answers.map((_, n) => ({ N: String(n) })));
    const last = answers.find(({ body }) => body.version === 8);
    expect((await show("crowded")).body.run).toEqual(last?.body.run);
  });

  it("the same makes one version", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => put("agreed")));
    expect(answers.map(({ body }) => body.outcome).sort()).toEqual([
      "created",
      ...Array(5).fill("unchanged"),
    ]);
    expect(await versions("agreed")).toHaveLength(1);
  });

  it("one alone changes the version that all of them expect", async () => {
    await put("expected", { run: RUN });
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        put("expected", { run: { ...RUN, env: { N: String(n) } } }, "?expected_version=1"),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
    expect(await versions("expected")).toHaveLength(2);
    expect(answers.find(({ status }) => status === 409)?.body.error).toMatchObject({
      code: "version_conflict",
      path: "query.expected_version",
      message: expect.stringContaining("version 2 is in force"),
    });
  });

  it("one alone makes the job that all of them expect not to be there", async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, n) =>
        put("unexpected", { run: { ...RUN, env: { N: String(n) } } }, "?expected_version=0"),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it("who deletes and who changes come one after the other", async () => {
    for (let round = 0; round < 5; round++) {
      const job = `gone-${round}`;
      await put(job);
      const [changed, deleted] = await Promise.all([
        put(job, { run: { ...RUN, name: "x" } }, "?expected_version=1"),
        call("DELETE", `/v1/jobs/${job}?expected_version=1`),
      ]);
      expect([
        [200, 409],
        [409, 204],
      ]).toContainEqual([changed.status, deleted.status]);
    }
  });
});

describe("a deleted job", () => {
  it("is not there, keeps its versions, and goes on counting when it is put again", async () => {
    await put("phoenix", { run: RUN });
    expect((await call("DELETE", "/v1/jobs/phoenix")).status).toBe(204);
    for (const answer of [
      await show("phoenix"),
      await call("DELETE", "/v1/jobs/phoenix"),
      await runJob("phoenix"),
      await call("POST", "/v1/jobs/phoenix/pause"),
      await call("POST", "/v1/jobs/phoenix/rollback", { version: 1 }),
    ]) {
      expect(answer.status).toBe(404);
      expect(answer.body.error).toMatchObject({ code: "not_found", path: "path.name" });
    }
    expect(await versions("phoenix")).toHaveLength(1);
    const back = await put("phoenix", { run: RUN });
    expect([back.status, back.body.version, back.body.outcome]).toEqual([201, 2, "created"]);
    expect(await versions("phoenix")).toHaveLength(2);
  });

  it("leaves its runs as they are, and they can be run again", async () => {
    await put("left", { run: { ...RUN, delay: "1h" } });
    const { body: run } = await runJob("left", { input: { n: 1 } });
    await call("DELETE", "/v1/jobs/left");
    const job = { name: "left", version: 1 };
    expect((await call<RunBody>("GET", `/v1/runs/${run.id}`)).body).toMatchObject({ job, input: { n: 1 } });
    const again = await call<RunBody>("POST", `/v1/runs/${run.id}/rerun`);
    expect(again.body).toMatchObject({ job, input: { n: 1 }, rerun_of: run.id });
    const listed = await call<RunListBody>("GET", "/v1/runs?job=left");
    expect(listed.body.runs.map(({ id }) => id)).toEqual([again.body.id, run.id]);
  });
});

describe("a paused job", () => {
  it("is paused since its first pause, and runs by hand and says so", async () => {
    await put("paused", { run: { ...RUN, delay: "1h" } });
    const { body } = await call<JobBody>("POST", "/v1/jobs/paused/pause");
    expect(body.paused_at).not.toBeNull();
    expect((await call<JobBody>("POST", "/v1/jobs/paused/pause")).body.paused_at).toBe(body.paused_at);
    const run = await runJob("paused");
    expect([run.status, run.headers.get("mayfly-job-paused")]).toEqual([202, body.paused_at]);
    expect((await call<JobBody>("POST", "/v1/jobs/paused/resume")).body.paused_at).toBeNull();
    expect((await runJob("paused")).headers.get("mayfly-job-paused")).toBeNull();
  });

  it("stays so when it is changed, and not when it is deleted", async () => {
    await put("still", { run: RUN });
    await call("POST", "/v1/jobs/still/pause");
    expect((await put("still", { run: { ...RUN, name: "x" } })).body.paused_at).not.toBeNull();
    await call("DELETE", "/v1/jobs/still");
    expect((await put("still")).body.paused_at).toBeNull();
  });
});

it("a list of ten thousand jobs reads its page, and leads to each job once", async () => {
  const jobs = 10_000;
  const numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)";
  await env.DB.batch([
    env.DB.prepare(
      `${numbers} INSERT INTO jobs (org_id, name, version, created_at, updated_at, deleted_at)
       SELECT 'default', printf('many-%05d', i), 1, 0, 0, iif(i % 2, 1, NULL) FROM n`,
    ).bind(2 * jobs - 1),
    env.DB.prepare(
      `${numbers} INSERT INTO job_versions (org_id, name, version, definition, changed_by, created_at)
       SELECT 'default', printf('many-%05d', i), 1, '{"description":"one","run":{}}', 'put', 0 FROM n`,
    ).bind(2 * jobs - 1),
  ]);
  const { database, counts } = countedD1(env.DB);
  const page = await d1Jobs(database).list("default", "many-10001", 50);
  expect(page.map(({ name }) => name)).toEqual(
    Array.from({ length: 50 }, (_, i) => `many-${10_002 + 2 * i}`),
  );
  expect(counts.rowsRead).toBeLessThanOrEqual(4 * 50);
  const seen: string[] = [];
  for (let cursor: string | null = "many"; cursor !== null; ) {
    const { body }: { body: JobListBody } = await call<JobListBody>(
      "GET",
      `/v1/jobs?limit=200&cursor=${cursor}`,
    );
    seen.push(...body.jobs.map(({ name }) => name).filter((name) => name.startsWith("many-")));
    cursor = body.next_cursor;
  }
  expect(seen).toHaveLength(jobs);
  expect(new Set(seen).size).toBe(jobs);
});

it("of a job's versions the newest are kept", async () => {
  await put("old");
  const store = d1Jobs(env.DB);
  const found = await store.find("default", "old");
  const job = found && { ...found.job, version: JOB_VERSIONS_KEPT };
  await env.DB.prepare("UPDATE jobs SET version = ? WHERE name = 'old'").bind(JOB_VERSIONS_KEPT).run();
  const next = { version: JOB_VERSIONS_KEPT + 1, definition: { run: RUN }, change: { kind: "put" as const } };
  await store.put("default", "old", job, { ...next, createdAt: 1 });
  expect(await count("job_versions WHERE name = 'old'")).toBe(1);
  const gone = await call("GET", "/v1/jobs/old/versions/1");
  expect([gone.status, gone.body.error.message]).toEqual([
    404,
    expect.stringContaining("newest 1000 are kept"),
  ]);
});
