/** A job that is in force, as a plan compares it with what files define. */

import type { ShownJobBody } from "../../../api/job-schema.ts";
import type { JobDefinition } from "../../../core/job.ts";
import type { KnownJob } from "../../../jobs-file/plan.ts";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import type { Io } from "../../io.ts";
import { retried } from "../../retried.ts";

/** Null: there is no such job. */
export async function known(name: string, io: Io, client: Client): Promise<KnownJob | null> {
  const job = await retried(io, () => client.job(name)).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === "not_found") return null;
    throw error;
  });
  return job === null ? null : { version: job.version, definition: definitionOf(job) };
}

/** What is answered of a job beside its definition. */
type AboutJob = "name" | "version" | "paused_at" | "created_at" | "updated_at" | "followed_by" | "last_alert";

/** A job as it could be put again: what was left out is answered as null, or as none of a kind. */
function definitionOf(job: ShownJobBody): JobDefinition {
  const {
    name: _,
    version: _v,
    paused_at: _p,
    created_at: _c,
    updated_at: _u,
    followed_by: _f,
    last_alert: _a,
    labels,
    ...rest
  } = job;
  const parts: [string, unknown][] = Object.entries(rest satisfies Omit<ShownJobBody, AboutJob | "labels">);
  const given = Object.fromEntries(
    parts.filter(([, part]) => part !== null && !(Array.isArray(part) && part.length === 0)),
  );
  return { ...(Object.keys(labels).length > 0 && { labels }), ...given } as unknown as JobDefinition;
}
