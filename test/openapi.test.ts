/** The OpenAPI document against the standard's own schema, and against the routes that are served. */

import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { createApi } from "../src/api/app.ts";
import type { ApiPorts } from "../src/api/ports.ts";

interface Operation {
  summary?: string;
  security?: object[];
  responses: Record<string, { headers?: object; content?: object }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

const api = createApi({ token: "t" } as ApiPorts);
const document = (await (await api.request("/openapi.json")).json()) as Document;

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    call: `${method.toUpperCase()} ${path}`,
    operation,
  })),
);

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate({ ...structuredClone(document) });
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document.openapi).toBe("3.1.0");
  });

  it("has every route that is served, and no other", () => {
    const served = api.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(operations.map(({ call }) => call).toSorted()).toEqual([...new Set(served)].toSorted());
  });

  it.each(operations)("$call says what it does, who may and what can go wrong", ({ call, operation }) => {
    expect(operation.summary).toBeTruthy();
    const answers = Object.keys(operation.responses);
    expect(answers).toContain("503");
    if (call.includes(" /v1/")) expect(answers).toContain("401");
    else expect(operation.security).toEqual([]);
    if (call.includes("{id}")) expect(answers).toContain("404");
    for (const [status, answer] of Object.entries(operation.responses))
      if (Number(status) >= 400) expect(Object.keys(answer.content ?? {})).toEqual(["application/json"]);
  });

  it("says where too many may ask, and when to come back", () => {
    const answer = document.paths["/v1/runs/{id}/output"]?.get?.responses["429"];
    expect(Object.keys(answer?.headers ?? {})).toEqual(["Retry-After"]);
  });
});
