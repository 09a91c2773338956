/** `config.standbys`: the Machines in whose place a Machine is started when their host is gone (docs: Machine config, standbys). */

import { z } from "zod";
import type { WireConfig } from "../../fly/wire.ts";
import { invalid } from "../error.ts";

/** Ids of the Machines that it watches. @throws ApiError 400 */
export function readStandbys({ standbys }: WireConfig): string[] {
  const parsed = z.array(z.string()).nullish().safeParse(standbys);
  if (!parsed.success) throw invalid("config.standbys: a list of ids of machines is expected");
  return parsed.data ?? [];
}
