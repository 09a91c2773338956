/** Secrets of a Mayfly on this computer: made once, kept over restarts, readable by their owner alone. */

import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { LocalMayfly } from "../../connection.ts";
import type { Places } from "./places.ts";

export interface Secrets {
  MAYFLY_TOKEN: string;
  ENCRYPTION_KEY: string;
  FLY_API_TOKEN: string;
}

const MAKE: Record<keyof Secrets, () => string> = {
  MAYFLY_TOKEN: () => `mayfly_${randomBytes(24).toString("base64url")}`,
  ENCRYPTION_KEY: () => randomBytes(32).toString("base64"),
  FLY_API_TOKEN: () => `local-${randomBytes(12).toString("hex")}`,
};

/** Reads the secrets and makes those that are missing; whatever else stands in the file stays. */
export function keepSecrets(places: Places): { secrets: Secrets; made: boolean } {
  const text = existsSync(places.secrets) ? readFileSync(places.secrets, "utf8") : "";
  const kept = parseEnv(text);
  const missing = (Object.keys(MAKE) as (keyof Secrets)[]).filter((name) => !kept[name]);
  const added = Object.fromEntries(missing.map((name) => [name, MAKE[name]()]));
  if (missing.length > 0) {
    const lines = Object.entries(added).map(([name, value]) => `${name}="${value}"\n`);
    writePrivate(places.secrets, `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${lines.join("")}`);
  }
  return { secrets: { ...kept, ...added } as unknown as Secrets, made: missing.length > 0 };
}

/** Tells the commands that follow where this Mayfly is. */
export function writeLocal(places: Places, local: LocalMayfly): void {
  writePrivate(places.local, `${JSON.stringify(local, null, 2)}\n`);
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}
