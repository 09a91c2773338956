/** Secrets as callers send them, and as they are answered: everything but the value. */

import { z } from "@hono/zod-openapi";
import * as limits from "../core/limits.ts";
import { time } from "./schema-parts.ts";

/** How a secret is called. */
export const secretNameField = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    "must be the name of a secret: letters, digits and _, not starting with a digit",
  )
  .max(limits.SECRET_NAME_MAX_CHARS)
  .openapi({ example: "API_TOKEN" });

const utf8 = new TextEncoder();

/** What `PUT /v1/secrets/{name}` takes. */
export const secretValueSchema = z
  .strictObject(
    {
      value: z
        .string({
          error: (issue) =>
            issue.code === "invalid_type" && issue.input !== undefined ? "must be text" : undefined,
        })
        .min(1)
        .refine((value) => !value.includes("\0"), "can not contain a NUL byte")
        .refine(
          (value) => utf8.encode(value).byteLength <= limits.SECRET_VALUE_MAX_BYTES,
          `can be at most ${limits.SECRET_VALUE_MAX_BYTES} bytes`,
        )
        .openapi({ writeOnly: true }),
    },
    // Nothing of what came is repeated: it can be the value, put in the wrong place.
    { error: (issue) => (issue.code === "invalid_type" ? 'must be an object, {"value": "…"}' : undefined) },
  )
  .openapi("SecretValue");

export const secretSchema = z
  .object({
    name: z.string(),
    version: z.int().openapi({ description: "counts from 1, and one more each time the value is set" }),
    redacted: z.boolean().openapi({
      description: `whether the value is masked in output: false for one of fewer than ${limits.SECRET_REDACTED_MIN_BYTES} bytes, which would be found where it is not meant`,
    }),
    created_at: time,
    updated_at: time.openapi({ description: "when the value was set" }),
  })
  .openapi("Secret");
export type SecretBody = z.infer<typeof secretSchema>;

export const secretListSchema = z.object({ secrets: z.array(secretSchema) }).openapi("SecretList");
export type SecretListBody = z.infer<typeof secretListSchema>;
