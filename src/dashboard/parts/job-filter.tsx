/** The filter of a list by the job that its rows are of: the tag that takes it away, and the addresses of the list's pages. */

import { visible } from "../words/body-text.ts";

export interface JobFilterProps {
  /** Empty where all jobs are shown. */
  job: string;
  /** Of the list. */
  path: string;
}

export function JobFilter({ job, path }: JobFilterProps) {
  if (job === "") return null;
  return (
    <a class="tag" href={path} aria-label={`Remove the filter by job ${job}`}>
      job: <bdi>{visible(job)}</bdi> <span aria-hidden="true">×</span>
    </a>
  );
}

/** The address of a page of the list. @param cursor null for the first */
export function pageOfJob({ job, path }: JobFilterProps, cursor: string | null): string {
  const parameters = new URLSearchParams();
  if (job !== "") parameters.set("job", job);
  if (cursor !== null) parameters.set("cursor", cursor);
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}
