import { describe, expect, it } from "vitest";
import { definitionComplaints } from "../../src/api/job-definition.ts";
import type { JobDefinition } from "../../src/core/job.ts";
import { importCrontab } from "../../src/jobs-file/crontab/import.ts";
import { readJobsFile } from "../../src/jobs-file/read.ts";
import { jobsFileText } from "../../src/jobs-file/write.ts";
import { parseYaml } from "../../src/jobs-file/yaml.ts";
import { A_FILE } from "../jobs-file/a-file.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { anyJson, type Chance, mutated, oneOf } from "./json.ts";
import { ROUNDS_LIMIT_MS, rounds } from "./rounds.ts";

const PIECES = [
  ..."\n\t :-?,[]{}#&*!|>'\"%@`~<=.\\\r\0\ufeff\u2028\u0085ü",
  "- ",
  ": ",
  "? ",
  "\n  ",
  "\n- ",
  "---\n",
  "...\n",
  "%YAML 1.1\n---\n",
  "&a ",
  "*a",
  "<<: *a\n",
  "<<: [*a, *a]",
  "!!str ",
  "!!set ",
  "!x ",
  "|2-\n",
  ">+\n",
  "null",
  "~",
  ".inf",
  "0x1f",
  "1e999",
  "__proto__",
  "constructor",
  "jobs:",
  "run:",
  "image: x\n",
  "{a: *a}",
  '"\\u0000"',
  '"\\ud800"',
  "'",
];
const SHAPES = [
  "[",
  "{",
  "- ",
  "? ",
  "a: ",
  "a:\n ",
  "&a [",
  "*a ",
  ", ",
  "[] ",
  "!",
  "'",
  '"',
  "#\n",
  "-\n",
  " \n",
  "\t",
  "%",
  "|\n",
  "{a: ",
  "a,",
];

/** A file's text with pieces put in, taken out and doubled. */
function spoilt(chance: Chance, text: string): string {
  let spoilt = text;
  for (let changes = Math.ceil(chance() * 2); changes > 0; changes--) {
    const at = Math.floor(chance() * spoilt.length);
    const end = chance() < 0.5 ? at : at + Math.floor(chance() * 20);
    spoilt =
      spoilt.slice(0, at) +
      (chance() < 0.8 ? oneOf(chance, PIECES) : spoilt.slice(at, at + 60)) +
      spoilt.slice(end);
  }
  return spoilt;
}

describe("whatever a file of jobs has in it", () => {
  it("is jobs that are right, or complaints with a line, and never anything else", {
    timeout: ROUNDS_LIMIT_MS,
  }, () => {
    const chance = seededRandom(21);
    const texts = [jobsFileText(A_FILE), JSON.stringify(A_FILE, null, 1)];
    const seen = { read: 0, refused: 0 };
    for (let round = 0; round < rounds(300); round++) {
      const text = spoilt(chance, oneOf(chance, texts));
      const read = readJobsFile(text, "f", 0);
      if ("complaints" in read) {
        seen.refused += 1;
        expect(read.complaints.length).toBeGreaterThan(0);
        const lines = text.split("\n").length;
        for (const { line, column, message } of read.complaints) {
          expect(
            line >= 1 && line <= lines && column >= 1,
            `${line}:${column} of ${JSON.stringify(text)}`,
          ).toBe(true);
          expect(message).not.toMatch(/undefined|\[object/);
        }
        continue;
      }
      seen.read += 1;
      for (const { name, definition } of read.jobs)
        expect(definitionComplaints(definition, name)).toEqual([]);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0);
  });

  it("takes seconds at most, however it is made to take long", () => {
    for (const shape of SHAPES) {
      const begun = performance.now();
      readJobsFile(`jobs: ${shape.repeat(100_000 / shape.length)}`, "f", 0);
      readJobsFile(shape.repeat(50_000 / shape.length), "f", 0);
      expect(performance.now() - begun, JSON.stringify(shape)).toBeLessThan(30_000);
    }
  });

  it("is read as it was written, whatever it was", { timeout: ROUNDS_LIMIT_MS }, () => {
    const chance = seededRandom(22);
    for (let round = 0; round < rounds(300); round++) {
      let value = A_FILE.jobs as unknown;
      for (let changes = Math.ceil(chance() * 3); changes > 0; changes--) value = mutated(chance, value);
      const text = Array.from({ length: Math.floor(chance() * 6) }, () => oneOf(chance, PIECES)).join("");
      const jobs = {
        ...(isObject(value) && value),
        text: { [text]: text, list: [text, anyJson(chance, 3)] },
      };
      // Half a character can be in no file, and -0 is 0 in JSON.
      if (JSON.stringify(jobs).includes("\\ud800")) continue;
      const parsed = parseYaml(jobsFileText({ jobs: jobs as unknown as Record<string, JobDefinition> }));
      if (text === "__proto__") expect(parsed).toHaveProperty("complaints");
      else expect("value" in parsed ? parsed.value : parsed).toEqual({ jobs });
    }
  });
});

const WORDS = [
  "*",
  "0",
  "5",
  "~",
  "1~9",
  "*/2",
  "1-5",
  "MON",
  "L",
  "15W",
  "@daily",
  "@reboot",
  "-",
  "root",
  "%",
  "\\%",
  "=",
  "A=1",
  '"',
  "'",
  "#",
  "\t",
  " ",
  "CRON_TZ=",
  "SHELL=",
  "MAILTO=x",
  "RANDOM_DELAY=9",
  "UTC",
  "/bin/sh",
  "cd /x &&",
  "run.sh",
  "\n",
  "\r\n",
  "\0",
  "ü",
  "99999999999999999999",
  "~/0",
  "~/",
  "é~",
  ">",
];

describe("whatever a crontab has in it", () => {
  it("is jobs that are right, and notes with a line", { timeout: ROUNDS_LIMIT_MS }, () => {
    const chance = seededRandom(23);
    let made = 0;
    for (let round = 0; round < rounds(600); round++) {
      const parts = Array.from({ length: Math.floor(chance() * 30) }, () => oneOf(chance, WORDS));
      const text = parts.join(chance() < 0.7 ? " " : "") + (chance() < 0.5 ? "\n* * * * * x" : "");
      const { jobs, notes } = importCrontab(text, {
        isSystem: chance() < 0.5,
        image: "debian:12",
        timeZone: null,
      });
      for (const { line, message } of notes) {
        expect(line === null || (line >= 1 && line <= text.split(/\r?\n/).length)).toBe(true);
        expect(message).not.toMatch(/undefined|null|\[object/);
      }
      const file = jobsFileText({ jobs });
      expect("value" in parseYaml(file), file).toBe(true);
      for (const [name, definition] of Object.entries(
        jobs as Record<string, JobDefinition & { schedules?: unknown }>,
      )) {
        made += 1;
        expect(definitionComplaints(definition, name)).toEqual([]);
      }
    }
    expect(made).toBeGreaterThan(50);
  });

  it("takes seconds at most", () => {
    const begun = performance.now();
    for (const shape of [
      "* ",
      "~",
      "%",
      "\\%",
      "=",
      '"',
      "A=",
      "* * * * * x\n",
      " ",
      "\t",
      "-",
      "&&",
      "/",
      "x.",
    ])
      importCrontab(`* * * * * ${shape.repeat(100_000)}\n${shape.repeat(20_000)}`, {
        isSystem: false,
        image: "x",
        timeZone: null,
      });
    expect(performance.now() - begun).toBeLessThan(60_000);
  });
});

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
