import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inputComplaints } from "../../src/api/check-input.ts";
import { type InputSchema, schemaComplaints } from "../../src/api/input-schema.ts";

interface Group {
  file: string;
  description: string;
  schema: InputSchema | boolean;
  tests: [description: string, fits: boolean, value: unknown][];
}

function groupsOf(draft: string): Group[] {
  const text = readFileSync(join(import.meta.dirname, "json-schema-test-suite", `${draft}.jsonl`), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Group);
}

/** As a job's schema has to have it: an object, which says which draft it is of. */
function asInputSchema(schema: InputSchema | boolean, draft: string): InputSchema {
  const $schema = draft === "draft7" ? "http://json-schema.org/draft-07/schema#" : undefined;
  if (typeof schema === "boolean") return { ...($schema && { $schema }), allOf: [schema] };
  return $schema === undefined ? schema : { $schema, ...schema };
}

/** What @cfworker/json-schema, which has the formats, takes all the same. */
const OTHERWISE = [
  "format/uri: validation of URIs: non-numeric port is invalid",
  "format/uri: validation of URIs: leading zero in an embedded IPv4 address is invalid",
  "format/uri: validation of URIs: square brackets are not allowed in a path segment",
  "format/uri-reference: validation of URI References: a double quote in a path",
  "format/uri-reference: validation of URI References: square brackets outside an authority",
  "format/uri-reference: validation of URI References: a non-numeric port in a network-path reference",
  "format/uri-reference: validation of URI References: more than one at-sign in the authority",
  "format/uri-reference: validation of URI References: a leading zero in the IPv4 part of an IPv6 literal",
  "format/uri-reference: validation of URI References: a colon in the first segment of a relative-path reference",
];

describe("inputs are checked as JSON Schema's own tests say", () => {
  it.each([
    ["draft7", 747, 23],
    ["2020-12", 1486, 26],
  ])("%s, %d tests in all but %d groups, whose schemas are not taken", (draft, tests, left) => {
    const seen = { tests: 0, left: [] as string[] };
    const wrong: string[] = [];
    for (const { file, description, schema, tests } of groupsOf(draft)) {
      const ours = asInputSchema(schema, draft);
      const [complaint] = schemaComplaints(ours);
      if (complaint !== undefined) {
        seen.left.push(`${file}: ${description}: ${complaint.message.slice(0, 40)}`);
        continue;
      }
      for (const [what, fits, value] of tests) {
        seen.tests += 1;
        const name = `${file}: ${description}: ${what}`;
        if ((inputComplaints(value, ours).length === 0) !== (fits || OTHERWISE.includes(name)))
          wrong.push(name);
      }
    }
    expect(wrong).toEqual([]);
    expect([seen.tests, seen.left.length], seen.left.join("\n")).toEqual([tests, left]);
  });
});
