import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { refusal } from "../../src/fly-local/guard.ts";
import { serve } from "./support.ts";

/** The status of a request with exactly these headers. */
function status(url: string, method: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

const PATHS = [
  "/v1/apps/test/machines",
  "/_control/calls",
  "/api/v1/apps/test/logs",
  "/graphql",
  "/oidc/local/.well-known/jwks",
];

describe("a page in a browser", async () => {
  const fly = await serve({ isolation: "process" });
  const { host } = new URL(fly.url);
  const authorization = "Bearer x";

  it.each(PATHS)("can not reach %s", async (path) => {
    const from = (headers: Record<string, string>) =>
      status(fly.url + path, "GET", { authorization, ...headers });
    expect(await from({ host: "evil.example" })).toBe(403);
    expect(await from({ host: `evil.example:${new URL(fly.url).port}` })).toBe(403);
    expect(await from({ host, origin: "https://evil.example" })).toBe(403);
    expect(await from({ host, origin: "null" })).toBe(403);
    expect(await from({ host, origin: "http://localhost:1" })).toBe(403);
    expect(await from({ host, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await from({ host, "sec-fetch-site": "same-site" })).toBe(403);
    expect(await from({ host })).not.toBe(403);
    expect(await from({ host, origin: fly.url })).not.toBe(403);
    expect(await from({ host: `localhost:${new URL(fly.url).port}` })).not.toBe(403);
  });

  it("is given no leave to ask by a preflight either", async () => {
    const headers = { host, origin: "https://evil.example", "access-control-request-method": "POST" };
    expect(await status(`${fly.url}/v1/apps/test/machines`, "OPTIONS", headers)).toBe(403);
  });
});

describe("a server that listens on every address", () => {
  const asked = (host: string, origin?: string) =>
    refusal({ host, origin, secFetchSite: undefined }, "0.0.0.0") === null;

  it.each([
    "192.0.2.7:4280",
    "[2001:db8::1]:4280",
    "localhost:4280",
    "host.docker.internal:4280",
    "box.local",
  ])("answers to %s", (host) => {
    expect(asked(host)).toBe(true);
  });

  it.each(["evil.example:4280", "192.0.2.7.evil.example", "internal", ""])(
    "does not answer to %s",
    (host) => {
      expect(asked(host)).toBe(false);
    },
  );

  it("lets no page of another site in", () => {
    expect(asked("192.0.2.7:4280", "http://192.0.2.8:4280")).toBe(false);
  });
});

describe("a server with a token", async () => {
  const fly = await serve({ isolation: "process", token: "right" });

  it.each([...PATHS.slice(0, 4), "/", "/nowhere"])("shows %s to nobody without it", async (path) => {
    for (const authorization of ["", "Bearer wrong", "FlyV1 wrong,worse", "Basic right"])
      expect(await status(fly.url + path, "GET", { authorization }), authorization).toBe(401);
    for (const authorization of ["Bearer right", "FlyV1 other,right", "flyv1 right"])
      expect(await status(fly.url + path, "GET", { authorization }), authorization).not.toBe(401);
  });

  it("publishes the key by which its tokens are checked", async () => {
    expect(await status(`${fly.url}/oidc/local/.well-known/jwks`, "GET", {})).toBe(200);
  });
});
