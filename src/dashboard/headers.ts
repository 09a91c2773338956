/** Headers of every page and asset. */

import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/**
 * Nothing from elsewhere, nothing inline: were a job's words ever taken for markup, they still could not run or send
 * anything. The referrer stays on this site; with none at all browsers would send forms with the origin "null", which
 * the check against forged requests refuses.
 */
export function pageHeaders(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      connectSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    referrerPolicy: "same-origin",
    xFrameOptions: "DENY",
    // Whether the whole host speaks https only is its owner's decision.
    strictTransportSecurity: false,
  });
}

/** Pages hold what only the person signed in may see: no cache keeps them. What sets its own rule keeps it. */
export function noStore(): MiddlewareHandler {
  return async function noStore(c, next) {
    await next();
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  };
}
