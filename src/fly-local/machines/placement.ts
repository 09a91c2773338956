/** Where a Machine goes: the region of its create is an expression (docs: Machine placement). */

import { invalid } from "../error.ts";

/** Words that stand for several regions; this computer is in all of them. */
const ALIASES = ["any", "apac", "eu", "na", "sa", "us", "usa"];

/** The first region that is asked for by its own name, else `home`. Throws a 400 where there is no name. */
export function placed(asked: string | undefined, home: string): string {
  const names = (asked ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  const odd = names.find((name) => !isRegion(name));
  if (odd !== undefined) throw invalid(`region: ${JSON.stringify(odd)} is no region`);
  return names.find((name) => !ALIASES.includes(name)) ?? home;
}

/** Whether it can name one; there are new ones from time to time. */
export function isRegion(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]*$/i.test(name);
}
