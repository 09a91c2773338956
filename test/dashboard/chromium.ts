/** A real Chromium, where there is one. */

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser's path, `CHROMIUM_PATH` before all others; null where there is none. In CI that is an error: a suite that is not run proves nothing. */
export function chromiumPath(): string | null {
  const places = process.env.CHROMIUM_PATH ? [process.env.CHROMIUM_PATH] : PLACES;
  const path = places.find((place) => existsSync(place)) ?? null;
  if (path === null && process.env.CI)
    throw new Error("No Chromium found for the dashboard's tests: install one, or name it in CHROMIUM_PATH");
  return path;
}

/** Starts it with a profile of its own and without the calls home that it makes by itself. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-background-networking",
      "--disable-sync",
      "--no-first-run",
      "--disable-component-update",
      // A host that is neither https nor this computer: browsers say less in requests to such ones.
      "--host-resolver-rules=MAP mayfly.test 127.0.0.1",
    ],
  });
}
