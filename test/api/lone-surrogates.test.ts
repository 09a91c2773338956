import { describe, expect, it } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import { A_FILE } from "../jobs-file/a-file.ts";
import { call, put } from "./jobs/call.ts";

const HALF = "\ud800";

/** The value with one text or name in it spoilt, and the path that leads there: once for each that there is. */
function* spoilt(value: unknown, path: string[] = []): Generator<{ body: unknown; path: string }> {
  if (typeof value === "string") yield { body: value + HALF, path: path.join(".") };
  if (typeof value !== "object" || value === null) return;
  for (const [name, inside] of Object.entries(value)) {
    for (const { body, path: place } of spoilt(inside, [...path, name]))
      yield {
        body: Array.isArray(value) ? value.with(Number(name), body) : { ...value, [name]: body },
        path: place,
      };
    if (!Array.isArray(value))
      yield { body: { ...value, [name + HALF]: inside }, path: [...path, `${name}\ufffd`].join(".") };
  }
}

const { deploy, report } = A_FILE.jobs;
const INPUT = { a: "x", list: ["y", { z: "z" }] };

/** The bodies that have texts, each right as it is. */
const BODIES: [method: string, path: string, body: object][] = [
  ["PUT", "/v1/jobs/spoilt", deploy],
  ["POST", "/v1/runs", { ...deploy.run, concurrency: { key: "k" }, name: "n" }],
  ["POST", "/v1/jobs/report/runs", { input: INPUT, overrides: { tags: { a: "b" }, labels: ["x"] } }],
  ["PUT", "/v1/secrets/SPOILT", { value: "hunter2" }],
  ["POST", "/v1/runs/cancel", { tag: ["a:b"], job: "a" }],
  [
    "POST",
    "/v1/schedules/report/often/backfill",
    { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" },
  ],
];

describe("half of a character is refused by its path, in every text and name", () => {
  it.each(BODIES)("%s %s", async (method, path, body) => {
    await put("report", { ...report, schedules: [{ name: "often", every: "15m" }] });
    let seen = 0;
    for (const { body: wrong, path: place } of spoilt(body)) {
      const { status, body: answer } = await call(method, path, wrong);
      expect([status, answer.error?.path], JSON.stringify(wrong)).toEqual([422, place]);
      expect(answer.error.message).toContain("without lone surrogates");
      seen += 1;
    }
    expect(seen).toBeGreaterThan(1);
  });

  it("of a run that is ordered again with changes", async () => {
    const { body: run } = await call<RunBody>("POST", "/v1/runs", { ...report.run, delay: "1d" });
    for (const { body, path } of spoilt({ env: { A: "a" }, name: "n", __proto: "x" })) {
      const { status, body: answer } = await call("POST", `/v1/runs/${run.id}/rerun`, body);
      expect([status, answer.error.path]).toEqual([422, path]);
    }
  });
});
