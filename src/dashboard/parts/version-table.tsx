/** Versions of a job, newest first: how each came about, and the way to what it changed. */

import type { VersionListBody } from "../../api/job-schema.ts";
import { diffPath, jobPath, versionPath } from "../words/paths.ts";
import { Age } from "./times.tsx";

type Version = VersionListBody["versions"][number];

export interface VersionTableProps {
  job: string;
  /** Null where the job was deleted. */
  inForce: number | null;
  list: VersionListBody;
  nowMs: number;
  /** True beside other things, with a title of its own, where the whole list is one click away. */
  isShort: boolean;
}

export function VersionTable({
  job,
  inForce,
  list: { versions, next_cursor: next },
  nowMs,
  isShort,
}: VersionTableProps) {
  return (
    <section class={isShort ? "card versions" : "card versions all"} aria-labelledby="versions-title">
      {isShort && <h2 id="versions-title">Versions</h2>}
      <ol>
        {versions.map((version) => (
          <li>
            <a
              class="number"
              href={versionPath(job, version.version)}
              aria-label={`Version ${version.version}`}
            >
              {version.version}
            </a>
            <span class="how">
              {version.version === inForce && <strong>in force, </strong>}
              {howItCame(version)} <Age at={version.created_at} nowMs={nowMs} />
            </span>
            {version.version > 1 && <a href={diffPath(job, version.version - 1, version.version)}>Changes</a>}
          </li>
        ))}
      </ol>
      {isShort && (
        <p>
          <a href={`${jobPath(job)}/versions`}>{next === null ? "Compare versions" : "All versions"}</a>
        </p>
      )}
    </section>
  );
}

/** "put", or "version 2 again, put". */
export function howItCame({
  change,
  rolled_back_to: to,
}: Pick<Version, "change" | "rolled_back_to">): string {
  return change === "rollback" && to !== null ? `version ${to} again, put` : "put";
}
