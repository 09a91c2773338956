/** The style, the script and the icon as they are served, and that they are up to date. */

import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ICON, SCRIPT, STYLE } from "../../src/dashboard/assets.generated.ts";
import { createDashboard } from "../../src/dashboard/dashboard.tsx";
import { memoryPorts } from "./memory-ports.ts";

test("the generated assets are those of their sources (else: node src/dashboard/build-assets.mjs)", async () => {
  const { generatedAssets } = (await import("../../src/dashboard/build-assets.mjs" as string)) as {
    generatedAssets(): Promise<string>;
  };
  const stored = await readFile(new URL("../../src/dashboard/assets.generated.ts", import.meta.url), "utf8");
  expect(await generatedAssets()).toBe(stored);
});

test.each([
  [SCRIPT, "text/javascript; charset=utf-8"],
  [STYLE, "text/css; charset=utf-8"],
  [ICON, "image/svg+xml"],
])("%j is served to everybody, for good, as what it is", async (asset, type) => {
  const response = await createDashboard(memoryPorts()).request(asset.path);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe(type);
  expect(response.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(await response.text()).toBe(asset.body);
});

test("other names are not found", async () => {
  expect((await createDashboard(memoryPorts()).request("/assets/other.js")).status).toBe(404);
});

test("the script makes elements, never markup, and the style needs nothing from elsewhere", () => {
  expect(SCRIPT.body).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  expect(STYLE.body).not.toMatch(/@import|url\(/);
});
