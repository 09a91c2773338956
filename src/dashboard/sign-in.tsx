/** Signing in with the API token or with a link from the command line, and out again. */

import { type Context, Hono } from "hono";
import { Layout } from "./parts/layout.tsx";
import type { DashboardPorts } from "./ports.ts";
import { endSession, readSession, startSession } from "./session.ts";
import { localPath } from "./words/local-path.ts";

/** A longer token is none; keeps a form from being a way to send a lot. */
const TOKEN_MAX_CHARS = 1024;

export function signInPages(ports: DashboardPorts): Hono {
  const app = new Hono();

  app.get("/sign-in", async (c) => {
    const next = localPath(c.req.query("next"));
    if (await ports.isSignedIn(readSession(c))) return c.redirect(next, 302);
    return c.html(<SignInPage next={next} problem={null} nowMs={ports.now()} />);
  });

  app.post("/sign-in", async (c) => {
    const form = await c.req.parseBody().catch(() => ({}) as Record<string, unknown>);
    const next = localPath(typeof form.next === "string" ? form.next : undefined);
    const token = typeof form.token === "string" ? form.token.trim() : "";
    const session = token === "" || token.length > TOKEN_MAX_CHARS ? null : await ports.signIn(token);
    if (session === null) return refused(c, next, "That token is not the one of this Mayfly.");
    startSession(c, session);
    return c.redirect(next, 303);
  });

  app.get("/sign-in/:ticket", async (c) => {
    const next = localPath(c.req.query("next"));
    const session = await ports.signInWithTicket(c.req.param("ticket"));
    if (session === null)
      return refused(
        c,
        next,
        "This sign-in link is not valid, or not any more. Make a new one, or use the token.",
      );
    startSession(c, session);
    // A redirect would still count as coming from wherever the link stood, and go without the new cookie. This page's own
    // step to the next one does not.
    return c.html(<SignedInPage next={next} nowMs={ports.now()} />);
  });

  app.post("/sign-out", (c) => {
    endSession(c);
    return c.redirect("/sign-in", 303);
  });

  function refused(c: Context, next: string, problem: string) {
    return c.html(<SignInPage next={next} problem={problem} nowMs={ports.now()} />, 401);
  }

  return app;
}

function SignInPage({ next, problem, nowMs }: { next: string; problem: string | null; nowMs: number }) {
  return (
    <Layout title="Sign in" nowMs={nowMs} signedIn={false}>
      <section class="card narrow">
        <h1>Sign in</h1>
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <form method="post" action="/sign-in" class="stack">
          <input type="hidden" name="next" value={next} />
          <label for="token">API token</label>
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            spellcheck={false}
            maxlength={TOKEN_MAX_CHARS}
          />
          <button type="submit">Sign in</button>
        </form>
        <p class="muted">
          On your own computer, <code>npm start</code> prints a link that signs you in; the token is in{" "}
          <code>.mayfly/local.json</code>.
        </p>
      </section>
    </Layout>
  );
}

function SignedInPage({ next, nowMs }: { next: string; nowMs: number }) {
  return (
    <Layout title="Signed in" nowMs={nowMs} signedIn={true} goTo={next}>
      <section class="card narrow">
        <h1>Signed in</h1>
        <p>
          <a href={next}>Go on</a>
        </p>
      </section>
    </Layout>
  );
}
