/** What is said at the start to whoever has not heard of the token yet: lines to paste into a shell. */

import { tokenFile } from "./token.ts";

/**
 * The token itself is not among them, since what a program prints is often kept where others can read it.
 * @param url where it listens
 */
export function howToCall(url: string, stateDir: string): string {
  return [
    "it answers to its own token alone; for flyctl, curl and others, to paste:",
    `  export FLY_API_TOKEN="$(cat ${quoted(tokenFile(stateDir))})" FLY_FLAPS_BASE_URL=${url}`,
    "  export FLY_API_BASE_URL=$FLY_FLAPS_BASE_URL FLY_UIEX_BASE_URL=$FLY_FLAPS_BASE_URL",
    '  curl -H "Authorization: Bearer $FLY_API_TOKEN" $FLY_FLAPS_BASE_URL/v1/apps/demo/machines',
    "",
  ].join("\n");
}

/** A word of a shell's. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
