import { Environment } from "@marcbachmann/cel-js";
import { afterAll, describe, expect, it } from "vitest";
import type { Delivery, Json } from "../../src/core/hook/delivery.ts";
import { evaluate } from "../../src/core/hook/expression/evaluate.ts";
import { jsonOf } from "../../src/core/hook/expression/json.ts";
import { Meter } from "../../src/core/hook/expression/meter.ts";
import { parseExpression } from "../../src/core/hook/expression/parse.ts";
import { Search } from "../../src/core/hook/expression/search.ts";
import { fromJson } from "../../src/core/hook/expression/value.ts";
import { judge } from "../../src/core/hook/filter.ts";
import { globComplaint, globMatcher } from "../../src/core/hook/glob.ts";
import { fill } from "../../src/core/hook/map.ts";
import { partsOf } from "../../src/core/hook/parts.ts";
import { HOOK_SOURCES } from "../../src/core/hook/spec.ts";
import { DELIVERY_PARTS_MAX } from "../../src/core/limits.ts";
import { readDelivery } from "../../src/hooks/read-delivery.ts";
import { verify } from "../../src/hooks/verify.ts";
import { aDelivery } from "../core/hook/a-delivery.ts";
import {
  bitbucketPullRequest,
  bitbucketPush,
  giteaPullRequest,
  giteaPush,
  gitlabMergeRequest,
  gitlabPush,
} from "../hooks/payloads.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { anyJson, type Chance, mutated, oneOf, prototypesNow } from "./json.ts";
import { ROUNDS_LIMIT_MS, rounds } from "./rounds.ts";

const PLAIN = { signature: null, dedupe: null };
const utf8 = new TextEncoder();

const CALLS = [
  ["github", "x-github-event", "push", giteaPush()],
  ["github", "x-github-event", "pull_request", giteaPullRequest()],
  ["gitlab", "x-gitlab-event", "Push Hook", gitlabPush()],
  ["gitlab", "x-gitlab-event", "Merge Request Hook", gitlabMergeRequest()],
  ["gitea", "x-gitea-event", "push", giteaPush()],
  ["gitea", "x-gitea-event", "pull_request", giteaPullRequest()],
  ["bitbucket", "x-event-key", "repo:push", bitbucketPush()],
  ["bitbucket", "x-event-key", "pullrequest:updated", bitbucketPullRequest()],
  ["stripe", "user-agent", "Stripe/1.0", { id: "evt_1", type: "invoice.paid", data: { object: {} } }],
  ["standard", "webhook-id", "msg_1", { type: "user.created", data: {} }],
  ["generic", "x-topic", "a", { a: [1, 2, { b: null }] }],
] as const;

/** What the core relies on of any delivery, whatever was sent. */
function expectSound({ deliveryId, event, action, changes, headers }: Delivery): void {
  expect(deliveryId.length).toBeGreaterThan(0);
  expect(deliveryId.length).toBeLessThanOrEqual(128);
  expect([typeof event, action === null || typeof action === "string"]).toEqual(["string", true]);
  for (const value of Object.values(headers)) expect(typeof value).toBe("string");
  for (const {
    repository,
    ref,
    branch,
    tag,
    sha,
    before,
    paths,
    message,
    author,
    pullRequest,
    kind,
  } of changes) {
    expect(repository.url).toMatch(/^https?:\/\//);
    expect(ref).toMatch(/^refs\/./);
    expect((branch === null ? 0 : 1) + (tag === null ? 0 : 1) + (pullRequest === null ? 0 : 1)).toBe(1);
    for (const hash of [sha, before]) expect(hash === null || /^[0-9a-f]{7,64}$/.test(hash)).toBe(true);
    for (const text of [message, author]) expect(text === null || typeof text === "string").toBe(true);
    expect(paths === null || paths.every((path) => typeof path === "string")).toBe(true);
    expect(kind === "pull_request").toBe(pullRequest !== null);
    if (pullRequest !== null) expect(typeof pullRequest.number).toBe("number");
  }
}

const prototypes = prototypesNow();
afterAll(() => expect(prototypesNow()).toEqual(prototypes));

describe("whatever is sent", { timeout: ROUNDS_LIMIT_MS }, () => {
  it("fields that every object has are a payload's own or nobody's, and are given as such", async () => {
    const text =
      '{"__proto__": {"a": "own", "admin": true}, "constructor": {"prototype": {"a": 2}}, "b": {"hasOwnProperty": 3}, "toString": "t"}';
    const read = await readDelivery("generic", PLAIN, new Headers(), utf8.encode(text));
    if ("complaint" in read) throw new Error(read.complaint);
    const given = (input: string) => {
      const filled = fill({ input }, read, null);
      return "complaint" in filled ? filled.complaint.message : filled.input;
    };
    expect(JSON.stringify(given("payload"))).toBe(JSON.stringify(JSON.parse(text)));
    expect(given("payload.__proto__.a + payload.toString")).toBe("ownt");
    expect(given("payload.constructor.prototype.a + payload.b.hasOwnProperty")).toBe(5);
    expect(given("[has(payload.admin), has(payload.b.__proto__), has(payload.b.constructor)]")).toEqual([
      false,
      false,
      false,
    ]);
    expect(given("payload.b.valueOf")).toContain('there is no "valueOf"');
    const names = ["__proto__", "constructor", "toString"];
    const each = <V>(value: V) => Object.fromEntries(names.map((name) => [name, value]));
    const [env, input] = [each("payload.b.hasOwnProperty"), each("payload.b.hasOwnProperty")];
    expect(JSON.stringify(fill({ env, input }, read, null))).toBe(
      JSON.stringify({ env: each("3"), input: each(3) }),
    );
  });

  it("it is read or complained of, and judged", async () => {
    const chance = seededRandom(61);
    for (let round = 0; round < rounds(1000); round++) {
      const [source, header, event, payload] = oneOf(chance, CALLS);
      let sent = mutated(chance, payload) as Json;
      while (chance() < 0.5) sent = mutated(chance, sent) as Json;
      let body = utf8.encode(JSON.stringify(sent));
      if (chance() < 0.1) body = body.slice(0, Math.floor(chance() * body.length));
      const headers = new Headers(chance() < 0.95 ? { [header]: event } : {});
      if (chance() < 0.1) headers.set("content-type", "application/x-www-form-urlencoded");
      const read = await readDelivery(source, PLAIN, headers, body);
      if ("complaint" in read) continue;
      expectSound(read);
      const filter = { branches: ["**"], tags: ["**"], paths: ["**"], if: 'event != "" && payload != 1' };
      const { parts, rest } = partsOf(read);
      expect(parts.flatMap(({ changes }) => changes)).toEqual(read.changes.slice(0, DELIVERY_PARTS_MAX));
      expect(rest === null).toBe(read.changes.length <= DELIVERY_PARTS_MAX);
      for (const part of parts)
        for (const { verdict } of [judge({}, part), judge(filter, part)])
          expect(["take", "filtered", "ping"]).toContain(verdict);
      const again = await readDelivery(source, PLAIN, new Headers(read.headers), body);
      if (!headers.has("content-type")) expect(again).toEqual(read);
    }
  });

  it("no header that was not signed is taken for a proof", async () => {
    const chance = seededRandom(62);
    const names = [
      ...[
        "x-hub-signature-256",
        "x-hub-signature",
        "x-gitea-signature",
        "x-gitlab-token",
        "stripe-signature",
      ],
      ...["webhook-id", "webhook-timestamp", "webhook-signature", "x-signature", "content-type"],
    ];
    const parts = [
      "sha256=",
      "v1,",
      "v1=",
      "t=",
      ",",
      " ",
      "=",
      "0",
      "ff",
      "A",
      "1000",
      "/",
      "_",
      "x",
      "constructor",
    ];
    for (let round = 0; round < rounds(1000); round++) {
      const headers = new Headers();
      for (const name of names)
        if (chance() < 0.7) headers.set(name, someOf(chance, parts, 1 + Math.floor(chance() * 70)));
      const body = utf8.encode(JSON.stringify(anyJson(chance, 2)));
      const secrets = [oneOf(chance, ["a secret", "whsec_", "whsec_!", "", "x".repeat(300)]), "another"];
      const source = oneOf(chance, HOOK_SOURCES);
      expect(await verify(source, PLAIN, headers, body, secrets, 1_000_000)).toBe(false);
    }
  });
});

function someOf(chance: Chance, parts: readonly string[], count: number): string {
  return Array.from({ length: count }, () => oneOf(chance, parts)).join("");
}

// --- Expressions ----------------------------------------------------------------------------------------------

const TOKENS = [
  ...[
    "payload",
    "event",
    "headers",
    "change",
    "action",
    "x",
    "a",
    "__proto__",
    "constructor",
    "null",
    "true",
    "in",
  ],
  ...[
    ".",
    ".?",
    "[",
    "]",
    "[?",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "?",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "<",
    "&&",
    "||",
    "!",
  ],
  ...[
    "1",
    "0",
    "1.5",
    '"a"',
    "'b'",
    'r"\\d"',
    'b"a"',
    "1u",
    "9223372036854775807",
    '"(a+)+$"',
    " ",
    "\n",
    "//",
    "\\",
    '"',
  ],
  ...[
    "has(",
    "size(",
    "int(",
    "string(",
    ".size()",
    ".map(x, ",
    ".all(x, ",
    ".filter(x, ",
    ".exists(x, ",
    ".matches(",
  ],
  ...["cel.bind(x, ", "optional.of(", ".orValue(", ".join(", ".split(", ".contains("],
];

/** An expression that is well formed, of a type that may not fit. */
function anyExpression(chance: Chance, levels: number, names: readonly string[]): string {
  const inner = (more: readonly string[] = []) => anyExpression(chance, levels - 1, [...names, ...more]);
  if (levels === 0 || chance() < 0.15)
    return oneOf(chance, [
      ...names,
      "0",
      "1",
      "2",
      "1.5",
      '"a"',
      '"ab"',
      "true",
      "false",
      "[]",
      "[1, 2]",
      "null",
    ]);
  switch (Math.floor(chance() * 16)) {
    case 0:
    case 1:
      return `(${inner()} ${oneOf(chance, ["+", "-", "*", "/", "%"])} ${inner()})`;
    case 2:
    case 3:
      return `(${inner()} ${oneOf(chance, ["==", "!=", "<", "<=", ">", ">=", "in"])} ${inner()})`;
    case 4:
      return `(${inner()} ${oneOf(chance, ["&&", "||"])} ${inner()})`;
    case 5:
      return `${oneOf(chance, ["!", "-"])}(${inner()})`;
    case 6:
      return `(${inner()} ? ${inner()} : ${inner()})`;
    case 7:
      return `dyn([${inner()}, ${inner()}])`;
    case 8:
      return `{${oneOf(chance, ['"a"', '"b"'])}: ${inner()}}`;
    case 9:
      return `${inner()}.${oneOf(chance, ["a", "b", "c"])}`;
    case 10:
      return `${inner()}[${inner()}]`;
    case 11:
      return `${inner()}.${oneOf(chance, ["all", "exists", "exists_one", "map", "filter"])}(x, ${inner(["x"])})`;
    case 12:
      return `${oneOf(chance, ["size", "int", "double", "string"])}(${inner()})`;
    case 13:
      return `${inner()}.${oneOf(chance, ["contains", "startsWith", "endsWith", "split", "indexOf"])}(${inner()})`;
    case 14:
      return `cel.bind(x, ${inner()}, ${inner(["x"])})`;
    default:
      return `dyn(${inner()})`;
  }
}

const PAYLOAD: Json = { a: 1, b: [3, 1, 2], c: { a: "ab", b: [], c: null }, d: "a,b", e: 2.5, f: true };
const NAMES = ["payload", "payload.a", "payload.b", "payload.c", "payload.d", "payload.e", "payload.f"];

/** As the library would have it, which does not tell a whole number of JSON from another. */
const forLibrary = (value: unknown): unknown =>
  Number.isInteger(value)
    ? BigInt(value as number)
    : Array.isArray(value)
      ? value.map(forLibrary)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, forLibrary(each)]))
        : value;

/** A value in words that are the same for both. */
const shown = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === "bigint"
      ? Number(each)
      : Object.is(each, -0)
        ? 0
        : typeof each === "number"
          ? Number(each)
          : each,
  );

describe("whatever an expression says", { timeout: ROUNDS_LIMIT_MS }, () => {
  const variables = {
    event: "push",
    action: null,
    payload: fromJson(PAYLOAD),
    headers: fromJson({ a: "b" }),
    change: null,
  };

  it("it has a value, or a complaint that says where", () => {
    const chance = seededRandom(63);
    for (let round = 0; round < rounds(4000); round++) {
      const source =
        chance() < 0.5
          ? someOf(chance, TOKENS, 1 + Math.floor(chance() * 25))
          : anyExpression(chance, 5, NAMES);
      const delivery = aDelivery({ payload: PAYLOAD });
      const filled = fill({ input: source }, delivery, null);
      if (!("complaint" in filled)) continue;
      expect(filled.complaint.message).toMatch(
        /\(line \d+, column \d+\)$|too many steps|nested too deeply|which JSON does not have|more than JSON tells|levels$/,
      );
    }
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  it("a text is found where the platform finds it", () => {
    const chance = seededRandom(66);
    let found = 0;
    for (let round = 0; round < rounds(4000); round++) {
      const text = someOf(chance, ["a", "b", "ab", "aab", "\u{1f600}"], Math.floor(chance() * 60));
      const from = Math.floor(chance() * (text.length + 1));
      // Half of them are there, and of these many nearly are at other places, too.
      const sought =
        chance() < 0.5
          ? text.slice(from, from + Math.floor(chance() * 20))
          : someOf(chance, ["a", "b", "ab", "aab"], Math.floor(chance() * 12));
      const search = new Search(sought, new Meter(100_000));
      const at = Math.floor(chance() * (text.length + 1));
      const theirs = [text.indexOf(sought, at), text.lastIndexOf(sought, at)];
      expect([text, sought, at, search.first(text, at), search.last(text, at)]).toEqual([
        text,
        sought,
        at,
        ...theirs,
      ]);
      if (sought.length > 8 && (theirs[0] ?? -1) > 0) found += 1;
    }
    expect(found).toBeGreaterThan(rounds(4000) / 40);
  });

  it("its value is the library's own", () => {
    const chance = seededRandom(64);
    const library = new Environment({
      enableOptionalTypes: true,
      homogeneousAggregateLiterals: false,
    }).registerVariable("payload", "dyn");
    const payload = forLibrary(PAYLOAD);
    let same = 0;
    for (let round = 0; round < rounds(4000); round++) {
      const source = anyExpression(chance, 4, NAMES);
      const expression = parseExpression(source);
      if ("complaint" in expression) continue;
      const meter = new Meter(100_000);
      const ours = evaluate(expression, variables, meter);
      let theirs: { value: unknown } | null = null;
      try {
        theirs = { value: library.clone().evaluate(source, { payload }) };
      } catch {
        // It has none.
      }
      if ("complaint" in ours) {
        if (theirs !== null)
          expect([source, ours.complaint, shown(theirs.value)]).toEqual([source, "a value"]);
        continue;
      }
      const made = jsonOf(ours.value, meter);
      if (theirs === null) expect([source, shown(made)]).toEqual([source, "none"]);
      else if (!("complaint" in made))
        expect([source, shown(made.json)]).toEqual([source, shown(theirs.value)]);
      same += 1;
    }
    expect(same).toBeGreaterThan(rounds(4000) / 20);
  });
});

// --- Globs ----------------------------------------------------------------------------------------------------

/** Whether a glob fits, one way after the other: right for what is short. */
function fits(glob: string, text: string): boolean {
  if (glob === "") return text === "";
  if (glob.startsWith("**/")) {
    const rest = glob.slice(3);
    return (
      fits(rest, text) ||
      [...text].some((char, at) => char === "/" && at > 0 && fits(rest, text.slice(at + 1)))
    );
  }
  if (glob.startsWith("*")) {
    const isAny = glob.startsWith("**");
    const rest = glob.slice(isAny ? 2 : 1);
    return fits(rest, text) || (text !== "" && (isAny || text[0] !== "/") && fits(glob, text.slice(1)));
  }
  const [unit = ""] = /^(?:\[[^\]]*\]|\\.|.)/.exec(glob) ?? [];
  const rest = glob.slice(unit.length);
  const isOne = (char: string | undefined) =>
    char !== undefined &&
    (unit.startsWith("[") ? new RegExp(`^${unit}$`).test(char) : char === unit.replace(/^\\/, ""));
  if (rest.startsWith("?"))
    return fits(rest.slice(1), text) || (isOne(text[0]) && fits(rest.slice(1), text.slice(1)));
  if (rest.startsWith("+")) {
    for (let count = 1; isOne(text[count - 1]); count++)
      if (fits(rest.slice(1), text.slice(count))) return true;
    return false;
  }
  return isOne(text[0]) && fits(rest, text.slice(1));
}

describe("whatever globs say", { timeout: ROUNDS_LIMIT_MS }, () => {
  it("each can not be read, or fits what it says", () => {
    const chance = seededRandom(65);
    const parts = [
      "*",
      "**",
      "**/",
      "/",
      "a",
      "b",
      ".",
      "?",
      "+",
      "[ab]",
      "[a-c]",
      "[0-9]",
      "\\*",
      "\\",
      "[",
      "]",
      "-",
      "!",
      "$",
      "ü",
    ];
    let read = 0;
    for (let round = 0; round < rounds(4000); round++) {
      const glob = someOf(chance, parts, 1 + Math.floor(chance() * 6));
      const complaint = globComplaint(glob);
      if (complaint !== null) {
        expect(complaint).toMatch(/\(character \d+\)$|^must not be empty$/);
        continue;
      }
      read += 1;
      const isNegated = glob.startsWith("!");
      const isTaken = globMatcher(isNegated ? ["**", glob] : [glob], { left: 1_000_000 });
      for (let tries = 0; tries < 5; tries++) {
        const text = someOf(chance, ["a", "b", "c", "/", ".", "1", "*", "-", "ü"], Math.floor(chance() * 6));
        const expected = fits(isNegated ? glob.slice(1) : glob, text) !== isNegated;
        expect([glob, text, isTaken(text)]).toEqual([glob, text, expected]);
      }
    }
    expect(read).toBeGreaterThan(rounds(4000) / 4);
  });
});
