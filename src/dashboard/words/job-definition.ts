/** A version of a job as its owner would write it. */

import type { JobBody } from "../../api/job-schema.ts";
import { PAGE_DEFINITION_MAX_CHARS } from "../../core/limits.ts";
import { yamlText } from "./definition-text.ts";

type Definition = Pick<
  JobBody,
  "description" | "labels" | "run" | "input_schema" | "schedules" | "hooks" | "on" | "expect_every"
>;

/** @returns its text without what is not said in it, and whether that is all of it */
export function definitionText(job: Definition): { text: string; isWhole: boolean } {
  const { description, labels, expect_every, run, input_schema, schedules, hooks, on } = job;
  const said = Object.entries({
    description,
    labels,
    expect_every,
    run,
    input_schema,
    schedules,
    hooks,
    on,
  }).filter(([name, value]) => value !== null && (name === "run" || Object.keys(value).length > 0));
  const text = yamlText(Object.fromEntries(said));
  return {
    text: text.slice(0, PAGE_DEFINITION_MAX_CHARS),
    isWhole: text.length <= PAGE_DEFINITION_MAX_CHARS,
  };
}

/** What a form for the input begins with: what the schema has as an example, or by default. */
export function startingInput({ input_schema: schema }: Pick<JobBody, "input_schema">): string {
  const examples = Array.isArray(schema?.examples) ? schema.examples : [];
  return JSON.stringify(examples[0] ?? schema?.default ?? {}, null, 2);
}
