import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { call, put, RUN, runJob } from "./call.ts";

const long = (count: number) => "x".repeat(count);
const withSchema = (input_schema: unknown) => ({ run: RUN, input_schema });
const deep = (levels: number): object => (levels === 0 ? {} : { not: deep(levels - 1) });

async function stored(): Promise<number[]> {
  const tables = ["jobs", "job_versions", "runs", "idempotency_keys"];
  const rows = await env.DB.batch<{ n: number }>(
    tables.map((table) => env.DB.prepare(`SELECT count(*) AS n FROM ${table}`)),
  );
  return rows.map(({ results }) => results[0]?.n ?? -1);
}

/** What is put, the field that is named, and what its sentence says. */
const BAD_DEFINITIONS: [name: string, body: unknown, path: string | null, says: string][] = [
  ["a list", [], null, "the body must be an object, not a list"],
  ["null", null, null, "the body must be an object, not null"],
  ["nothing to run", {}, "run", "is missing"],
  ["a run that is text", { run: "echo" }, "run", "must be an object"],
  ["an unknown field", { run: RUN, schedule: [] }, "schedule", "unknown field"],
  ["an empty description", { run: RUN, description: "" }, "description", "can not be empty"],
  ["a long description", { run: RUN, description: long(1001) }, "description", "at most 1000"],
  ["a label that is a number", { run: RUN, labels: { a: 1 } }, "labels.a", "must be text, not 1"],
  ["a label with a blank", { run: RUN, labels: { "a b": "1" } }, "labels.a b", "letters, digits"],
  [
    "too many labels",
    { run: RUN, labels: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`l${n}`, ""])) },
    "labels",
    "at most 16 labels",
  ],
  ["a run without an image", { run: { command: ["true"] } }, "run.image", "is missing"],
  ["a run with a bad variable", { run: { ...RUN, env: { "A-B": "" } } }, "run.env.A-B", "letters"],
  ["a run of an unknown field", { run: { ...RUN, comand: [] } }, "run.comand", "unknown field"],
  [
    "a key of an unknown field",
    { run: { ...RUN, concurrency: { key: "{nope}" } } },
    "run.concurrency.key",
    "{input.FIELD}",
  ],
  [
    "a key of the whole input",
    { run: { ...RUN, concurrency: { key: "{input}" } } },
    "run.concurrency.key",
    "{job}",
  ],
  ["a key with half a brace", { run: { ...RUN, concurrency: { key: "a{b" } } }, "run.concurrency.key", "{{"],
  [
    "a key of a tag that is not there",
    { run: { ...RUN, concurrency: { key: "{job}-{tags.env}" } } },
    "run.concurrency.key",
    "{tags.KEY}",
  ],
  ["a schema that is text", withSchema("object"), "input_schema", "must be an object"],
  ["a misspelt word", withSchema({ requried: ["a"] }), "input_schema.requried", "unknown word"],
  [
    "a word that is not understood",
    withSchema({ $dynamicRef: "#a" }),
    "input_schema.$dynamicRef",
    "unknown word",
  ],
  [
    "another draft",
    withSchema({ $schema: "http://json-schema.org/draft-04/schema#" }),
    "input_schema.$schema",
    "2020-12",
  ],
  ["a draft further down", withSchema({ not: { $schema: "x" } }), "input_schema.not.$schema", "at the top"],
  ["an unknown type", withSchema({ type: "strnig" }), "input_schema.type", "string"],
  ["no type at all", withSchema({ type: [] }), "input_schema.type", "one of"],
  ["required that is text", withSchema({ required: "a" }), "input_schema.required", "list of names"],
  [
    "a property that is no schema",
    withSchema({ properties: { a: 5 } }),
    "input_schema.properties.a",
    "must be a schema",
  ],
  ["properties that are a list", withSchema({ properties: [] }), "input_schema.properties", "by name"],
  ["no alternatives", withSchema({ anyOf: [] }), "input_schema.anyOf", "one at least"],
  ["no values", withSchema({ enum: [] }), "input_schema.enum", "one at least"],
  ["half a length", withSchema({ minLength: 0.5 }), "input_schema.minLength", "whole number"],
  ["a length below none", withSchema({ maxItems: -1 }), "input_schema.maxItems", "from 0"],
  ["a multiple of nothing", withSchema({ multipleOf: 0 }), "input_schema.multipleOf", "above 0"],
  ["a pattern that is none", withSchema({ pattern: "(" }), "input_schema.pattern", "regular expression"],
  ["a long pattern", withSchema({ pattern: long(257) }), "input_schema.pattern", "at most 256"],
  [
    "a property's pattern that is none",
    withSchema({ patternProperties: { "[": {} } }),
    "input_schema.patternProperties.[",
    "regular expression",
  ],
  ["an unknown format", withSchema({ format: "credit-card" }), "input_schema.format", "date-time"],
  [
    "a reference elsewhere",
    withSchema({ $ref: "https://example.com/schema.json" }),
    "input_schema.$ref",
    "nothing is fetched",
  ],
  ["a reference to nothing", withSchema({ $ref: "#/$defs/a" }), "input_schema.$ref", "there is no schema"],
  [
    "a reference to what is no schema",
    withSchema({ enum: [{}], not: { $ref: "#/enum/0" } }),
    "input_schema.not.$ref",
    "there is no schema",
  ],
  ["a circle", withSchema({ $ref: "#" }), "input_schema", "circle"],
  [
    "a longer circle",
    withSchema({
      $defs: { a: { allOf: [{ $ref: "#/$defs/b" }] }, b: { if: { $ref: "#/$defs/a" } } },
      properties: { x: { $ref: "#/$defs/a" } },
    }),
    "input_schema.$defs.a.allOf.0",
    "circle",
  ],
  ["a schema too deep", withSchema(deep(40)), "input_schema", "32 deep"],
  ["a schema too large", withSchema({ enum: [long(70_000)] }), "input_schema", "at most 65536 bytes"],
];

const LIMITS = 'a duration such as "90s" or "1h30m"';
const lateAfter = (late_after: unknown, more: object = {}) => ({
  run: RUN,
  schedules: [{ every: "1h" }, { every: "1m", late_after, ...more }],
});
const expectEvery = (expect_every: unknown) => ({ run: RUN, expect_every });
BAD_DEFINITIONS.push(
  ["late_after as a number", lateAfter(300), "schedules.1.late_after", LIMITS],
  ["late_after as nothing", lateAfter(null), "schedules.1.late_after", LIMITS],
  ["late_after without a unit", lateAfter("300"), "schedules.1.late_after", LIMITS],
  ["late_after below its least", lateAfter("999ms"), "schedules.1.late_after", "from 1s"],
  ["late_after above its most", lateAfter("169h"), "schedules.1.late_after", "to 168h"],
  ["late_after within jitter", lateAfter("30s", { jitter: "30s" }), "schedules.1.late_after", "than jitter"],
  ["late_after of the job", { run: RUN, late_after: "5m" }, "late_after", "unknown field"],
  ["expect_every as a number", expectEvery(3600), "expect_every", LIMITS],
  ["expect_every as nothing", expectEvery(null), "expect_every", LIMITS],
  ["expect_every in words", expectEvery("daily"), "expect_every", LIMITS],
  ["expect_every below its least", expectEvery("59s"), "expect_every", "from 1m"],
  ["expect_every above its most", expectEvery("367d"), "expect_every", "to 8784h"],
  [
    "expect_every of a schedule",
    { run: RUN, schedules: [{ every: "1h", expect_every: "2h" }] },
    "schedules.0.expect_every",
    "unknown field",
  ],
);

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
