/** Where `mayfly start` keeps its things. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOCAL_FILE, LOCAL_FOLDER } from "../../connection.ts";

/** The checkout that this command belongs to. */
export const CHECKOUT = fileURLToPath(new URL("../../../..", import.meta.url));

export interface Places {
  /** All of the following are in it. */
  dir: string;
  /** URL and token, for other commands and for people. */
  local: string;
  /** Tokens and keys, as wrangler reads them. */
  secrets: string;
  /** D1, R2 and the Durable Objects, in wrangler's own form. */
  state: string;
  /** The local Machines API's state. */
  machines: string;
  /** What the started programs print. */
  logs: string;
}

export function placesIn(dir = join(CHECKOUT, LOCAL_FOLDER)): Places {
  return {
    dir,
    local: join(dir, LOCAL_FILE),
    secrets: join(dir, "secrets.env"),
    state: join(dir, "state"),
    machines: join(dir, "machines"),
    logs: join(dir, "logs"),
  };
}
