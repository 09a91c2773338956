/** Which hook a page is about. */

import type { Context } from "hono";
import type { HookName } from "./hook-ports.ts";

/** Of a page whose path has `:job` and `:name`. */
export function hookOfPath(c: Context): HookName {
  return { job: c.req.param("job") ?? "", name: c.req.param("name") ?? "" };
}
