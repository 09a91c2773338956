/** What somebody who has just started Mayfly wants to know. */

import { dirname, isAbsolute, relative } from "node:path";
import { commandFor, type LocalMayfly } from "../../connection.ts";
import { shellWord } from "../../shell-word.ts";

export interface Welcome {
  local: LocalMayfly;
  /** Where `local` is written. */
  localFile: string;
  /** A link that signs a browser in; null where none was had. */
  signInUrl: string | null;
  /** Whether `mayfly` needs to be told which Mayfly is meant: another folder, the environment or an outer start would answer. */
  isElsewhere: boolean;
  cwd: string;
}

export function welcome({ local, localFile, signInUrl, isElsewhere, cwd }: Welcome): string {
  const shown = shortest(localFile, cwd);
  const mayfly = `npx ${commandFor(isElsewhere ? { dir: shortest(dirname(localFile), cwd) } : {})}`;
  const token = `$(node -p ${shellWord(`require(${JSON.stringify(localFile)}).token`)})`;
  return `
  Mayfly is up: ${local.url}
  Pages:        ${signInUrl ?? local.url}${signInUrl === null ? "" : "  (signs this browser in; works for 15 minutes)"}
  API token:    in ${shown}

  Three commands to try:
    ${mayfly} run --image debian:12 -- sh -c 'echo out; echo err >&2; exit 7'
    ${mayfly} runs list
    curl -H "Authorization: Bearer ${token}" ${local.url}/v1/runs

  Ctrl-C ends it.
`;
}

function shortest(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return below.startsWith("..") || isAbsolute(below) ? path : below || ".";
}
