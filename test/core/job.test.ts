import { describe, expect, it } from "vitest";
import { circleOf } from "../../src/core/chain/circle.ts";
import { outcomesOf } from "../../src/core/chain/link.ts";
import { withJobFields } from "../../src/core/concurrency-key.ts";
import { diffDefinitions, JOB_NAME, type JobDefinition } from "../../src/core/job.ts";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { JOB_DIFF_MAX_CHANGES } from "../../src/core/limits.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { startsWords } from "../../src/core/starts-words.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";

const defined = (run: object): JobDefinition => ({ run: run as Record<string, unknown> });

describe("a diff", () => {
  it.each<[string, object, object, object[]]>([
    ["of the same", { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ["of fields in another order", { a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 }, []],
    ["of a value", { a: 1 }, { a: 2 }, [{ path: ["run", "a"], from: 1, to: 2 }]],
    ["of a new field", {}, { a: null }, [{ path: ["run", "a"], from: undefined, to: null }]],
    ["of a field less", { a: false }, {}, [{ path: ["run", "a"], from: false, to: undefined }]],
    [
      "of lists",
      { a: [1, 2] },
      { a: [1, 3, 4] },
      [
        { path: ["run", "a", "1"], from: 2, to: 3 },
        { path: ["run", "a", "2"], from: undefined, to: 4 },
      ],
    ],
    ["of a list and an object", { a: [] }, { a: {} }, [{ path: ["run", "a"], from: [], to: {} }]],
    [
      "of names that every object has",
      {},
      { toString: 1 },
      [{ path: ["run", "toString"], from: undefined, to: 1 }],
    ],
  ])("%s names each path that differs", (_, from, to, changes) => {
    expect(diffDefinitions(defined(from), defined(to))).toEqual({ changes, isWhole: true });
  });

  it("stops at its bound and says so", () => {
    const of = (value: number, count: number) =>
      defined(Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, value])));
    const exact = diffDefinitions(of(1, JOB_DIFF_MAX_CHANGES), of(2, JOB_DIFF_MAX_CHANGES));
    expect([exact.changes.length, exact.isWhole]).toEqual([JOB_DIFF_MAX_CHANGES, true]);
    const more = diffDefinitions(of(1, JOB_DIFF_MAX_CHANGES + 50), of(2, JOB_DIFF_MAX_CHANGES + 50));
    expect([more.changes.length, more.isWhole]).toEqual([JOB_DIFF_MAX_CHANGES, false]);
  });
});

describe("a key of a job's runs", () => {
  const fill = (template: string) =>
    withJobFields(template, "deploy", (path) => (path.join(".") === "a.b" ? "x{y}" : null));
  it.each([
    ["{job}-{input.a.b}", "deploy-x{{y}}"],
    ["{{job}}", "{{job}}"],
    ["{{{job}}}", "{{deploy}}"],
    ["{name}{tags.job}{image}", "{name}{tags.job}{image}"],
    ["a{b", "a{b"],
  ])("%s becomes %s, with the run's own fields left", (template, filled) => {
    expect(fill(template)).toEqual({ template: filled });
  });

  it.each([
    ["{input.c}", ["c"]],
    ["{input}", null],
    ["{job.name}", null],
    ["{}", null],
    ["{toString}", null],
  ])("%s is refused", (template, inputPath) => {
    expect(fill(template)).toMatchObject({ complaint: expect.any(String), inputPath });
  });
});

it("the command of a job's run finds job, version and input, whatever its own variables say", () => {
  const spec = aSpec({ env: { A: "1", MAYFLY_INPUT: "mine" } });
  const job = { name: "deploy", version: 3, input: '{"a":1}' };
  const of = (accepted: object) =>
    planAttempt(
      acceptRun(aRunId(), "default", { type: "accepted", at: T0, spec, originId: null, ...accepted }),
      null,
      T0,
    ).machineConfig.env;
  expect(of({ job })).toMatchObject({
    A: "1",
    MAYFLY_JOB: "deploy",
    MAYFLY_JOB_VERSION: "3",
    MAYFLY_INPUT: '{"a":1}',
  });
  expect(of({})).not.toHaveProperty("MAYFLY_JOB");
});

it.each([
  ["a", true],
  ["a-b_c.d9", true],
  ["0", true],
  ["x".repeat(63), true],
  ["x".repeat(64), false],
  ["", false],
  [".a", false],
  ["A", false],
  ["a/b", false],
  ["a\n", false],
])("%j is a job's name: %s", (name, isName) => {
  expect(JOB_NAME.test(name)).toBe(isName);
});

describe("jobs that start after each other", () => {
  const links = (text: string) => {
    const before = new Map<string, string[]>();
    for (const [job = "", after = ""] of text.split(" ").map((link) => link.split("<")))
      before.set(job, [...(before.get(job) ?? []), after]);
    return (job: string) => before.get(job) ?? [];
  };

  it.each([
    ["a<b b<a", "a", ["a", "b", "a"]],
    ["a<c b<a c<b", "a", ["a", "b", "c", "a"]],
    ["a<c b<a c<b", "b", ["b", "c", "a", "b"]],
    ["a<a", "a", ["a", "a"]],
    ["a<d a<c b<a c<b d<c", "a", ["a", "b", "c", "a"]],
    ["a<b b<c", "a", null],
    ["a<b b<c c<b", "a", null],
    ["a<b a<c b<d c<d", "a", null],
  ])("of %s %s is in the circle %j", (text, job, circle) => {
    expect(circleOf(job, links(text))).toEqual(circle);
  });

  it("are looked through once each, however many ways there are", () => {
    let asked = 0;
    const layers = 40;
    const before = (job: string) => {
      asked += 1;
      const layer = Number(job.split(".")[0]) + 1;
      return layer > layers ? [] : Array.from({ length: 20 }, (_, n) => `${layer}.${n}`);
    };
    expect(circleOf("0.0", before)).toBeNull();
    expect(asked).toBe(1 + layers * 20);
  });

  it.each([
    [["succeeded"], ["succeeded"]],
    [["cancelled", "failed", "succeeded"], ["finished"]],
    [
      ["failed", "succeeded"],
      ["succeeded", "failed"],
    ],
  ] as const)("after ends that are stored as %j do so by %j", (statuses, outcomes) => {
    expect(outcomesOf(statuses)).toEqual(outcomes);
  });
});

it.each([
  [[], [], []],
  [["build"], [], ["after build"]],
  [["a", "b", "c", "d", "e"], [], ["after a, b, c and 2 more"]],
  [[], [{ source: "github", events: null }], ["on push"]],
  [
    ["build"],
    [
      { source: "gitlab", events: ["push", "release.published"] },
      { source: "gitea", events: null },
      { source: "stripe", events: null },
      { source: "stripe", events: null },
    ],
    ["after build", "on push, release.published", "on calls by stripe"],
  ],
] as const)("what starts after %j and by the hooks %j says so", (starts_after, hooks, words) => {
  expect(startsWords({ starts_after, hooks })).toEqual(words);
});
