import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ErrorBody } from "../../src/api/run-schema.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(new Request(`https://mayfly.test${path}`, { redirect: "manual", ...init }));
}

describe("a path that is none", () => {
  it.each<[string, string, Record<string, string>]>([
    ["GET", "/nope", {}],
    ["GET", "/nope", { accept: "*/*" }],
    ["GET", "/nope", { accept: "application/json" }],
    ["POST", "/nope", {}],
    ["GET", "/v2/runs", {}],
    ["GET", "/healthz/x", {}],
    ["GET", "/openapi.yaml", {}],
    ["GET", "/favicon.ico", { accept: "image/avif,image/webp,*/*" }],
    ["GET", "/assets/none.css", { accept: "text/css,*/*;q=0.1" }],
    ["GET", "/%2e%2e/etc/passwd", {}],
    ["GET", "/<script>alert(1)</script>", {}],
    ["GET", "/v1/nope", { accept: BROWSER, authorization: "Bearer test-token" }],
  ])("%s %s %j is answered 404 in the API's shape", async (method, path, headers) => {
    const response = await ask(path, { method, headers });
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toContain("application/json");
    const { error } = await response.json<ErrorBody>();
    expect(error).toEqual({
      code: "not_found",
      message: expect.stringContaining(`there is nothing at ${method} /`),
      path: null,
      request_id: expect.stringMatching(/^[\w-]{8,}$/),
    });
    expect(response.headers.get("x-request-id")).toBe(error.request_id);
  });

  it.each([["/nope"], ["/v2"], ["/assets/none"], ["/sign-in/a/b"], ["/<script>alert(1)</script>"]])(
    "a browser at %s gets a page that says so and repeats nothing",
    async (path) => {
      const response = await ask(path, { headers: { accept: BROWSER } });
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toContain("text/html");
      expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(response.headers.get("cache-control")).toBe("no-store");
      const html = await response.text();
      expect(html).toContain("There is no page at this address.");
      expect(html).not.toContain("alert");
      expect(html, "nobody is signed in").not.toContain("/sign-out");
    },
  );

  it("HEAD has the status alone", async () => {
    const response = await ask("/nope", { method: "HEAD" });
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 404, body: "" });
  });
});
