import { sign as signBody } from "@octokit/webhooks-methods";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HOOK_SOURCES } from "../../src/core/hook/spec.ts";
import { verify } from "../../src/hooks/verify.ts";
import { verifies } from "./verifies.ts";

const utf8 = new TextEncoder();

verifies();

describe("the work is the same whatever is wrong", () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(HOOK_SOURCES)("%s: as many HMACs of as many bytes, with a secret, two or none", async (source) => {
    const sign = vi.spyOn(crypto.subtle, "sign");
    const work = async (secrets: string[], headers: Record<string, string>) => {
      sign.mockClear();
      const body = new Uint8Array(10_000);
      await verify(source, { signature: null, dedupe: null }, new Headers(headers), body, secrets, 1e12);
      return sign.mock.calls.map(([, , signed]) => signed.byteLength).filter((length) => length >= 10_000);
    };
    const usual = await work(["whsec_a2V5"], { "webhook-id": "a", "webhook-timestamp": "1000000000" });
    expect(usual).toHaveLength(2);
    expect(await work(["whsec_a2V5", "b"], { "webhook-id": "a", "webhook-timestamp": "1000000000" })).toEqual(
      usual,
    );
    expect(await work([], { "webhook-id": "a", "webhook-timestamp": "1000000000" })).toEqual(usual);
    expect(await work([], {})).toHaveLength(2);
    expect(await work(["b"], { "webhook-id": "a", "webhook-timestamp": "1" })).toHaveLength(2);
    // The first of two secrets fits.
    const body = "x".repeat(10_000);
    const signature = await signBody("a", body);
    const shown = { "x-hub-signature-256": signature, "x-hub-signature": signature, "x-gitlab-token": "a" };
    sign.mockClear();
    await verify(
      source,
      { signature: null, dedupe: null },
      new Headers(shown),
      utf8.encode(body),
      ["a", "b"],
      0,
    );
    expect(sign.mock.calls.filter(([, , signed]) => signed.byteLength >= 10_000)).toHaveLength(2);
  });
});
