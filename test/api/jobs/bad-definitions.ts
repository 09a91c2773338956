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
