import { describe, expect, it } from "vitest";
import { INPUT_PATTERN_MAX_STATES } from "../../../src/core/limits.ts";
import { Pattern, patternComplaint, TooManySteps } from "../../../src/core/pattern/match.ts";
import { oneOf } from "../../fuzz/json.ts";
import { ROUNDS_LIMIT_MS, rounds } from "../../fuzz/rounds.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const PLENTY = 1e9;
const STATES = INPUT_PATTERN_MAX_STATES;
const matches = (source: string, text: string) => new Pattern(source).test(text, { left: PLENTY });
const stepsOf = (source: string, text: string) => {
  const steps = { left: PLENTY };
  new Pattern(source).test(text, steps);
  return PLENTY - steps.left;
};

/** What the platform's own says. It would also look between the halves of a character, where by ECMAScript nothing can begin (V8). */
function platformMatches(source: string, text: string): boolean {
  const sticky = new RegExp(source, "uy");
  let at = 0;
  for (const char of [...text, ""]) {
    sticky.lastIndex = at;
    if (sticky.test(text)) return true;
    at += char.length;
  }
  return false;
}

/** As a pattern has them, some of them at places where they mean something else. */
const PIECES = [
  ..."ab|.^$?*+-,é\u{1f600}",
  "(",
  ")",
  "(?:",
  "(?=",
  "(?!",
  "(?<=",
  "(?<!",
  "(?<n>",
  "(?i:",
  "(?m-s:",
  "(?s-i:",
  "[ab]",
  "[^a]",
  "[]",
  "[^]",
  "[A-Z\\]]",
  "[\\b-]",
  "\\w",
  "\\W",
  "\\d",
  "\\s",
  "\\b",
  "\\B",
  "\\p{L}",
  "\\P{Lu}",
  "\\x61",
  "\\u0061",
  "\\u{61}",
  "\\ud83d\\ude00",
  "\\ud83d",
  "\\cJ",
  "\\0",
  "\\n",
  "\\/",
  "\\.",
  "{2}",
  "{0,2}",
  "{1,}",
  "*?",
  "+?",
  "??",
  "{0}",
];
const LETTERS = [..."aabbAB_ -\n\r\u2028é1\u{1f600}", "\ud83d", "\ude00", "\0"];

describe("a pattern matches what the platform's own matches", () => {
  it.each([
    ["^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", ["a", "a-b", "-a", "a-", "a".repeat(63), "a".repeat(64)]],
    ["^(?!-)(?!.*--)[a-z-]+(?<!-)$", ["ab", "-ab", "a--b", "ab-", "a-b"]],
    ["(?<=\\$)\\d+(?:\\.\\d\\d)?$", ["$1", "1", "$1.50", "$1.5"]],
    ["^(?=.*[A-Z])(?=.*\\d).{4,}$", ["Abc1", "abc1", "A1", "ABCD"]],
    ["(?<=(?<!a)b)c", ["bc", "abc", "bbc"]],
    ["(?=a(?!b))", ["ab", "ac", "aba"]],
    ["^(?:\\p{Lu}\\p{Ll}+ ?)+$", ["Ada Lovelace", "ada"]],
    ["", ["", "x"]],
    ["a||b", ["c"]],
    ["(?i:straße|\\w)K", ["STRASSEK", "\u212aK"]],
  ])("%s", (source, texts) => {
    for (const text of texts)
      expect([text, matches(source, text)]).toEqual([text, new RegExp(source, "u").test(text)]);
  });

  it("whatever is in it, and in the text", {
    timeout: ROUNDS_LIMIT_MS,
  }, () => {
    const chance = seededRandom(71);
    const seen = { read: 0, matched: 0, not: 0 };
    for (let round = 0; round < rounds(3000); round++) {
      const source = Array.from({ length: 1 + Math.floor(chance() * 7) }, () => oneOf(chance, PIECES)).join(
        "",
      );
      if (patternComplaint(source, STATES) !== null) continue;
      seen.read += 1;
      const ours = new Pattern(source);
      for (let texts = 0; texts < 4; texts++) {
        const text = Array.from({ length: Math.floor(chance() * 7) }, () => oneOf(chance, LETTERS)).join("");
        const expected = platformMatches(source, text);
        seen[expected ? "matched" : "not"] += 1;
        expect(ours.test(text, { left: PLENTY }), `${JSON.stringify(source)} ${JSON.stringify(text)}`).toBe(
          expected,
        );
      }
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(300);
  });
});

describe("how long a check takes grows with the text alone", () => {
  const many = 65_536;
  it.each([
    ["^(a+)+$", `${"a".repeat(many)}!`],
    ["(a+)+$", `${"a".repeat(many)}!`],
    ["(a|a)*b", "a".repeat(many)],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", "a".repeat(many)],
    ["^(?:a?){20}a{20}$", "a".repeat(many)],
    [".*.*.*=", "x".repeat(many)],
    ["\\s+$", `${" ".repeat(many)}!`],
    ["(?=(?:a+)+!)b", "a".repeat(many)],
    ["(?<!(?:a|a)*b)c", "a".repeat(many)],
  ])("%s", (source, text) => {
    const [half, whole] = [stepsOf(source, text.slice(text.length / 2)), stepsOf(source, text)];
    expect(whole).toBeLessThan(2.1 * half);
  });

  it("and ends where there are no steps left", () => {
    expect(() => new Pattern("a+b").test("a".repeat(100), { left: 50 })).toThrow(TooManySteps);
    expect(() => new Pattern("(?=a+b)").test("a".repeat(100), { left: 50 })).toThrow(TooManySteps);
  });
});

describe("what is no pattern is told so", () => {
  it.each([
    ["(", "regular expression of JavaScript"],
    ["(a)\\1", "can not refer back to a group, as \\1 does"],
    ["(?<n>a)\\k<n>", "can not refer back to a group, as \\k does"],
    ["(?:a{1000}){1000}", "has 1000000 parts"],
    ["(?:){99999999999}", "parts with all that it repeats; it can have 10000"],
    [`(?:a{99999}){${"9".repeat(200)}}`, "endlessly many"],
    ...[151, 3000, 100_000].map((levels) => [
      `${"(?:".repeat(levels)}a${")".repeat(levels)}`,
      levels === 100_000 ? "" : "has more than 150 groups in one another",
    ]),
    [`${"(?=".repeat(151)}a${")".repeat(151)}`, "has more than 150 groups in one another"],
  ])("%.40s", (source, message) => expect(patternComplaint(source, STATES)).toContain(message));

  it("and what repeats much is one all the same", () => {
    expect(patternComplaint("^.{1,4000}$", STATES)).toBe(null);
    for (const opening of ["(", "(?=", "(?<!"]) {
      const deep = `${opening.repeat(150)}a${")".repeat(150)}`;
      expect(patternComplaint(deep, STATES)).toBe(null);
      expect(matches(deep, "a")).toBe(platformMatches(deep, "a"));
    }
    expect(patternComplaint("(a)".repeat(1000), STATES)).toBe(null);
  });
});
