/** What every promise has at hand. */

import type { Api } from "./api.ts";
import type { Made } from "./made.ts";
import type { Target } from "./target.ts";

export interface Contract {
  readonly target: Target;
  readonly api: Api;
  readonly made: Made;
}
