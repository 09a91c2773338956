import { describe, expect, it, test } from "vitest";
import { JOBS_FILE_MAX_BYTES } from "../../src/core/limits.ts";
import { readJobsFile } from "../../src/jobs-file/read.ts";
import { jobsFileText } from "../../src/jobs-file/write.ts";
import { A_FILE } from "./a-file.ts";

/** Such as "3:9 jobs.a.run.image". */
function placesIn(text: string): string[] {
  const read = readJobsFile(text, "mayfly.yaml", 0);
  return "complaints" in read
    ? read.complaints.map(({ line, column, path }) => `${line}:${column} ${path}`)
    : [];
}
const definitionsIn = (text: string) => {
  const read = readJobsFile(text, "mayfly.yaml", 0);
  if ("complaints" in read) throw new Error(JSON.stringify(read.complaints));
  return Object.fromEntries(read.jobs.map(({ name, definition }) => [name, definition]));
};
const messageOf = (text: string) => {
  const read = readJobsFile(text, "mayfly.yaml", 0);
  return "complaints" in read ? read.complaints[0]?.message : undefined;
};

test("a file is its jobs, each with its line", () => {
  const read = readJobsFile(jobsFileText({ ...A_FILE, comment: "first\nlines" }), "mayfly.yaml", 0);
  expect(read).toMatchObject({
    project: "website",
    jobs: [{ name: "deploy", line: 5 }, { name: "build" }, { name: "report" }],
  });
  expect(definitionsIn(jobsFileText(A_FILE))).toEqual(A_FILE.jobs);
});

test("a text of blank lines is written so that it is read with its blanks", () => {
  const run = { image: "x", command: [" \n", "\n  \n", " \t\n a", "\n"] };
  expect(definitionsIn(jobsFileText({ jobs: { a: { run } } }))).toEqual({ a: { run } });
});

describe("what is wrong is shown", () => {
  it.each([
    ["where a value stands", 'jobs:\n  a:\n    run: { image: "x y", script: t }\n', "3:19 jobs.a.run.image"],
    [
      "at the name of an object",
      "jobs:\n  a:\n    run:\n      image: x\n      script: t\n      env:\n        - A\n",
      "6:7 jobs.a.run.env",
    ],
    [
      "at the name that is not known",
      "jobs:\n  a:\n    rnu: 1\n    run: { image: x, script: t }\n",
      "3:10 jobs.a.rnu",
    ],
    ["around what is missing", "jobs:\n  a:\n    run:\n      script: t\n", "3:5 jobs.a.run.image"],
    [
      "in a list",
      "jobs:\n  a:\n    run:\n      image: x\n      command:\n        - t\n        - 5\n",
      "7:11 jobs.a.run.command.1",
    ],
    [
      "where it is written, if an alias leads to it",
      "jobs:\n  a: { run: &r { image: 5, script: t } }\n  b: { run: *r }\n",
      "2:25 jobs.a.run.image",
    ],
    [
      "on a line that ends as on Windows",
      "jobs:\r\n  a:\r\n    run: { image: 5, script: t }\r\n",
      "3:19 jobs.a.run.image",
    ],
    [
      "at a late_after that is no longer than jitter",
      "jobs:\n  a:\n    run: { image: x, script: t }\n    schedules:\n      - every: 1h\n        jitter: 5m\n        late_after: 5m\n",
      "7:21 jobs.a.schedules.0.late_after",
    ],
    [
      "at an expect_every that is too short",
      "jobs:\n  a:\n    run: { image: x, script: t }\n    expect_every: 10s\n",
      "4:19 jobs.a.expect_every",
    ],
    [
      "at a job that starts after itself",
      "jobs:\n  a:\n    run: { image: x, script: t }\n    on:\n      - job: b\n      - job: a\n",
      "6:14 jobs.a.on.1.job",
    ],
    ["of a file with nothing in it", "", "1:1 null"],
    ["of what is no YAML", "jobs:\n  a: [\n", "3:1 null"],
  ])("%s", (_, text, place) => expect(placesIn(text)[0]).toBe(place));

  it("in all jobs, in the order of their lines", () => {
    const wrong = "{ run: { image: 1, script: t, nothing: 0 } }";
    expect(placesIn(`jobs:\n  b: ${wrong}\n  a: ${wrong}\n`).map((place) => place.split(":")[0])).toEqual([
      "2",
      "2",
      "3",
      "3",
    ]);
  });
});

describe("all that is wrong is told at once", () => {
  it("of values and names as of what stands for them", () => {
    const text = `jobs:
  a:
    run:
      image: x y
      script: "\\ud800"
      env: { __proto__: a, A: .inf, A: b, "\\udc00": c, B: 12345678901234567890, C: *none, D: 5 }
    expect_every: 1s
  a: {}
`;
    expect(placesIn(text).toSorted()).toEqual(
      [
        "4:14 jobs.a.run.image",
        "5:15 jobs.a.run.script",
        "6:25 jobs.a.run.env.__proto__",
        "6:31 jobs.a.run.env.A",
        "6:37 jobs.a.run.env.A",
        "6:53 jobs.a.run.env.\udc00",
        "6:59 jobs.a.run.env.B",
        "6:84 jobs.a.run.env.C",
        "6:94 jobs.a.run.env.D",
        "7:19 jobs.a.expect_every",
        "8:3 jobs.a",
      ].toSorted(),
    );
  });
});

describe("YAML", () => {
  it("can say a thing once: by anchors, and by merging what another has", () => {
    const { a, b } = definitionsIn(`jobs:
  a: { run: &base { image: x, script: t, env: { A: "1" } } }
  b: { run: { <<: *base, image: y } }
`);
    expect(a?.run).toEqual({ image: "x", script: "t", env: { A: "1" } });
    expect(b?.run).toEqual({ image: "y", script: "t", env: { A: "1" } });
  });

  it("of version 1.2 has no other words for true and false, and no times", () => {
    const { a } = definitionsIn(
      "jobs: { a: { run: { image: x, script: t, env: { A: yes, B: 2026-01-01, C: 1:30 } } } }",
    );
    expect(a?.run.env).toEqual({ A: "yes", B: "2026-01-01", C: "1:30" });
  });

  it.each([
    ["a name that stands twice", "jobs: {}\njobs: {}\n", "twice"],
    ["YAML 1.1, where no is false", "%YAML 1.1\n---\njobs: {}\n", "must be YAML 1.2"],
    ["several documents", "jobs: {}\n---\njobs: {}\n", "several documents"],
    ["tags of programs", "jobs: !!js/function x\n", "Unresolved tag"],
    ["binary", "jobs: !!binary aGk=\n", "Unresolved tag"],
    ["a name that is a prototype's", "jobs: {}\n__proto__: { polluted: 1 }\n", "can not be a name"],
    ["such a name in a merge", "jobs: {}\n<<: { __proto__: { polluted: 1 } }\n", "can not be a name"],
    ["a name that is no text", "jobs: {}\n? [a]\n: b\n", "a name that is no text"],
    ["an alias of nothing", "jobs: *a\n", "no anchor"],
    ["what contains itself", "jobs: &a [*a]\n", "levels deep"],
    ["numbers that JSON has not", "jobs: .inf\n", "finite"],
    ["numbers that are rounded", "jobs: 123456789012345678901\n", "exactly"],
    ["a file that is too large", `# ${"x".repeat(JOBS_FILE_MAX_BYTES)}`, "at most"],
  ])("is refused with %s", (_, text, words) => expect(messageOf(text)).toContain(words));

  it("of a few lines that stand for billions of values is refused at once", () => {
    const names = [..."abcdefghij"];
    const lines = names.map(
      (name, index) => `${name}: &${name} [${Array(9).fill(index === 0 ? "x" : `*${names[index - 1]}`)}]`,
    );
    expect(messageOf(`jobs: {}\n${lines.join("\n")}`)).toContain("aliases");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
