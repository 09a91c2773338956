import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ScheduleListBody } from "../../src/api/firing-schema.ts";
import type { JobListBody, ShownJobBody, VersionListBody } from "../../src/api/job-schema.ts";
import { CALL_MOMENTS, type CuttingProxy, cuttingProxy } from "../support/cutting-proxy.ts";
import { start } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

const CLI = join(import.meta.dirname, "../../src/cli/mayfly.mjs");

let stack: Stack;
let proxy: CuttingProxy;
beforeAll(async () => {
  stack = await startStack();
  proxy = await cuttingProxy(() => stack.url);
});
afterAll(async () => {
  await proxy?.close();
  await stack?.close();
});

/** Starts `mayfly apply` of the jobs of one project. JSON is YAML, too. */
function applying(project: string, jobs: object) {
  writeFileSync(join(stack.folder, "mayfly.yaml"), JSON.stringify({ project, jobs }));
  return start([process.execPath, CLI, "apply", "--yes", "--prune"], {
    logFile: join(stack.folder, "logs/apply.log"),
    env: { MAYFLY_URL: proxy.url, MAYFLY_TOKEN: stack.token, NO_COLOR: "1" },
    cwd: stack.folder,
  });
}

async function applied(project: string, jobs: object): Promise<void> {
  const program = applying(project, jobs);
  expect(await program.exited, program.log()).toBe(0);
}

async function shown<T>(path: string): Promise<T> {
  const response = await stack.call(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** Each job in force with its image, and all versions that it ever had, newest first. */
async function inForce(): Promise<Record<string, { image: unknown; versions: number[] }>> {
  const { jobs } = await shown<JobListBody>("/v1/jobs?limit=200");
  const all = jobs.map(async ({ name }) => {
    const { run } = await shown<ShownJobBody>(`/v1/jobs/${name}`);
    return [name, { image: run.image, versions: await versionsOf(name) }] as const;
  });
  return Object.fromEntries(await Promise.all(all));
}

async function versionsOf(name: string): Promise<number[]> {
  const { versions } = await shown<VersionListBody>(`/v1/jobs/${name}/versions`);
  return versions.map(({ version }) => version);
}

const CHANGES = ["PUT /v1/jobs/changed", "PUT /v1/jobs/made", "DELETE /v1/jobs/gone"];
const job = (image: string, more: object = {}) => ({ run: { image, command: ["true"] }, ...more });

it("an apply that is killed before, in and after each of its changes goes on where it was, and makes no version twice", async () => {
  const before = { kept: job("kept:1"), changed: job("changed:1"), gone: job("gone:1") };
  await applied("killed", before);
  const hourly = { schedules: [{ name: "hourly", every: "1h" }] };
  const after = { kept: job("kept:1"), changed: job("changed:2", hourly), made: job("made:1", hourly) };
  const killedIn: string[] = [];
  for (let kills = 0; ; kills++) {
    const moment = CALL_MOMENTS[kills % CALL_MOMENTS.length];
    const program = applying("killed", after);
    let isKilled = false;
    proxy.at = async (now, call) => {
      if (isKilled || now !== moment) return isKilled;
      isKilled = true;
      killedIn.push(`${now}: ${call}`);
      await program.end("SIGKILL");
      return true;
    };
    const exitCode = await program.exited;
    expect(killedIn.length, killedIn.join(", ")).toBeLessThanOrEqual(CHANGES.length * CALL_MOMENTS.length);
    if (isKilled) continue;
    expect(exitCode, program.log()).toBe(0);
    break;
  }
  for (const call of CHANGES)
    expect(killedIn.filter((killed) => killed.endsWith(call)).length).toBeGreaterThan(0);
  expect(await inForce()).toEqual({
    kept: { image: "kept:1", versions: [1] },
    changed: { image: "changed:2", versions: [2, 1] },
    made: { image: "made:1", versions: [1] },
  });
  expect(await versionsOf("gone")).toEqual([1]);
  const { schedules } = await shown<ScheduleListBody>("/v1/schedules");
  expect(schedules.map(({ job, name }) => `${job}/${name}`)).toEqual(["changed/hourly", "made/hourly"]);
});

it("an apply whose server is killed in one change and after another ends as its file says, applied again where it gave up", async () => {
  const names = Array.from({ length: 12 }, (_, index) => `j${String(index).padStart(2, "0")}`);
  const many = Object.fromEntries(names.map((name) => [name, job(`${name}:1`)]));
  const kills = new Map([
    ["under way", "PUT /v1/jobs/j03"],
    ["answered", "PUT /v1/jobs/j08"],
  ]);
  let back = Promise.resolve();
  proxy.at = async (moment, call) => {
    if (kills.get(moment) !== call) return false;
    kills.delete(moment);
    await stack.killWorker();
    // It comes back while whoever asked tries again.
    back = stack.startWorker();
    return true;
  };
  for (let gaveUp = 0; ; gaveUp++) {
    const program = applying("many", many);
    const exitCode = await program.exited;
    await back;
    if (exitCode === 0) break;
    // Whether it waits for so long is up to how soon a worker is there again.
    expect(gaveUp, program.log()).toBeLessThan(2);
  }
  expect([...kills.keys()]).toEqual([]);
  const jobs = await inForce();
  for (const name of names) expect(jobs[name]).toEqual({ image: `${name}:1`, versions: [1] });
});
