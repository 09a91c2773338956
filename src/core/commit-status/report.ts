/** Report: what is told of a hook's run where the commit is that it builds. */

import type { HookKey } from "../hook/hook.ts";
import type { HookSource } from "../hook/spec.ts";

/** How a hook has its runs reported. */
export interface HookReport {
  /** Name of the secret with the API's token. No run is given it by that. */
  token: string;
  /** What tells it from all else that is reported on a commit. */
  context: string;
  /**
   * Where the API is, with its path and without a slash at its end; null for the source's own ({@link PUBLIC_APIS}). It never comes from a
   * payload, so that nobody who sends one can have the token sent to him.
   */
  apiUrl: string | null;
}

export type ReportSource = Extract<HookSource, "github" | "gitlab" | "gitea" | "bitbucket">;

/** Where each source has its API, and whose repositories that knows; null of one that everybody runs for himself. */
export const PUBLIC_APIS: Record<ReportSource, { apiUrl: string; host: string } | null> = {
  github: { apiUrl: "https://api.github.com", host: "github.com" },
  gitlab: { apiUrl: "https://gitlab.com/api/v4", host: "gitlab.com" },
  gitea: null,
  bitbucket: { apiUrl: "https://api.bitbucket.org/2.0", host: "bitbucket.org" },
};

/** Where the API is at a host that is somebody's own. */
export const API_PATHS: Record<ReportSource, string> = {
  github: "/api/v3",
  gitlab: "/api/v4",
  gitea: "/api/v1",
  bitbucket: "/2.0",
};

export function isReportSource(source: string): source is ReportSource {
  return Object.hasOwn(PUBLIC_APIS, source);
}

/** The context of a hook that names none. Another hook of the job does not change it, as rules for branches name it. */
export function defaultContext(job: string, hook: { name: string; source: HookSource }): string {
  return hook.name === hook.source ? `mayfly/${job}` : `mayfly/${job}/${hook.name}`;
}

/** Who is told what a hook's runs report, in the place of a webhook. No webhook has such an id. */
export function reportTarget({ orgId, job, name }: HookKey): string {
  return `${OF_HOOK}${orgId}/${job}/${name}`;
}

/** Whose reports go there; null of another target. No part of the key has a slash in it. */
export function hookOfTarget(target: string): HookKey | null {
  if (!target.startsWith(OF_HOOK)) return null;
  const [orgId, job, name, ...more] = target.slice(OF_HOOK.length).split("/");
  return orgId && job && name && more.length === 0 ? { orgId, job, name } : null;
}

const OF_HOOK = "hook:";
