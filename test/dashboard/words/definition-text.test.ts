import { expect, test } from "vitest";
import { parse } from "yaml";
import { yamlText } from "../../../src/dashboard/words/definition-text.ts";
import { definitionText, startingInput } from "../../../src/dashboard/words/job-definition.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { aJob } from "../job-factory.ts";

test("a definition stands as its owner would write it", () => {
  const { text } = definitionText(
    aJob({
      description: "Makes it: daily",
      run: { image: "debian:12", command: ["sh", "-c", "make && ls"], script: "set -e\nmake\n", env: {} },
      schedules: [{ name: "at-two", cron: "30 2 * * *", timezone: "Europe/Berlin" }, { every: "15m" }],
    }),
  );
  expect(text).toBe(`description: "Makes it: daily"
run:
  image: debian:12
  command: [sh, -c, "make && ls"]
  script: |
    set -e
    make
  env: {}
schedules:
  - name: at-two
    cron: "30 2 * * *"
    timezone: Europe/Berlin
  - every: "15m"
`);
});

test("of one that is too long for a page the beginning is shown, and that there is more", () => {
  const long = definitionText(
    aJob({ run: { image: "debian:12", script: `${"x".repeat(99)}\n`.repeat(2000) } }),
  );
  expect([long.isWhole, long.text.length]).toEqual([false, 100_000]);
  expect(definitionText(aJob()).isWhole).toBe(true);
});

/** Words that are other things than text in YAML, or stand where something begins. */
const PARTS = [
  "",
  "a",
  "yes",
  "null",
  "1.5",
  "- x",
  "a: b",
  "a #b",
  "#",
  "{",
  "[",
  "@daily",
  "*",
  "&x",
  "!t",
  "%",
  "'",
  '"',
  "\\",
  "<<",
  "~",
  " ",
  "x ",
  " x",
  "\n",
  "\n\n",
  "\t",
  "a\nb",
  "a\n b\n",
  "a\n\n",
  "\r",
  "\u0000",
  "\u0085",
  "\u2028",
  "\u202e",
  "\u200d",
  "\ufeff",
  "é",
  "2026-11-22",
  "0x1f",
  ".inf",
  "=",
  "|",
  ">-",
  "?",
  "---",
  "...",
  "🪰",
];

test("whatever stands in it, it reads as the same value", () => {
  const random = seededRandom(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const text = (): string => Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(PARTS)).join("");
  const value = (level: number): unknown => {
    const kind = random();
    if (level > 3 || kind < 0.5) return pick([text(), text(), 12, -0.5, 1e21, true, false, null]);
    const size = Math.floor(random() * 4);
    if (kind < 0.75) return Array.from({ length: size }, () => value(level + 1));
    return Object.fromEntries(Array.from({ length: size }, () => [text(), value(level + 1)]));
  };
  for (let round = 0; round < 1000; round++) {
    const given = value(0);
    const written = yamlText(given);
    expect(parse(written, { merge: false, uniqueKeys: false }), JSON.stringify([given, written])).toEqual(
      given,
    );
    // Nothing in it is unseen, or turns the order of what is read around.
    expect(written).not.toMatch(/\u2028|\u202e|\u200d|\ufeff/);
  }
});

test("a form for the input begins with the schema's example, or its default, or an empty object", () => {
  const of = (input_schema: Record<string, unknown> | null) => JSON.parse(startingInput({ input_schema }));
  expect(of(null)).toEqual({});
  expect(of({ type: "object" })).toEqual({});
  expect(of({ default: { a: 1 } })).toEqual({ a: 1 });
  expect(of({ examples: [{ b: 2 }], default: { a: 1 } })).toEqual({ b: 2 });
});
