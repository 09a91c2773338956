/** A file that defines jobs, `mayfly.yaml`: its schema, and the same as JSON Schema for editors. */

import { zodToOpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { z } from "@hono/zod-openapi";
import { jobDefinitionSchema, jobNameField } from "./job-schema.ts";

/** What stands in a file. `jobs-file/read.ts` checks the jobs one by one, so that what is wrong with one hides nothing in another. */
export const jobsFileSchema = z.strictObject({
  project: jobNameField.optional().openapi({
    description:
      "whose jobs these are, default unless told otherwise. mayfly apply --prune deletes jobs of this project alone",
    example: "website",
  }),
  jobs: z.record(jobNameField, jobDefinitionSchema).openapi({ description: "definitions by name" }),
});

/** Where a Mayfly serves the JSON Schema. */
export const JOBS_FILE_SCHEMA_PATH = "/mayfly.schema.json";

/**
 * JSON Schema 2020-12 of a jobs file. It accepts whatever a reader accepts; what a schema has no words for (an image's reference, a cron
 * expression, what two fields must have in common) it does not check.
 */
export function jobsFileJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(jobsFileSchema, {
    io: "input",
    reused: "inline",
    override: ({ zodSchema, jsonSchema }) => {
      const { description, example, examples, format } = zodToOpenAPIRegistry.get(zodSchema) ?? {};
      if (description !== undefined) jsonSchema.description = description;
      if (example !== undefined) jsonSchema.examples = [example];
      if (Array.isArray(examples)) jsonSchema.examples = examples;
      if (format !== undefined) jsonSchema.format = format;
    },
  });
  return {
    ...schema,
    title: "mayfly.yaml",
    description: "Jobs of Mayfly, as mayfly validate, diff and apply read them.",
  };
}
