/** The names that `src/d1` has of the platform, for tests outside of workerd, whose other names are the browser's. */

import type * as platform from "@cloudflare/workers-types";

declare global {
  type D1Database = platform.D1Database;
  type D1PreparedStatement = platform.D1PreparedStatement;
  type D1Result<T = unknown> = platform.D1Result<T>;
}
