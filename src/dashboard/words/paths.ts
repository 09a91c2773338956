/** Where the pages are. */

import type { HookName } from "../hook-ports.ts";
import type { ScheduleName } from "../job-ports.ts";
import type { NotificationName } from "../webhook-ports.ts";

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

export function hookPath({ job, name }: HookName): string {
  return `/hooks/${encodeURIComponent(job)}/${encodeURIComponent(name)}`;
}

/** The id is its sender's own: nothing else may be where one can lead. */
export function deliveryPath(hook: HookName, id: string): string {
  return `${hookPath(hook)}/deliveries/${encodeURIComponent(id)}`;
}

export function reportsPath(hook: HookName): string {
  return `${hookPath(hook)}/reports`;
}

export function reportPath(hook: HookName, id: string): string {
  return `${reportsPath(hook)}/${encodeURIComponent(id)}`;
}

export function webhookPath(id: string): string {
  return `/webhooks/${encodeURIComponent(id)}`;
}

export function notificationPath({ webhook, id }: NotificationName): string {
  return `${webhookPath(webhook)}/notifications/${encodeURIComponent(id)}`;
}

/** A path with the parameters that say something. */
export function withParameters(path: string, parameters: Record<string, string | null>): string {
  const said = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== null && entry[1] !== "",
  );
  return said.length === 0 ? path : `${path}?${new URLSearchParams(said)}`;
}
