/** Where the pages of jobs and schedules are. */

import type { ScheduleName } from "../job-ports.ts";

export function jobPath(name: string): string {
  return `/jobs/${encodeURIComponent(name)}`;
}

export function versionPath(name: string, version: number): string {
  return `${jobPath(name)}/versions/${version}`;
}

export function diffPath(name: string, from: number, to: number): string {
  return `${jobPath(name)}/diff?from=${from}&to=${to}`;
}

export function schedulePath({ job, name }: ScheduleName): string {
  return `/schedules/${encodeURIComponent(job)}/${encodeURIComponent(name)}`;
}

/** The page of the ledger that begins with a due time. */
export function firingPath(schedule: ScheduleName, dueAt: string): string {
  const before = new Date(Date.parse(dueAt) + 1).toISOString();
  return `${schedulePath(schedule)}?cursor=${encodeURIComponent(before)}#${firingId(dueAt)}`;
}

/** Of its row on the page. */
export function firingId(dueAt: string): string {
  return `due-${Date.parse(dueAt)}`;
}

export function runPath(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}
