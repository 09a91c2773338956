/** What somebody who has just started Mayfly wants to know. */

import { relative } from "node:path";
import type { LocalMayfly } from "../../connection.ts";

/** @param localFile where `local` is written; @param signInUrl a link that signs a browser in, null where none was had */
export function welcome(
  local: LocalMayfly,
  localFile: string,
  signInUrl: string | null,
  cwd: string,
): string {
  const path = relative(cwd, localFile);
  const shown = path.startsWith("..") ? localFile : path;
  return `
  Mayfly is up: ${local.url}
  Pages:        ${signInUrl ?? local.url}${signInUrl === null ? "" : "  (signs this browser in; works for 15 minutes)"}
  API token:    in ${shown}

  Three commands to try:
    npx mayfly run --image debian:12 -- sh -c 'echo out; echo err >&2; exit 7'
    npx mayfly runs list
    curl -H "Authorization: Bearer $(node -p 'require("${localFile}").token')" ${local.url}/v1/runs

  Ctrl-C ends it.
`;
}
