/** The JSON Schema of mayfly.yaml: published as it is made, and of one mind with the reader. */

import { Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { createApi } from "../../src/api/app.ts";
import { JOBS_FILE_SCHEMA_PATH, jobsFileJsonSchema, jobsFileSchema } from "../../src/api/jobs-file-schema.ts";
import type { ApiPorts } from "../../src/api/ports.ts";
import { readJobsFile } from "../../src/jobs-file/read.ts";
import { type Chance, mutated } from "../fuzz/json.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { A_FILE } from "./a-file.ts";

const schema = jobsFileJsonSchema();

describe("the JSON Schema of mayfly.yaml", () => {
  it("is in docs as it is made (vitest -u writes it anew)", async () => {
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot("../../docs/mayfly.schema.json");
  });

  it("is served to everybody", async () => {
    const answer = await createApi({ token: "t" } as ApiPorts).request(JOBS_FILE_SCHEMA_PATH);
    expect(answer.headers.get("content-type")).toBe("application/schema+json");
    expect(await answer.json()).toEqual(schema);
  });

  it("says what the API says of each field", () => {
    expect(JSON.stringify(schema)).toContain('a duration such as \\"90s\\"');
  });
});

describe("whatever stands in a file", () => {
  const validator = new Validator(schema, "2020-12");

  it("is accepted by the schema if the reader takes it, and refused by both where a schema has words for it", () => {
    const chance = seededRandom(11);
    const seen = { taken: 0, refused: 0 };
    for (let round = 0; round < 800; round++) {
      let document: unknown = someOfIt(chance);
      for (let changes = Math.floor(chance() * 3); changes > 0; changes--)
        document = mutated(chance, document);
      const text = JSON.stringify(document);
      const read = readJobsFile(text, "f", 0);
      const accepted = validator.validate(JSON.parse(text)).valid;
      if (!("complaints" in read)) {
        seen.taken += 1;
        expect(accepted, text).toBe(true);
        continue;
      }
      const issues = issuesOf(JSON.parse(text));
      if (issues.some(hasWords)) {
        seen.refused += 1;
        expect(accepted, `${text} ${JSON.stringify(issues)}`).toBe(false);
      }
    }
    expect(seen.taken).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(100);
  });
});

/** One job with some of its fields: reading a file takes as long as it is, and every field has its turn. */
function someOfIt(chance: Chance): unknown {
  const { project, jobs } = A_FILE;
  const { run, ...others } = chance() < 0.9 ? jobs.deploy : { run: jobs.report.run };
  const { image, ...parts } = run;
  const some = (fields: object) => Object.fromEntries(Object.entries(fields).filter(() => chance() < 0.3));
  const schedules = jobs.deploy.schedules.filter(() => chance() < 0.2);
  const { script, ...rest } = some(parts) as { script?: string };
  const spec = { image, ...(script === undefined ? { command: ["true"] } : { script }), ...rest };
  return { project, jobs: { deploy: { ...some(others), run: spec, schedules } } };
}

function issuesOf(document: unknown): z.core.$ZodIssue[] {
  try {
    return jobsFileSchema.safeParse(document).error?.issues ?? [];
  } catch {
    // An object that can not be compared stands where text is wanted: see `api/checked.ts`.
    return [];
  }
}

/** Checks that are a program's own have no words in JSON Schema. */
function hasWords(issue: z.core.$ZodIssue): boolean {
  if (issue.code === "invalid_key" || issue.code === "invalid_union")
    return issue.code === "invalid_key" && issue.issues.some(hasWords);
  return issue.code !== "custom";
}
