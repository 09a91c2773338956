/** /v1/secrets: values that runs are given by name. They can be set, replaced and removed, and never read. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../core/error.ts";
import type { SecretInfo } from "../../flow/ports/secrets.ts";
import { checked } from "../checked.ts";
import { parseJson } from "../json-body.ts";
import type { ApiPorts } from "../ports.ts";
import { rfc3339 } from "../run-body.ts";
import {
  type SecretBody,
  secretListSchema,
  secretNameField,
  secretSchema,
  secretValueSchema,
} from "../secret-schema.ts";
import { COMMON_ERRORS, errorAnswer } from "./answers.ts";

const nameParam = z.strictObject({
  name: secretNameField.openapi({ param: { name: "name", in: "path" } }),
});
const answer = (description: string) => ({
  description,
  content: { "application/json": { schema: secretSchema } },
});

const put = createRoute({
  method: "put",
  path: "/v1/secrets/{name}",
  summary: "Set a secret",
  description:
    "Sets or replaces a value that runs are given by its name. No call answers it. An attempt is given the value that was in force when it was planned.",
  request: {
    params: nameParam,
    body: { required: true, content: { "application/json": { schema: secretValueSchema } } },
  },
  responses: {
    200: answer("replaced"),
    201: answer("new"),
    ...COMMON_ERRORS,
    400: errorAnswer("the body is not JSON"),
    413: errorAnswer("the body is too large"),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/secrets",
  summary: "List secrets by name, without their values",
  responses: {
    200: {
      description: "all that are in force",
      content: { "application/json": { schema: secretListSchema } },
    },
    ...COMMON_ERRORS,
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/secrets/{name}",
  summary: "Show a secret, without its value",
  request: { params: nameParam },
  responses: {
    200: answer("what is known of it"),
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such secret"),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/secrets/{name}",
  summary: "Remove a secret",
  description:
    "No machine is given it any more. A run whose machine has it goes on, and its output is still masked: for that the value is kept, encrypted, for as long as a machine can live.",
  request: { params: nameParam },
  responses: {
    204: { description: "removed" },
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such secret"),
  },
});

export function secretsRoutes(app: OpenAPIHono, { secrets, orgId }: ApiPorts): void {
  // JSON is asked for whatever the content type says, as where a run is submitted.
  app.openAPIRegistry.registerPath(put);
  app.put("/v1/secrets/:name", async (c) => {
    const { name } = checked(nameParam, { name: c.req.param("name") }, "path");
    const { value } = checked(secretValueSchema, parseSecret(await c.req.arrayBuffer()), null);
    const { secret, isNew } = await secrets.set(orgId, name, value);
    return c.json(secretBody(secret), isNew ? 201 : 200);
  });
  app.openapi(list, async (c) => c.json({ secrets: (await secrets.list(orgId)).map(secretBody) }, 200));
  app.openapi(show, async (c) => {
    const { name } = c.req.valid("param");
    const secret = (await secrets.list(orgId)).find((each) => each.name === name);
    if (!secret) throw unknown(name);
    return c.json(secretBody(secret), 200);
  });
  app.openapi(remove, async (c) => {
    const { name } = c.req.valid("param");
    if (!(await secrets.remove(orgId, name))) throw unknown(name);
    return c.body(null, 204);
  });
}

/** What a parser says of text that it does not understand can have a piece of it. */
function parseSecret(body: ArrayBuffer): unknown {
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid_json" && error.path === null)
      throw new AppError("invalid_json", 'the body is not JSON; send {"value": "…"}');
    throw error;
  }
}

function unknown(name: string): AppError {
  return new AppError("not_found", `there is no secret ${name}`, "path.name");
}

function secretBody({ name, version, redacted, createdAt, setAt }: SecretInfo): SecretBody {
  return { name, version, redacted, created_at: rfc3339(createdAt), updated_at: rfc3339(setAt) };
}
