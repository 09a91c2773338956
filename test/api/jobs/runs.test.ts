import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { EventListBody, RunBody, RunListBody } from "../../../src/api/run-schema.ts";
import { COMPLAINTS_TOLD_MAX, INPUT_CHECK_MAX_STEPS } from "../../../src/core/limits.ts";
import { call, put, RUN, runJob } from "./call.ts";

/** So that nobody carries it out while it is looked at. */
const LATER = { ...RUN, delay: "1h" };
const INPUT = {
  type: "object",
  required: ["env"],
  properties: {
    env: { enum: ["staging", "prod"] },
    replicas: { type: "integer", minimum: 1, maximum: 10 },
    names: { type: "array", items: { type: "string", minLength: 2 }, uniqueItems: true },
    owner: { $ref: "#/$defs/person" },
  },
  additionalProperties: false,
  $defs: {
    person: { type: "object", required: ["mail"], properties: { mail: { type: "string", format: "email" } } },
  },
};

describe("a job's run", () => {
  it("tells its job, the version in force and its input, and so does its first event", async () => {
    await put("told-run", { run: LATER });
    await put("told-run", { run: { ...LATER, tags: { a: "b" } } });
    const { status, body: run } = await runJob("told-run", { input: { n: [1, "ü", null] } });
    expect(status).toBe(202);
    const job = { name: "told-run", version: 2 };
    expect(run).toMatchObject({ job, input: { n: [1, "ü", null] }, tags: { a: "b" }, name: null });
    const events = await call<EventListBody>("GET", `/v1/runs/${run.id}/events`);
    expect(events.body.events[0]).toMatchObject({ type: "accepted", data: { job } });
    const plain = await call<RunBody>("POST", "/v1/runs", LATER);
    expect(plain.body).toMatchObject({ job: null, input: null });
    const { body } = await call<RunListBody>("GET", "/v1/runs?job=told-run");
    expect(body.runs).toMatchObject([{ id: run.id, job }]);
    expect(body.runs[0]).not.toHaveProperty("input");
  });

  it.each([
    ["nothing", undefined, {}],
    ["an empty body", {}, {}],
    ["null", { input: null }, null],
    ["false", { input: false }, false],
    ["a number", { input: 0 }, 0],
    ["a text", { input: "" }, ""],
  ])("of %s has that input", async (name, body, input) => {
    const job = `of-${name.replaceAll(" ", "-")}`;
    await put(job, { run: LATER });
    const { body: run } = await runJob(job, body);
    expect(run.input).toEqual(input);
    expect((await call<RunBody>("GET", `/v1/runs/${run.id}`)).body.input).toEqual(input);
  });

  it("does otherwise what its overrides say", async () => {
    await put("changed-run", {
      run: {
        ...LATER,
        env: { A: "1", B: "2" },
        machine: { size: "performance-2x" },
        timeouts: { run: "2h" },
      },
    });
    const { body: run } = await runJob("changed-run", {
      overrides: {
        script: "echo hi",
        env: { B: null, C: "3" },
        machine: { memory_mb: 8192 },
        timeouts: { stop: "30s" },
      },
    });
    expect(run).toMatchObject({
      command: null,
      script: "echo hi",
      env: { A: "1", C: "3" },
      machine: { cpu_kind: "performance", cpus: 2, memory_mb: 8192 },
      timeouts: { run: "2h", stop: "30s" },
    });
    const bigger = await runJob("changed-run", { overrides: { machine: { cpus: 4 } } });
    expect(bigger.body.machine).toEqual({ cpu_kind: "performance", cpus: 4, memory_mb: 8192 });
    expect((await call("GET", "/v1/jobs/changed-run")).body).toMatchObject({
      version: 1,
      run: { env: { B: "2" } },
    });
  });

  it("with fewer attempts or regions leaves out the job's rules for retries that can not act then", async () => {
    const stop = { reasons: ["timed_out"], do: "stop" };
    const rules = [
      { exit_codes: [75], do: "same_size" },
      { reasons: ["out_of_memory", "machine_lost"], do: "next_size" },
      { reasons: ["no_capacity"], do: "next_region" },
      stop,
    ];
    await put("ruled-run", { run: { ...LATER, regions: ["ams", "fra"], retry: { attempts: 3, rules } } });
    const once = await runJob("ruled-run", { overrides: { retry: { attempts: 1 }, regions: ["ams"] } });
    expect(once.status).toBe(202);
    expect(once.body.retry).toMatchObject({
      attempts: 1,
      rules: [
        { reasons: ["machine_lost"], exit_codes: [], do: "next_size" },
        { reasons: ["no_capacity"], do: "same_size" },
        stop,
      ],
    });
    for (const retry of [null, { attempts: null }])
      expect((await runJob("ruled-run", { overrides: { retry } })).status).toBe(202);
    const more = await runJob("ruled-run", { overrides: { retry: { attempts: 5 } } });
    expect(more.body.retry?.rules).toHaveLength(4);
    // Those of the order itself are refused.
    const own = await runJob("ruled-run", {
      overrides: { retry: { attempts: 1, rules: rules.slice(0, 1) } },
    });
    expect([own.status, own.body.error?.path]).toEqual([422, "overrides.retry.rules.0.exit_codes"]);
    expect(own.body.error?.message).toContain("needs retry.attempts of 2 or more");
  });

  it("has a concurrency key of its job and input, whatever stands in them", async () => {
    const concurrency = { key: "{job}/{input.env}/{input.deep.n}/{tags.x}{{}}" };
    await put("keyed-run", { run: { ...LATER, tags: { x: "t" }, concurrency } });
    const { body: run } = await runJob("keyed-run", { input: { env: "{image}", deep: { n: 7 } } });
    expect(run.concurrency?.key).toBe("keyed-run/{image}/7/t{}");
    const again = await call<RunBody>("POST", `/v1/runs/${run.id}/rerun`);
    expect(again.body.concurrency?.key).toBe("keyed-run/{image}/7/t{}");
    for (const input of [{}, { env: {}, deep: { n: 1 } }, { env: null }, 5, { env: ["x"] }]) {
      const refused = await runJob("keyed-run", { input });
      expect([refused.status, refused.body.error?.path]).toEqual([422, "input.env"]);
    }
  });

  it("is one run for one key, and another job's is another order", async () => {
    for (const job of ["one-a", "one-b"]) await put(job, { run: LATER });
    const key = { "idempotency-key": "jobs-one" };
    const first = await runJob("one-a", '{"input": {"a": 1, "b": 2}}', key);
    const same = await runJob("one-a", '{"overrides": {}, "input": {"b": 2, "a": 1}}', key);
    expect([same.status, same.body.id]).toEqual([200, first.body.id]);
    expect((await runJob("one-a", { input: { a: 1, b: 3 } }, key)).status).toBe(409);
    expect((await runJob("one-b", '{"input": {"a": 1, "b": 2}}', key)).status).toBe(409);
    await put("one-a", { run: { ...LATER, name: "newer" } });
    const later = await runJob("one-a", '{"input": {"a": 1, "b": 2}}', key);
    expect(later.body).toMatchObject({ id: first.body.id, job: { version: 1 } });
  });

  it("is answered once more under its key when its job has changed or gone", async () => {
    await put("gone-since", { run: LATER });
    const key = { "idempotency-key": "gone-since" };
    const first = await runJob("gone-since", { input: { a: 1 } }, key);
    await put("gone-since", { run: LATER, input_schema: { required: ["b"] } });
    const changed = await runJob("gone-since", { input: { a: 1 } }, key);
    expect([changed.status, changed.body.id]).toEqual([200, first.body.id]);
    expect((await runJob("gone-since", { input: { a: 2 } }, key)).body.error.path).toBe("input.b");
    await call("DELETE", "/v1/jobs/gone-since");
    expect((await runJob("gone-since", { input: { a: 1 } }, key)).body.id).toBe(first.body.id);
    expect((await runJob("gone-since", { input: { a: 1 } })).status).toBe(404);
    await put("gone-not", { run: LATER, input_schema: { required: ["b"] } });
    expect((await runJob("gone-not", { input: { a: 1 } }, key)).status).toBe(422);
  });

  it("is found by its job and cancelled with the others of it", async () => {
    for (const job of ["group-a", "group-b"]) await put(job, { run: LATER });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.unshift((await runJob("group-a")).body.id);
    const other = (await runJob("group-b")).body.id;
    const cancelled = await call<{ run_ids: string[] }>("POST", "/v1/runs/cancel", { job: "group-a" });
    expect(cancelled.body.run_ids).toEqual(ids);
    const page = await call<RunListBody>("GET", "/v1/runs?job=group-a&limit=2");
    expect(page.body.runs.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const rest = await call<RunListBody>("GET", `/v1/runs?job=group-a&cursor=${page.body.next_cursor}`);
    expect(rest.body.runs.map(({ id }) => id)).toEqual(ids.slice(2));
    expect((await call<RunListBody>("GET", "/v1/runs?job=group-b&status=queued")).body.runs[0]?.id).toBe(
      other,
    );
    expect((await call<RunListBody>("GET", "/v1/runs?job=group-a&status=queued")).body.runs).toEqual([]);
  });
});

const fine = { env: "prod" };
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

/** The body, the field that is named, and what its sentence says. */
const BAD_RUNS: [name: string, body: unknown, path: string | null, says: string][] = [
  ["a list", [], null, "the body must be an object"],
  ["an unknown field", { inputs: {} }, "inputs", "known are input, overrides"],
  ["overrides that are a list", { input: fine, overrides: [] }, "overrides", "must be an object"],
  ["no input where one is wanted", {}, "input.env", "is missing"],
  ["an input of another type", { input: "prod" }, "input", 'must be an object, not "prod"'],
  ["a value that is not in the list", { input: { env: "dev" } }, "input.env", '"staging", "prod", not "dev"'],
  ["a number below", { input: { ...fine, replicas: 0 } }, "input.replicas", "at least 1"],
  ["a number above", { input: { ...fine, replicas: 11 } }, "input.replicas", "at most 10"],
  ["half a number", { input: { ...fine, replicas: 1.5 } }, "input.replicas", "a whole number, not 1.5"],
  ["an item that is too short", { input: { ...fine, names: ["ab", "c"] } }, "input.names.1", "at least 2"],
  ["an item twice", { input: { ...fine, names: ["ab", "ab"] } }, "input.names", "twice"],
  [
    "an unknown field of it",
    { input: { ...fine, nope: 1 } },
    "input.nope",
    "known are env, replicas, names, owner",
  ],
  ["a field behind a reference", { input: { ...fine, owner: {} } }, "input.owner.mail", "is missing"],
  ["a format", { input: { ...fine, owner: { mail: "me" } } }, "input.owner.mail", "format email"],
  ["an input too large", { input: "x".repeat(65_535) }, "input", "at most 65536 bytes"],
  ["an input too deep", { input: deep(40) }, "input", "32 deep"],
  [
    "an override that is wrong",
    { input: fine, overrides: { image: "no image!" } },
    "overrides.image",
    "image",
  ],
  ["an override of nothing", { input: fine, overrides: { comand: [] } }, "overrides.comand", "unknown field"],
  [
    "a part of an override",
    { input: fine, overrides: { machine: { cpus: 3 } } },
    "overrides.machine.cpus",
    "possible",
  ],
  [
    "what they take away",
    { input: fine, overrides: { command: null } },
    "overrides.command",
    "needs a command",
  ],
  [
    "a secret that is not there",
    { input: fine, overrides: { secrets: { A: "NONE" } } },
    "overrides.secrets.A",
    "NONE",
  ],
];

describe("an order that is not accepted is answered with its field and stores nothing", () => {
  it.each(BAD_RUNS)("%s", async (_, body, path, says) => {
    await put("strict", { run: LATER, input_schema: INPUT });
    const { status, body: answer } = await runJob("strict", body, { "idempotency-key": "bad" });
    expect(status).toBe(422);
    expect(answer.error).toMatchObject({ path, message: expect.stringContaining(says) });
    const rows = await env.DB.prepare("SELECT count(*) AS n FROM runs WHERE job_name = 'strict'").first("n");
    expect(rows).toBe(0);
  });

  it("is told all that is wrong with its input, each place once", async () => {
    await put("strict", { run: LATER, input_schema: INPUT });
    const input = { replicas: 11, names: ["ab", "c", 5], owner: { mail: "me" }, nope: 1 };
    const { body } = await runJob("strict", { input });
    const all = [body.error, ...(body.error.others ?? [])].map(({ path }) => path);
    expect(all.toSorted()).toEqual([
      "input.env",
      "input.names.1",
      "input.names.2",
      "input.nope",
      "input.owner.mail",
      "input.replicas",
    ]);
    const many = await runJob("strict", { input: { ...fine, names: Array.from({ length: 70 }, () => "c") } });
    expect(many.body.error.others).toHaveLength(COMPLAINTS_TOLD_MAX - 1);
    expect(many.body.error.others_left_out).toBe(71 - COMPLAINTS_TOLD_MAX);
  });

  it("of a job that names secrets which are not there says so of each", async () => {
    await put("secretive", { run: { ...LATER, secrets: { A: "NOT_SET", B: "NOR_THIS" } } });
    const { error } = (await runJob("secretive")).body;
    expect([error.path, ...(error.others ?? []).map(({ path }) => path)]).toEqual([
      "job.run.secrets.A",
      "job.run.secrets.B",
    ]);
  });

  it("of a job that names a secret which is not there says so of the job", async () => {
    await put("secretive", { run: { ...LATER, secrets: { KEY: "NOT_SET" } } });
    expect((await runJob("secretive")).body.error.path).toBe("job.run.secrets.KEY");
  });

  it("of a schema that doubles its work with each level ends in time", async () => {
    const twice = { properties: { a: { $ref: "#" } } };
    await put("doubling", { run: LATER, input_schema: { allOf: [twice, twice] } });
    let input: object = {};
    for (let n = 0; n < 25; n++) input = { a: input };
    const { status, body } = await runJob("doubling", { input });
    expect(status).toBe(422);
    expect(body.error).toMatchObject({
      path: "input",
      message: expect.stringContaining(String(INPUT_CHECK_MAX_STEPS)),
    });
  });
});

describe("a schema", () => {
  it.each([
    ["of names that every object has", { properties: { constructor: { type: "string" } } }, {}, true],
    ["that wants such a name", { required: ["toString"] }, {}, false],
    [
      "of draft 7",
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        definitions: { id: { type: "integer" } },
        dependencies: { $id: ["b"], c: { required: ["d"] } },
        items: [{ $ref: "#/definitions/id" }, { type: "string" }],
      },
      [1, "x", {}],
      true,
    ],
    [
      "of draft 7 whose dependency is not met",
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        dependencies: { id: ["b"], c: { required: ["d"] } },
      },
      { c: 1 },
      false,
    ],
    [
      "of a tree",
      {
        properties: { left: { $ref: "#" }, right: { $ref: "#" }, v: { type: "number" } },
        additionalProperties: false,
      },
      { left: { right: { v: 1 } }, v: 2 },
      true,
    ],
    [
      "of a name with slashes, blanks and signs",
      { $ref: "#/$defs/a~1b%20c~0d%25", $defs: { "a/b c~d%": { type: "null" } } },
      null,
      true,
    ],
    ["with others' words", { "x-form": { $ref: "http://[" }, title: "T", examples: [1] }, 1, true],
    ["that forbids everything", { not: {} }, 1, false],
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
    ["of a condition", { if: { required: ["a"] }, then: { required: ["b"] } }, { a: 1 }, false],
  ])("%s is kept as it says", async (name, input_schema, input, isAccepted) => {
    const job = name.replaceAll(/[^a-z0-9]/g, "-");
    expect((await put(job, { run: LATER, input_schema })).status).toBe(201);
    expect((await runJob(job, { input })).status).toBe(isAccepted ? 202 : 422);
  });
});
