/** The API's calls about jobs over HTTP, with its jobs in memory: what the command line is told is what the API says. */

import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createApi } from "../../../src/api/app.ts";
import type { ApiPorts } from "../../../src/api/ports.ts";
import type { JobDefinition } from "../../../src/core/job.ts";
import type { JobStore } from "../../../src/flow/ports/jobs.ts";
import { MemoryAlertStore } from "../../support/memory-alert-store.ts";
import { memoryJobStore } from "../../support/memory-job-store.ts";
import { MemoryScheduleStore } from "../../support/memory-schedule-store.ts";
import { MemoryStore } from "../../support/memory-store.ts";

export interface JobsApi {
  url: string;
  jobs: JobStore;
  /** Calls that changed something, such as "PUT /v1/jobs/deploy". */
  changes: string[];
  /** Is awaited before a call is carried out. */
  before: (call: string) => Promise<void> | void;
  /** Is asked once a call is carried out: true to lose its answer. */
  loses: (call: string) => boolean;
  put(name: string, definition: JobDefinition): Promise<void>;
  close(): Promise<void>;
}

export async function jobsApi(): Promise<JobsApi> {
  const schedules = new MemoryScheduleStore();
  const alerts = new MemoryAlertStore(schedules, new MemoryStore());
  const jobs = memoryJobStore(schedules, alerts);
  const app = createApi({
    token: "t0ken",
    orgId: "default",
    clock: { now: () => Date.now() },
    jobs,
    schedules,
    alerts,
    timekeepers: { wake: async () => undefined },
  } as Partial<ApiPorts> as ApiPorts);
  const server = serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request: Request) => {
      const call = `${request.method} ${new URL(request.url).pathname}`;
      await api.before(call);
      const response = await app.fetch(request);
      if (request.method !== "GET" && response.ok) api.changes.push(call);
      return api.loses(call) ? new Response("the answer is lost", { status: 502 }) : response;
    },
  });
  await new Promise((listening) => server.once("listening", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api: JobsApi = {
    url,
    jobs,
    changes: [],
    before: () => undefined,
    loses: () => false,
    put: async (name, definition) => {
      const response = await app.request(`/v1/jobs/${name}`, {
        method: "PUT",
        headers: { authorization: "Bearer t0ken" },
        body: JSON.stringify(definition),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    close: () => new Promise((closed) => server.close(() => closed())),
  };
  return api;
}
