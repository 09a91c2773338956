import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkInput } from "../../src/api/check-input.ts";
import { complaint } from "../../src/api/complaints.ts";
import { schemaComplaints } from "../../src/api/input-schema.ts";
import { checkedDefinition, jobRunInput, meansTheSame } from "../../src/api/job-definition.ts";
import { FORMATS, TYPES, WORDS } from "../../src/api/json-schema-words.ts";
import { runSpecSchema } from "../../src/api/spec-schema.ts";
import { AppError } from "../../src/core/error.ts";
import type { Json } from "../../src/core/hook/delivery.ts";
import { judge } from "../../src/core/hook/filter.ts";
import type { HookSpec } from "../../src/core/hook/hook.ts";
import { fill } from "../../src/core/hook/map.ts";
import { diffDefinitions, type JobDefinition } from "../../src/core/job.ts";
import { aChange, aDelivery } from "../core/hook/a-delivery.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { anyJson, type Chance, mutated, oneOf, prototypesNow } from "./json.ts";
import { ROUNDS_LIMIT_MS, rounds } from "./rounds.ts";

z.config({ customError: complaint });

const DOCUMENT = {
  description: "Deploys",
  labels: { team: "data" },
  run: {
    image: "debian:12",
    command: ["sh", "-c", "true"],
    env: { A: "1" },
    secrets: { KEY: "KEY" },
    files: [{ path: "/a", content: "x" }],
    machine: { size: "performance-2x" },
    timeouts: { run: "2h" },
    retry: { attempts: 3, rules: [{ exit_codes: [75], do: "stop" }] },
    tags: { env: "prod" },
    concurrency: { key: "{job}-{input.a}-{tags.env}", limit: 2 },
    delay: "1m",
  },
  input_schema: { type: "object", properties: { a: { enum: [1, "a"] } }, required: ["a"] },
};

/** The same of a build: a checkout, steps, and hooks of several senders. */
const BUILD = {
  run: {
    image: "node:24",
    checkout: {
      ...{
        repository: "https://git.example.com/a/b",
        ref: "main",
        path: "/src",
        depth: 0,
        submodules: "recursive",
      },
      ...{ token: "TOKEN", token_hosts: ["git.example.com", "http://10.0.0.5:3000"] },
    },
    steps: [
      { name: "test", run: "npm test", timeout: "5m", env: { CI: "1" }, working_directory: "/src/a" },
      { name: "tell", run: "./tell", if: "failure()" },
    ],
  },
  hooks: [
    {
      source: "github",
      secret: ["A", "B"],
      events: ["push", "pull_request.*"],
      branches: ["main", "release/**", "!release/old"],
      tags: ["v*"],
      paths: ["src/**", "!**.md"],
      if: "!payload.deleted && change.branch != ''",
      map: { env: { WHO: "payload.pusher.name" }, input: { a: "payload.after" } },
    },
    {
      name: "shop",
      source: "generic",
      secret: "C",
      signature: { header: "X-Signature", algorithm: "sha512", encoding: "base64", prefix: "v=" },
      dedupe: { expression: "payload.id" },
      map: { input: "payload" },
    },
  ],
};

/** What a call came to: its value, or the error that a caller reads. Anything else is a bug. */
function outcome<T>(call: () => T): { value: T } | { error: AppError } {
  try {
    return { value: call() };
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid_input") return { error };
    throw error;
  }
}

/** A schema of known words, each with what it may have, and now and then with anything. */
function aSchema(chance: Chance, levels: number): unknown {
  if (levels === 0 || chance() < 0.1) return chance() < 0.5;
  const words = WORDS[chance() < 0.7 ? "2020-12" : "7"];
  const schema: Record<string, unknown> = {};
  for (let count = Math.floor(chance() * 5); count > 0; count--) {
    const word = oneOf(chance, Object.keys(words));
    const inside = () => aSchema(chance, levels - 1);
    const value: Record<string, () => unknown> = {
      schema: inside,
      schemas: () => [inside(), inside()],
      named_schemas: () => ({ a: inside(), b: inside(), constructor: inside() }),
      items: inside,
      dependencies: () => ({ a: ["b"], id: inside(), $id: ["a"] }),
      type: () => (chance() < 0.7 ? oneOf(chance, TYPES) : TYPES.slice(2)),
      names: () => ["a", "toString"].slice(Math.floor(chance() * 3)),
      named_names: () => ({ a: ["b"] }),
      values: () => [anyJson(chance, 2), 1],
      count: () => Math.floor(chance() * 3),
      number: () => chance() * 4 - 2,
      positive: () => oneOf(chance, [0.1, 1, 1e300, 5e-324]),
      pattern: () => oneOf(chance, ["^a", ".", "\\p{L}+"]),
      format: () => oneOf(chance, FORMATS),
      reference: () => oneOf(chance, ["#", "#/$defs/a", "#/properties/a", "#/definitions/b", "#/anyOf/0"]),
      truth: () => chance() < 0.5,
      draft: () => "https://json-schema.org/draft/2020-12/schema",
    };
    schema[word] = chance() < 0.01 ? anyJson(chance, 2) : (value[words[word] ?? ""] ?? (() => "note"))();
  }
  return schema;
}

describe("whatever is put as a job's document", () => {
  it("is taken and means what it says, or is refused by a path that is in it", {
    timeout: ROUNDS_LIMIT_MS,
  }, () => {
    const chance = seededRandom(5);
    const seen = { taken: 0, refused: 0, hooks: 0 };
    const prototypes = prototypesNow();
    for (let round = 0; round < rounds(800); round++) {
      let document: unknown = round % 3 === 0 ? BUILD : DOCUMENT;
      for (let changes = Math.ceil(chance() * 2); changes > 0; changes--)
        document = mutated(chance, document);
      const { value, error } = {
        value: undefined,
        error: undefined,
        ...outcome(() => checkedDefinition(document, "deploy")),
      };
      if (error !== undefined) {
        seen.refused += 1;
        expect(error.message).not.toMatch(/undefined|\[object/);
        // What can be no text or name is told wherever it stands.
        if (error.path !== null && !/lone surrogates|"__proto__" can not/.test(error.message))
          expect(error.path).toMatch(/^(?:description|labels|run|input_schema|hooks)|^[^.]*$/);
        continue;
      }
      seen.taken += 1;
      const { definition, hooks } = value as { definition: JobDefinition; hooks: HookSpec[] };
      for (const { filter, map } of hooks) {
        seen.hooks += 1;
        const delivery = aDelivery({ payload: anyJson(chance, 3) as Json, changes: [aChange()] });
        expect(["take", "filtered"]).toContain(judge(filter, delivery).verdict);
        const filled = fill(map, delivery, aChange());
        if ("complaint" in filled) expect(filled.complaint.path).toMatch(/^map\.(?:env\.|input)/);
      }
      const copy = JSON.parse(JSON.stringify(definition)) as JobDefinition;
      expect(meansTheSame(definition, copy, "deploy")).toBe(true);
      expect(diffDefinitions(definition, copy).changes).toEqual([]);
      const spec = outcome(() => jobRunInput(definition, "deploy", { a: "x" }, {}));
      if ("value" in spec) expect(runSpecSchema.safeParse(spec.value).error).toBeUndefined();
    }
    expect(prototypesNow()).toEqual(prototypes);
    expect(seen.hooks).toBeGreaterThan(15);
    expect(seen.taken).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
  });
});

describe("whatever is put as an input's schema", () => {
  it("checks every input once it is taken, and fails none for its own sake", {
    timeout: ROUNDS_LIMIT_MS,
  }, () => {
    const chance = seededRandom(6);
    const seen = { taken: 0, refused: 0, fits: 0, unfit: 0 };
    for (let round = 0; round < rounds(2000); round++) {
      const schema = { $defs: { a: aSchema(chance, 2) }, ...(aSchema(chance, 3) as object) };
      if (schemaComplaints(schema).length > 0) {
        seen.refused += 1;
        continue;
      }
      seen.taken += 1;
      const before = JSON.stringify(schema);
      for (let inputs = 0; inputs < 4; inputs++) {
        const input = anyJson(chance, 3);
        const checked = outcome(() => checkInput(input, schema));
        if ("value" in checked) seen.fits += 1;
        else {
          seen.unfit += 1;
          expect(checked.error.path).toMatch(/^input/);
          expect(checked.error.message).not.toMatch(/undefined|\[object|NaN/);
        }
      }
      expect(JSON.stringify(schema)).toBe(before);
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
  });
});
