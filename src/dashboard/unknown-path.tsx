/** Paths that are none: a page for people, the API's answer for programs. */

import type { Context, NotFoundHandler } from "hono";
import { requestId } from "hono/request-id";
import { notFound } from "../api/errors.ts";
import { noStore, pageHeaders } from "./headers.ts";
import type { DashboardPorts } from "./ports.ts";
import { ProblemPage } from "./problem.tsx";
import { readSession } from "./session.ts";

/** As a handler and not by middleware: where the pages are mounted among other paths these headers are not for them. */
export function unknownPath(ports: Pick<DashboardPorts, "isSignedIn" | "now">): NotFoundHandler {
  const [identify, protect, keepOut] = [requestId(), pageHeaders(), noStore()];
  return async function unknownPath(c) {
    if (!isForPerson(c)) {
      await identify(c, async () => undefined);
      return notFound(c);
    }
    const signedIn = await ports.isSignedIn(readSession(c));
    const page = (
      <ProblemPage
        title="No such page"
        sentence="There is no page at this address."
        nowMs={ports.now()}
        signedIn={signedIn}
      />
    );
    await protect(c, () =>
      keepOut(c, async () => {
        c.res = await c.html(page, 404);
      }).then(() => undefined),
    );
    return c.res;
  };
}

/** Browsers name HTML where a page is to be shown; programs, and browsers that fetch a part of one, do not. */
function isForPerson(c: Context): boolean {
  return /\btext\/html\b/i.test(c.req.header("accept") ?? "");
}
