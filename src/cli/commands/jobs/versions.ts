/** `mayfly jobs versions`: how a job came to be as it is. */

import { Command } from "commander";
import type { VersionListBody } from "../../../api/job-schema.ts";
import { LIST_LIMIT_MAX } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { table } from "../../table.ts";
import { type JobOptions, orNoJob } from "./job-call.ts";

export interface JobVersionsOptions extends JobOptions {
  json?: boolean;
}

export function jobVersionsCommand(act: (options: JobVersionsOptions) => Promise<void>): Command {
  const command = new Command("versions")
    .summary("list versions of a job, newest first")
    .description("Lists the versions of a job that are kept, newest first, also of one that was deleted.")
    .argument("<name>", "the job")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly jobs versions deploy\n")
    .action((name: string, options: Omit<JobVersionsOptions, "name">) => act({ ...options, name }));
  return withConnection(command);
}

export async function jobVersions({ name, json }: JobVersionsOptions, io: Io, client: Client): Promise<void> {
  const versions: VersionListBody["versions"] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { limit: LIST_LIMIT_MAX, ...(cursor !== undefined && { cursor }) };
    const page: VersionListBody = await retried(io, () => client.jobVersions(name, query)).catch(
      orNoJob(name, client),
    );
    versions.push(...page.versions);
    cursor = page.next_cursor;
  }
  if (json) return write(io.stdout, `${JSON.stringify(versions, null, 2)}\n`);
  const rows = versions.map(({ version, change, rolled_back_to, created_at }) => [
    String(version),
    created_at,
    change === "rollback" ? `rollback to ${rolled_back_to}` : change,
  ]);
  return write(io.stdout, table(["VERSION", "PUT", "CHANGE"], rows));
}
