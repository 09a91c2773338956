/** The frame of every page. */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { ICON, SCRIPT, STYLE } from "../assets.generated.ts";
import { Logo } from "./icons.tsx";

export interface LayoutProps {
  title: string;
  nowMs: number;
  signedIn: boolean;
  /** Without a script the page loads itself again from `url` this often; null where nothing on it changes. */
  refresh?: { everyS: number; url: string } | null;
  /** Goes on to this page at once: a page that sets a cookie for the next one. */
  goTo?: string;
  children?: Child;
}

export function Layout({ title, nowMs, signedIn, refresh = null, goTo, children }: LayoutProps) {
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en" data-now={String(nowMs)}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{`${title} · Mayfly`}</title>
          <link rel="icon" type="image/svg+xml" href={ICON.path} />
          <link rel="stylesheet" href={STYLE.path} />
          <script defer src={SCRIPT.path}></script>
          {refresh !== null &&
            raw(`<noscript><meta http-equiv="refresh" content="${refresh.everyS}"></noscript>`)}
          {goTo !== undefined && <meta http-equiv="refresh" content={`0; url=${goTo}`} />}
        </head>
        <body>
          <a class="skip" href="#main">
            Skip to content
          </a>
          <header class="site">
            <a class="brand" href="/">
              <Logo />
              Mayfly
            </a>
            {signedIn && (
              <nav aria-label="Site">
                <a href="/">Runs</a>
                <a href="/jobs">Jobs</a>
                <a href="/schedules">Schedules</a>
                <a href="/hooks">Hooks</a>
                <a href="/webhooks">Webhooks</a>
                <a href="/alerts">Alerts</a>
                <a href="/openapi.json">API</a>
                <form method="post" action="/sign-out">
                  <button class="quiet" type="submit">
                    Sign out
                  </button>
                </form>
              </nav>
            )}
          </header>
          <main id="main">
            {refresh !== null && (
              <noscript>
                <p class="muted">
                  {`Without JavaScript this page loads itself again every ${refresh.everyS} s. `}
                  <a href={refresh.url}>Reload now</a>
                </p>
              </noscript>
            )}
            {children}
          </main>
          <p id="announcer" class="unseen" role="status" aria-live="polite"></p>
        </body>
      </html>
    </>
  );
}
