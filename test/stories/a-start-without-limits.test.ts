import { afterEach, expect, test } from "vitest";
import { type LocalStart, startLocally } from "../support/local-mayfly.ts";

let mayfly: LocalStart | null = null;
afterEach(() => mayfly?.close());

test("a start without limits says so, and its machines are held to nothing", async () => {
  mayfly = await startLocally(["--no-demo", "--no-limits"], "no limits on their size");
  const { headers } = await fetch(`${mayfly.local.machines_url}/v1/apps/any/machines`);
  expect(headers.get("mayfly-limits")).toBe("none");
});
