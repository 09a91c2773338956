/**
 * The words of JSON Schema that a job's input can be described with, and what may stand behind each. All other words are refused: a
 * word that is not understood checks nothing.
 */

/** What stands behind a word. */
export type WordKind =
  | "schema"
  | "schemas"
  | "named_schemas"
  | "items"
  | "dependencies"
  | "type"
  | "names"
  | "named_names"
  | "values"
  | "value"
  | "count"
  | "number"
  | "positive"
  | "pattern"
  | "format"
  | "reference"
  | "truth"
  | "text"
  | "list"
  | "draft";

/** Of both drafts. */
const COMMON: Record<string, WordKind> = {
  $schema: "draft",
  $ref: "reference",
  $comment: "text",
  $defs: "named_schemas",
  definitions: "named_schemas",
  title: "text",
  description: "text",
  default: "value",
  examples: "list",
  deprecated: "truth",
  readOnly: "truth",
  writeOnly: "truth",
  type: "type",
  const: "value",
  enum: "values",
  not: "schema",
  allOf: "schemas",
  anyOf: "schemas",
  oneOf: "schemas",
  if: "schema",
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
  then: "schema",
  else: "schema",
  properties: "named_schemas",
  patternProperties: "named_schemas",
  additionalProperties: "schema",
  propertyNames: "schema",
  required: "names",
  minProperties: "count",
  maxProperties: "count",
  items: "items",
  contains: "schema",
  minItems: "count",
  maxItems: "count",
  uniqueItems: "truth",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "positive",
  minLength: "count",
  maxLength: "count",
  pattern: "pattern",
  format: "format",
};

export type Draft = "7" | "2020-12";

/** By draft. */
export const WORDS: Record<Draft, Record<string, WordKind>> = {
  "7": { ...COMMON, additionalItems: "schema", dependencies: "dependencies" },
  "2020-12": {
    ...COMMON,
    prefixItems: "schemas",
    minContains: "count",
    maxContains: "count",
    unevaluatedProperties: "schema",
    unevaluatedItems: "schema",
    dependentRequired: "named_names",
    dependentSchemas: "named_schemas",
  },
};

/** What `$schema` can say, without the "#" at its end. */
export const DRAFTS: Record<string, Draft> = {
  "http://json-schema.org/draft-07/schema": "7",
  "https://json-schema.org/draft/2020-12/schema": "2020-12",
};

export const TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"];

/** Those whose check takes no longer than the text is. */
export const FORMATS = [
  "date",
  "date-time",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "json-pointer",
  "time",
  "uri",
  "uri-reference",
  "uri-template",
  "uuid",
];
