import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createApi } from "../../../src/api/app.ts";
import { firePortsOf } from "../../../src/api/fired-order.ts";
import { shardOf } from "../../../src/core/schedule/spec.ts";
import { fireShard } from "../../../src/flow/fire-shard.ts";
import type { Drivers } from "../../../src/flow/ports.ts";
import { apiPorts } from "../../../src/worker/ports.ts";
import { RUN } from "../jobs/call.ts";

const path = (job: string) => `/v1/jobs/${job}`;
const PUNCTUAL = { name: "s", punctual: true };

it.each<[string, (job: string, at: string) => [method: string, path: string, body?: object]]>([
  ["is deleted", (job) => ["DELETE", path(job)]],
  ["loses the schedule", (job) => ["PUT", path(job), { run: RUN }]],
  ["has it punctual no more", (job, at) => ["PUT", path(job), { run: RUN, schedules: [{ name: "s", at }] }]],
  ["is paused", (job) => ["POST", `${path(job)}/pause`]],
])("the run that was accepted ahead is told at once where its job %s", async (what, change) => {
  const called: string[] = [];
  const drivers = { start: async () => {}, nudge: async (id: string) => void called.push(id) };
  const timekeepers = { wake: async () => {} };
  const ports = { ...apiPorts(env), drivers: drivers as unknown as Drivers, timekeepers };
  const api = createApi(ports);
  const call = async (method: string, to: string, body?: object) => {
    const headers = { authorization: "Bearer test-token" };
    const asked = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await api.fetch(new Request(`https://mayfly.test${to}`, asked));
    expect(answer.status, await answer.clone().text()).toBeLessThan(300);
  };
  const job = what.replaceAll(" ", "-");
  const dueAt = Date.now() + 15_000;
  const at = new Date(dueAt).toISOString();
  await call("PUT", path(job), { run: RUN, schedules: [{ ...PUNCTUAL, at }] });
  const key = { orgId: ports.orgId, job, name: "s" };
  expect(await fireShard(firePortsOf(ports), shardOf(key))).toMatchObject({ problems: [] });
  const runId = (await ports.schedules.firing(key, dueAt))?.runId;
  expect(runId).toEqual(expect.any(String));
  expect(called).toEqual([]);
  await call(...change(job, at));
  expect(called).toEqual([runId]);
});
