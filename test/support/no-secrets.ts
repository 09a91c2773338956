/** The secrets port for runs that are given none: asking it is a mistake. */

import type { Secrets } from "../../src/flow/ports/secrets.ts";

export const noSecrets: Secrets = {
  forAttempt: () => Promise.reject(new Error("a run without secrets has asked for some")),
};
