/** Who may: a bearer token for programs. Pages have their own way in (`session.ts`). */

import { createMiddleware } from "hono/factory";
import { AppError } from "../core/error.ts";

const utf8 = new TextEncoder();

/** Compares two secrets in a time that tells nothing about either: digests have one length and no order to guess by. */
export async function sameSecret(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [given, expected].map((text) => crypto.subtle.digest("SHA-256", utf8.encode(text))),
  );
  const [left, right] = [new Uint8Array(a as ArrayBuffer), new Uint8Array(b as ArrayBuffer)];
  let difference = 0;
  for (let i = 0; i < left.length; i++) difference |= (left[i] as number) ^ (right[i] as number);
  return difference === 0;
}

/** Lets only requests with `Authorization: Bearer <token>` pass. @throws AppError `unauthorized` */
export function bearerAuth(token: string) {
  return createMiddleware(async function bearerAuth(c, next) {
    const header = c.req.header("authorization");
    const given = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1];
    if (given === undefined || !(await sameSecret(given, token))) {
      c.header("www-authenticate", 'Bearer realm="mayfly"');
      throw new AppError(
        "unauthorized",
        header === undefined
          ? "send the API token as Authorization: Bearer <token>"
          : "the API token is not right",
        "header.authorization",
      );
    }
    await next();
  });
}
