/** Jobs as a file that reads as the same jobs. */

import { Document, isScalar, type Scalar, visit } from "yaml";
import type { JobDefinition } from "../core/job.ts";
import { PROJECT_DEFAULT } from "./project.ts";

export interface WrittenJobs {
  project?: string;
  jobs: Record<string, JobDefinition>;
  /** Lines in front, without their #. */
  comment?: string;
  /** Where editors find the JSON Schema of the file. */
  schemaUrl?: string;
}

export function jobsFileText({ project, jobs, comment, schemaUrl }: WrittenJobs): string {
  const file = { ...(project !== undefined && project !== PROJECT_DEFAULT && { project }), jobs };
  const document = new Document(file, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (isLinesOfText(node)) node.type = "BLOCK_LITERAL";
      // Without quotes it is no text: it merges; and blanks alone would be taken for indentation.
      if (node.value === "<<" || (typeof node.value === "string" && node.value.trim() === ""))
        node.type = "QUOTE_DOUBLE";
    },
  });
  const head = [
    ...(schemaUrl === undefined ? [] : [`# yaml-language-server: $schema=${schemaUrl}`]),
    ...(comment === undefined ? [] : comment.split("\n").map((line) => `# ${line}`.trimEnd())),
  ];
  const text = document.toString({ lineWidth: 0 });
  return [...head, text].join("\n");
}

/** Text of several lines stands as it is; other control characters can only be escaped. */
function isLinesOfText(node: Scalar): boolean {
  return (
    isScalar(node) &&
    typeof node.value === "string" &&
    /\n/.test(node.value) &&
    !/[^\n\t\P{Cc}]|\ufeff/u.test(node.value)
  );
}
