import { describe, expect, it } from "vitest";
import { z } from "zod";
import { complaint } from "../../src/api/complaints.ts";
import { checkedDefinition } from "../../src/api/job-definition.ts";
import { AppError, type Complaint } from "../../src/core/error.ts";
import { readJobsFile } from "../../src/jobs-file/read.ts";
import { BAD_DEFINITIONS, BAD_IN_MANY_WAYS } from "../api/jobs/bad-definitions.ts";

z.config({ customError: complaint });

/** As the API answers it; null of what it refuses before it is looked at as a job. */
function refusals(definition: unknown): Complaint[] | null {
  try {
    checkedDefinition(definition, "j");
  } catch (error) {
    if (error instanceof AppError) return error.complaints;
    throw error;
  }
  return null;
}

/** As `mayfly validate` prints it of a file. */
function complaints(definition: unknown): { path: string | null; message: string }[] {
  const read = readJobsFile(JSON.stringify({ jobs: { j: definition } }), "mayfly.yaml", 0);
  if ("jobs" in read) throw new Error("it is taken");
  return read.complaints.map(({ path, message }) => ({
    path: path === "jobs.j" ? null : (path?.replace(/^jobs\.j\./, "") ?? null),
    message: message.replace(/; quotes make it text$/, ""),
  }));
}

describe("what the API refuses is found in a file, with the same path and sentence", () => {
  it.each(BAD_DEFINITIONS)("%s", (_, definition, path, says) => {
    const refused = refusals(definition)?.[0] ?? null;
    const found = complaints(definition);
    // What is nested too deeply is read no further, so that a file has a line for it and no path.
    if (refused === null) return expect(found[0]?.message).toContain("levels deep");
    expect(refused).toEqual({ path, message: expect.stringContaining(says) });
    const message = refused.message.replace(/^the body /, "").replace(`${path}: `, "");
    expect(found).toContainEqual({ path, message });
  });
});

describe("all that is wrong is told at once, in both", () => {
  it.each(BAD_IN_MANY_WAYS)("%s", (_, definition, paths) => {
    const refused = refusals(definition) ?? [];
    expect(refused.map(({ path }) => path)).toEqual(paths);
    const found = complaints(definition);
    expect(found).toHaveLength(refused.length);
    expect(found).toEqual(expect.arrayContaining(refused));
  });
});
