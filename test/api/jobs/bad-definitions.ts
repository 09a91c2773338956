/** Definitions of jobs that are refused, by the API and by whoever reads a file. */

import { RUN } from "./run.ts";

export const long = (count: number) => "x".repeat(count);
const withSchema = (input_schema: unknown) => ({ run: RUN, input_schema });
const deep = (levels: number): object => (levels === 0 ? {} : { not: deep(levels - 1) });

/** What is put, the field that is named, and what its sentence says. */
export const BAD_DEFINITIONS: [name: string, body: unknown, path: string | null, says: string][] = [
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
  [
    "a schedule of a checkout that nobody says the repository of",
    { run: { ...RUN, checkout: true }, schedules: [{ every: "1h" }] },
    "run.checkout.repository",
    "a schedule starts runs of this job",
  ],
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
  [
    "a pattern that refers back",
    withSchema({ pattern: "(a)\\1" }),
    "input_schema.pattern",
    "refer back to a group",
  ],
  [
    "a pattern that repeats too much",
    withSchema({ pattern: "(a{999}){999}" }),
    "input_schema.pattern",
    "998001 parts",
  ],
  ["a schedule of nothing", { run: RUN, schedules: [{}] }, "schedules.0", "cron"],
  ["a cron that is none", { run: RUN, schedules: [{ cron: "61 * * * *" }] }, "schedules.0.cron", "minute"],
  [
    "a zone that is none",
    { run: RUN, schedules: [{ cron: "@daily", timezone: "Mars/Base" }] },
    "schedules.0.timezone",
    "IANA",
  ],
  [
    "a schedule's input that the job does not take",
    { run: RUN, input_schema: { required: ["a"] }, schedules: [{ every: "1h" }] },
    "schedules.0.input.a",
    "is missing",
  ],
  [
    "two schedules of one name",
    { run: RUN, schedules: [{ every: "1h" }, { every: "60m" }] },
    "schedules.1.name",
    "another schedule",
  ],
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
  ["late_after above its most", lateAfter("169h"), "schedules.1.late_after", "to 7d"],
  ["late_after within jitter", lateAfter("30s", { jitter: "30s" }), "schedules.1.late_after", "than jitter"],
  ["late_after of the job", { run: RUN, late_after: "5m" }, "late_after", "unknown field"],
  ["expect_every as a number", expectEvery(3600), "expect_every", LIMITS],
  ["expect_every as nothing", expectEvery(null), "expect_every", LIMITS],
  ["expect_every in words", expectEvery("daily"), "expect_every", LIMITS],
  ["expect_every below its least", expectEvery("59s"), "expect_every", "from 1m"],
  ["expect_every above its most", expectEvery("367d"), "expect_every", "to 366d"],
  [
    "expect_every of a schedule",
    { run: RUN, schedules: [{ every: "1h", expect_every: "2h" }] },
    "schedules.0.expect_every",
    "unknown field",
  ],
);

const on = (...links: unknown[]) => ({ run: RUN, on: links });
BAD_DEFINITIONS.push(
  ["on as an object", { run: RUN, on: { job: "a" } }, "on", "a list"],
  ["on without a job", on({ outcome: "failed" }), "on.0.job", ""],
  ["on of what is no name", on({ job: "A" }), "on.0.job", "must be the name of a job"],
  ["on of another outcome", on({ job: "a" }, { job: "b", outcome: "cancelled" }), "on.1.outcome", "finished"],
  ["on with an unknown field", on({ job: "a", when: 1 }), "on.0.when", "unknown field"],
  ["on with from_forks as text", on({ job: "a", from_forks: "yes" }), "on.0.from_forks", ""],
  ["on that says one twice", on({ job: "a" }, { job: "a", outcome: "succeeded" }), "on.1", "the same"],
  ["on of too many", on(...Array.from({ length: 21 }, (_, n) => ({ job: `j${n}` }))), "on", "20"],
);

const hook = (change: object) => ({
  run: RUN,
  hooks: [
    { source: "github", secret: "S" },
    { name: "other", source: "github", secret: "S", ...change },
  ],
});
const generic = (change: object) => hook({ source: "generic", signature: { header: "X-Sig" }, ...change });
const many = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);
BAD_DEFINITIONS.push(
  ["hooks that are no list", { run: RUN, hooks: {} }, "hooks", "must be a list"],
  [
    "too many hooks",
    { run: RUN, hooks: many(21).map((name) => ({ name, source: "stripe", secret: "S" })) },
    "hooks",
    "at most 20",
  ],
  ["a hook of an unknown source", hook({ source: "sourceforge" }), "hooks.1.source", '"github", "gitlab"'],
  ["a hook without a source", hook({ source: undefined }), "hooks.1.source", "must be one of"],
  ["a hook of an unknown field", hook({ branch: ["main"] }), "hooks.1.branch", "known are name, source"],
  ["a hook of a bad name", hook({ name: "A b" }), "hooks.1.name", "small letters, digits"],
  ["two hooks of one name", hook({ name: "github" }), "hooks.1.name", "another hook of the job"],
  [
    "two hooks of one source without names",
    hook({ name: undefined }),
    "hooks.1.name",
    '"github", as another',
  ],
  [
    "a hook without a secret",
    hook({ secret: undefined }),
    "hooks.1.secret",
    "the name of a secret, or a list",
  ],
  [
    "a hook with a secret's value",
    hook({ secret: "s3cr3t-value!" }),
    "hooks.1.secret",
    "the name of a secret",
  ],
  ["a hook with no secrets", hook({ secret: [] }), "hooks.1.secret", "at least 1 item"],
  ["a hook with too many secrets", hook({ secret: ["A", "B", "C"] }), "hooks.1.secret", "a list of 1 to 2"],
  ["events as a text", hook({ events: "push" }), "hooks.1.events", "must be a list"],
  ["no events", hook({ events: [] }), "hooks.1.events", "leave it out"],
  ["too many events", hook({ events: many(51) }), "hooks.1.events", "at most 50"],
  ["an empty event", hook({ events: [""] }), "hooks.1.events.0", "can not be empty"],
  [
    "an event with blanks",
    hook({ events: ["push", "pull request"] }),
    "hooks.1.events.1",
    "pull_request.labeled",
  ],
  ["no branches", hook({ branches: [] }), "hooks.1.branches", "leave it out"],
  ["a branch that is a number", hook({ branches: [1] }), "hooks.1.branches.0", "must be text"],
  ["a glob that does not end", hook({ branches: ["main", "a["] }), "hooks.1.branches.1", ""],
  ["a long glob", hook({ paths: [long(257)] }), "hooks.1.paths.0", "256"],
  [
    "branches of no code",
    hook({ source: "stripe", branches: ["main"] }),
    "hooks.1.branches",
    "a source of code",
  ],
  ["tags of no code", generic({ tags: ["v*"] }), "hooks.1.tags", "a source of code"],
  ["paths of no code", hook({ source: "standard", paths: ["x"] }), "hooks.1.paths", "a source of code"],
  ["an if that does not parse", hook({ if: "payload.ref ==" }), "hooks.1.if", ""],
  ["an if of an unknown name", hook({ if: "body.ref == 'x'" }), "hooks.1.if", "body"],
  ["an if that is a text", hook({ if: "'yes'" }), "hooks.1.if", "true or false"],
  ["an if that is a list", hook({ if: ["true"] }), "hooks.1.if", "must be text"],
  ["a long if", hook({ if: `'${long(5000)}' == 'x'` }), "hooks.1.if", "4096"],
  ["a map that is a text", hook({ map: "payload" }), "hooks.1.map", "must be an object"],
  ["a map of an unknown field", hook({ map: { image: "'x'" } }), "hooks.1.map.image", "unknown field"],
  ["a variable that does not parse", hook({ map: { env: { A: "1 +" } } }), "hooks.1.map.env.A", ""],
  [
    "a variable that is a list",
    hook({ map: { env: { A: "[1]" } } }),
    "hooks.1.map.env.A",
    "a text, a number",
  ],
  ["an input that does not parse", hook({ map: { input: "{" } }), "hooks.1.map.input", ""],
  ["a field that does not parse", hook({ map: { input: { a: "payload." } } }), "hooks.1.map.input.a", ""],
  ["an input that is a number", hook({ map: { input: 1 } }), "hooks.1.map.input", "must be a CEL expression"],
  [
    "too many variables",
    hook({ map: { env: Object.fromEntries(many(51).map((name) => [name, "1"])) } }),
    "hooks.1.map.env",
    "at most 50 names",
  ],
  [
    "a generic hook that says nothing of its signature",
    hook({ source: "generic" }),
    "hooks.1.signature",
    "is missing",
  ],
  ["a signature without a header", generic({ signature: {} }), "hooks.1.signature.header", "is missing"],
  [
    "a header with a blank",
    generic({ signature: { header: "X Sig" } }),
    "hooks.1.signature.header",
    "X-Signature",
  ],
  [
    "a weak algorithm",
    generic({ signature: { header: "X", algorithm: "md5" } }),
    "hooks.1.signature.algorithm",
    '"sha256"',
  ],
  [
    "an unknown encoding",
    generic({ signature: { header: "X", encoding: "base32" } }),
    "hooks.1.signature.encoding",
    '"base64url"',
  ],
  [
    "a long prefix",
    generic({ signature: { header: "X", prefix: long(33) } }),
    "hooks.1.signature.prefix",
    "at most 32",
  ],
  [
    "a signature of a known sender",
    hook({ signature: { header: "X" } }),
    "hooks.1.signature",
    "github does it",
  ],
  ["a dedupe of a known sender", hook({ dedupe: { header: "X" } }), "hooks.1.dedupe", "github does it"],
  [
    "a dedupe of both",
    generic({ dedupe: { header: "X", expression: "1" } }),
    "hooks.1.dedupe",
    "header or expression",
  ],
  [
    "a dedupe by a secret",
    generic({ dedupe: { header: "Authorization" } }),
    "hooks.1.dedupe.header",
    "secret",
  ],
  [
    "a dedupe that does not parse",
    generic({ dedupe: { expression: "payload." } }),
    "hooks.1.dedupe.expression",
    "",
  ],
);
const schedule = (more: object) => ({ run: RUN, schedules: [more] });
/** What is put, and the paths of all that is wrong with it: what depends on something else that is wrong is not among them. */
export const BAD_IN_MANY_WAYS: [name: string, body: unknown, paths: string[]][] = [
  [
    "a schedule",
    schedule({
      cron: "61 * * * *",
      timezone: "Mars/Base",
      jitter: "soon",
      overlap: "never",
      starts: "2027-01-01T00:00:00Z",
      ends: "2026-01-01T00:00:00Z",
      catch_up: { mode: "lates", window: "99d" },
      late_after: 5,
      nmae: "a",
    }),
    [
      "overlap",
      "catch_up.mode",
      "catch_up.window",
      "jitter",
      "late_after",
      "nmae",
      "cron",
      "timezone",
      "ends",
    ].map((field) => `schedules.0.${field}`),
  ],
  [
    "two rules and neither right",
    schedule({ cron: "nope", every: "often", jitter: "5m", late_after: "1m" }),
    ["schedules.0.every", "schedules.0.late_after", "schedules.0.cron", "schedules.0.every"],
  ],
  [
    "several schedules, and the job beside them",
    {
      description: "",
      labels: { "a b": "1", c: 2 },
      run: { image: "x y", comand: [], retries: 2, env: { "A-B": "1", A: 2 }, capture: "none", script: "t" },
      schedules: [{}, { every: "1h" }, { every: "60m" }, { at: "soon" }, 5],
      expect_every: "1s",
      shcedules: [],
    },
    [
      "description",
      "labels.a b",
      "labels.c",
      "run.image",
      "run.env.A-B",
      "run.env.A",
      "run.comand",
      "run.retries",
      "run.script",
      "schedules.0",
      "schedules.3.at",
      "schedules.4",
      "schedules.2.name",
      "expect_every",
      "shcedules",
    ],
  ],
  [
    "a schema, and the inputs of schedules that it is not for",
    {
      run: { ...RUN, concurrency: { key: "{job}-{input.b}" }, secrets: { A: "A" }, env: { A: "1" } },
      input_schema: { type: "strnig", properties: { a: { minLength: -1 }, b: { $ref: "#/$defs/c" } } },
      schedules: [{ every: "1h", input: {} }],
    },
    [
      "run.secrets.A",
      "input_schema.type",
      "input_schema.properties.a.minLength",
      "input_schema.properties.b.$ref",
    ],
  ],
  [
    "each schedule's input",
    {
      description: 5,
      run: { ...RUN, concurrency: { key: "{input.b}" } },
      input_schema: { required: ["a"] },
      schedules: [
        { every: "1h" },
        { every: "2h", input: { a: 1 } },
        { every: "3h", input: { a: 1, b: "b" } },
      ],
    },
    ["description", "schedules.0.input.a", "schedules.1.input.b"],
  ],
  [
    "what goes not with on: fly",
    {
      run: { ...RUN, delay: "1m", secrets: { A: "A" } },
      schedules: [{ on: "fly", every: "daily", jitter: "5s", punctual: true }],
    },
    ["schedules.0.jitter", "schedules.0.punctual", "run.delay", "run.secrets"],
  ],
  [
    "names and texts that can be none, beside other things",
    JSON.parse(
      '{"run": {"image": "x y", "script": "t", "env": {"__proto__": "a", "A": "\\ud800", "B-": ""}, "files": [{}]}}',
    ),
    ["run.env.__proto__", "run.env.A", "run.image", "run.env.B-", "run.files.0.path", "run.files.0"],
  ],
];
