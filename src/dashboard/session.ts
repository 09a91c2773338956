/** Who may see the pages: a session cookie that scripts can not read and that other sites' requests do not carry. */

import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { SESSION_MS } from "../core/limits.ts";
import type { DashboardPorts } from "./ports.ts";

const COOKIE = "mayfly_session";

/** Over https the name gets the `__Host-` prefix, so that no other host of the domain can set it. */
function isHttps(c: Context): boolean {
  return new URL(c.req.url).protocol === "https:";
}

export function readSession(c: Context): string | undefined {
  return isHttps(c) ? getCookie(c, COOKIE, "host") : getCookie(c, COOKIE);
}

export function startSession(c: Context, session: string): void {
  const options = { path: "/", httpOnly: true, sameSite: "Strict", maxAge: SESSION_MS / 1000 } as const;
  if (isHttps(c)) setCookie(c, COOKIE, session, { ...options, secure: true, prefix: "host" });
  else setCookie(c, COOKIE, session, options);
}

export function endSession(c: Context): void {
  if (isHttps(c)) deleteCookie(c, COOKIE, { path: "/", secure: true, prefix: "host" });
  else deleteCookie(c, COOKIE, { path: "/" });
}

/** Lets nobody through who is not signed in: pages lead to the sign-in page and back, what the script asks for is refused. */
export function requireSession(ports: DashboardPorts): MiddlewareHandler {
  return async function requireSession(c, next) {
    if (await ports.isSignedIn(readSession(c))) return next();
    const forScript = c.req.query("part") !== undefined || c.req.path.endsWith("/live");
    if (forScript) return c.text("Not signed in.", 401);
    if (c.req.method !== "GET") return c.redirect("/sign-in", 303);
    const { pathname, search } = new URL(c.req.url);
    const wanted = pathname + search;
    return c.redirect(wanted === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(wanted)}`, 302);
  };
}
