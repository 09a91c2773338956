import { describe, expect, it } from "vitest";
import { z } from "zod";
import { complaint } from "../../src/api/complaints.ts";
import { checkedDefinition } from "../../src/api/job-definition.ts";
import { AppError } from "../../src/core/error.ts";
import { readJobsFile } from "../../src/jobs-file/read.ts";
import { BAD_DEFINITIONS } from "../api/jobs/bad-definitions.ts";

z.config({ customError: complaint });

/** As the API answers it; null of what it refuses before it is looked at as a job. */
function refusal(definition: unknown): { path: string | null; message: string } | null {
  try {
    checkedDefinition(definition, "j");
  } catch (error) {
    if (error instanceof AppError) return { path: error.path, message: error.message };
    throw error;
  }
  return null;
}

/** As `mayfly validate` prints it of a file. */
function complaints(definition: unknown): { path: string | null; message: string }[] {
  const read = readJobsFile(JSON.stringify({ jobs: { j: definition } }), "mayfly.yaml");
  if ("jobs" in read) throw new Error("it is taken");
  return read.complaints.map(({ path, message }) => ({
    path: path === "jobs.j" ? null : (path?.replace(/^jobs\.j\./, "") ?? null),
    message: message.replace(/; quotes make it text$/, ""),
  }));
}

describe("what the API refuses is found in a file, with the same path and sentence", () => {
  it.each(BAD_DEFINITIONS)("%s", (_, definition, path, says) => {
    const refused = refusal(definition);
    const found = complaints(definition);
    // What is nested too deeply is read no further, so that a file has a line for it and no path.
    if (refused === null) return expect(found[0]?.message).toContain("levels deep");
    expect(refused).toEqual({ path, message: expect.stringContaining(says) });
    const message = refused.message.replace(/^the body /, "").replace(`${path}: `, "");
    expect(found).toContainEqual({ path, message });
  });
});
