import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { readConfig } from "../../src/worker/env.ts";

it("the limit of runs at once is a number within its bounds, or none, and anything else is said to whoever deploys", () => {
  expect(readConfig({ ...env, CONCURRENCY_LIMIT: "" }).organizationLimit).toBeNull();
  expect(readConfig({ ...env, CONCURRENCY_LIMIT: "25" }).organizationLimit).toBe(25);
  for (const text of ["0", "10001", "ten", "1.5", "-1", " 5"])
    expect(() => readConfig({ ...env, CONCURRENCY_LIMIT: text })).toThrow(
      `CONCURRENCY_LIMIT is "${text}"; possible are whole numbers from 1 to 10000, or "" for no limit`,
    );
});

it("a deployment whose settings do not have the limit yet has none", () => {
  const { CONCURRENCY_LIMIT: _, ...older } = { ...env, CONCURRENCY_LIMIT: "" };
  expect(readConfig(older as typeof env).organizationLimit).toBeNull();
});
