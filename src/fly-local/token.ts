/** Who is let in: whoever has the token that was given, or one that is made for a state folder, or, where that was asked for, everybody. */

import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isLoopback } from "./guard.ts";

/** "kept": the token is in the state folder. */
export type Admission = { kind: "given"; token: string } | { kind: "kept" } | { kind: "any" };

/** A comma parts the tokens of an Authorization header, which has room for nothing but visible ASCII. */
const TOKEN = /^[\x21-\x2b\x2d-\x7e]+$/;

/**
 * @param token null where none was given
 * @param isAny whether everybody is to be let in
 * @param host the address to listen on
 * @throws Error where everybody would be let in from other computers, or the token can not be one
 */
export function admissionOf(token: string | null, isAny: boolean, host: string): Admission {
  if (isAny && !isLoopback(host))
    throw new Error(
      `--any-token: whoever reaches ${host} could run programs on this computer; it is for 127.0.0.1 and other addresses that only this computer reaches`,
    );
  if (isAny) return { kind: "any" };
  if (token === null) return { kind: "kept" };
  if (!TOKEN.test(token))
    throw new Error("--token (MAYFLY_MACHINES_TOKEN): visible ASCII characters without commas are expected");
  return { kind: "given", token };
}

/** What the Authorization header must carry; null: anything. @throws Error where a token can not be kept */
export function tokenOf(admission: Admission, stateDir: string): string | null {
  if (admission.kind === "any") return null;
  return admission.kind === "given" ? admission.token : keptToken(stateDir);
}

/** Where the token of a state folder is. Sandboxed Machines find that folder empty. */
export function tokenFile(stateDir: string): string {
  return join(resolve(stateDir), "token");
}

/** The token of a state folder: made once, kept over restarts, readable by its owner alone. */
function keptToken(stateDir: string): string {
  const path = tokenFile(stateDir);
  try {
    const token = readFileSync(path, "utf8").trim();
    if (TOKEN.test(token)) return token;
    throw new Error(`${path} holds no token: another one is made where it is removed`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const token = `local-${randomBytes(24).toString("hex")}`;
  mkdirSync(resolve(stateDir), { recursive: true });
  // Whole or not at all, and never readable by others, not even for a moment.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${token}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
  return token;
}
