import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "../dashboard/chromium.ts";
import { type Stack, startStack } from "../support/stack.ts";

const executable = chromiumPath();

describe.skipIf(executable === null)(
  "the pages of a running Mayfly, in Chromium (skipped where none is found; CHROMIUM_PATH names one)",
  () => {
    let stack: Stack;
    let browser: Browser;
    beforeAll(async () => {
      stack = await startStack();
      browser = await launchChromium(executable ?? "");
    });
    afterAll(async () => {
      await browser?.close();
      await stack?.close();
    });

    async function signedIn(): Promise<Page> {
      const link = (await (await stack.call("/v1/sign-in-links", { method: "POST" })).json()) as {
        url: string;
      };
      const page = await browser.newPage();
      await page.goto(link.url);
      await page.waitForURL(`${stack.url}/`);
      return page;
    }

    it("are closed to whoever is not signed in", async () => {
      const page = await browser.newPage();
      await page.goto(`${stack.url}/`);
      expect(new URL(page.url()).pathname).toBe("/sign-in");
      await page.getByLabel(/token/i).fill("wrong");
      await page.getByRole("button", { name: /sign in/i }).click();
      expect(await page.getByRole("alert").textContent()).toMatch(/token/i);
      await page.getByLabel(/token/i).fill(stack.token);
      await page.getByRole("button", { name: /sign in/i }).click();
      await page.waitForURL(`${stack.url}/`);
    });

    it("show a run live, from a link that signs in: its output as it comes, then how it ended", async () => {
      const page = await signedIn();
      const { id } = await stack.submit({
        name: "a live one",
        script:
          'echo "\\033[32mgreen\\033[0m"; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo "<b>last</b>" >&2; exit 3',
      });
      await page.goto(`${stack.url}/runs/${id}`);
      await page.getByText("green", { exact: true }).waitFor();
      const machine = (await stack.run(id)).attempts[0]?.machine_id;
      await fetch(`${stack.machinesUrl}/v1/apps/mayfly-runs/machines/${machine}/exec`, {
        method: "POST",
        headers: { authorization: "Bearer local-story" },
        body: JSON.stringify({ command: ["touch", "/tmp/go"] }),
      });
      await page.getByText("<b>last</b>", { exact: true }).waitFor();
      await page.getByText("Exited with code 3", { exact: true }).waitFor();
      await page.goto(`${stack.url}/`);
      await page.getByText("a live one").waitFor();
    });

    it("run a run again, once for a button that is pressed twice", async () => {
      const page = await signedIn();
      const { id } = await stack.submit({ command: ["echo", "once more"] });
      await stack.final(id);
      await page.goto(`${stack.url}/runs/${id}`);
      await page.getByRole("button", { name: "Run again" }).dblclick();
      await page.waitForURL((url) => !url.pathname.endsWith(id));
      const again = new URL(page.url()).pathname.slice("/runs/".length);
      expect(await stack.final(again)).toMatchObject({ status: "succeeded", rerun_of: id });
      expect((await stack.run(id)).reruns).toEqual([again]);
      await page.getByText("once more", { exact: true }).waitFor();
    });

    it("cancel a run", async () => {
      const page = await signedIn();
      const { id } = await stack.submit({ script: "echo here; sleep 60" });
      await page.goto(`${stack.url}/runs/${id}`);
      await page.getByText("here", { exact: true }).waitFor();
      await page.getByRole("button", { name: /cancel/i }).click();
      expect(await stack.final(id)).toMatchObject({ status: "cancelled" });
      await page.getByText("Cancelled").first().waitFor();
    });
  },
);
