import type { D1Migration } from "@cloudflare/vitest-plugin";
import type { Env } from "../../src/worker/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends WorkerEnv {
      MIGRATIONS: D1Migration[];
    }
  }
}
type WorkerEnv = Env;
