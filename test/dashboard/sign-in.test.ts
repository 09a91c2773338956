/** Who gets in, where the way leads afterwards, and which requests are taken for the person's own. */

import { describe, expect, test } from "vitest";
import { createDashboard } from "../../src/dashboard/dashboard.tsx";
import { localPath } from "../../src/dashboard/words/local-path.ts";
import { type MemoryPorts, memoryPorts, SESSION, SIGNED_IN, TOKEN } from "./memory-ports.ts";
import { aRun, runId } from "./run-factory.ts";

const HOST = "http://localhost";

function post(
  ports: MemoryPorts,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
) {
  return createDashboard(ports).request(new URL(path, HOST).href, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { Origin: HOST, ...headers },
  });
}

const get = (path: string, headers: Record<string, string> = {}) =>
  createDashboard(memoryPorts([aRun()])).request(path, { headers });

describe("without a session", () => {
  test.each([
    ["/", "/sign-in"],
    ["/?status=failed", "/sign-in?next=%2F%3Fstatus%3Dfailed"],
    [`/runs/${runId(1)}`, `/sign-in?next=%2Fruns%2F${runId(1)}`],
    [`/runs/${runId(1)}/output/stdout`, `/sign-in?next=%2Fruns%2F${runId(1)}%2Foutput%2Fstdout`],
  ])("%s leads to the sign-in page and back", async (path, location) => {
    const response = await get(path);
    expect(response.status).toBe(302);
    expect(response.headers.get("Location")).toBe(location);
  });

  test("what the script asks for is refused and shows nothing", async () => {
    for (const path of [`/runs/${runId(1)}/live`, `/runs/${runId(1)}?part=summary`, "/?part=list"])
      expect((await get(path)).status).toBe(401);
  });

  test("nothing is cancelled", async () => {
    const ports = memoryPorts([aRun({ status: "running" })]);
    const response = await post(ports, `/runs/${runId(1)}/cancel`, {});
    expect(response.headers.get("Location")).toBe("/sign-in");
    expect(ports.calls).toEqual([]);
  });

  test("a session that is none counts for nothing", async () => {
    expect((await get("/", { Cookie: "mayfly_session=guess" })).status).toBe(302);
  });
});

describe("signing in with the token", () => {
  test("sets a cookie that scripts can not read and other sites do not send", async () => {
    const response = await post(memoryPorts(), "/sign-in", {
      token: ` ${TOKEN}\n`,
      next: `/runs/${runId(1)}`,
    });
    expect(response.status).toBe(303);
    expect(response.headers.get("Location")).toBe(`/runs/${runId(1)}`);
    expect(response.headers.get("Set-Cookie")).toBe(
      `mayfly_session=${SESSION}; Max-Age=604800; Path=/; HttpOnly; SameSite=Strict`,
    );
  });

  test("over https the cookie is bound to this host and to https, and is read again", async () => {
    const app = createDashboard(memoryPorts([aRun()]));
    const response = await app.request("https://runs.example/sign-in", {
      method: "POST",
      body: new URLSearchParams({ token: TOKEN }),
      headers: { Origin: "https://runs.example" },
    });
    expect(response.headers.get("Set-Cookie")).toMatch(
      /^__Host-mayfly_session=.*; HttpOnly; Secure; SameSite=Strict$/,
    );
    const cookie = { Cookie: `__Host-mayfly_session=${SESSION}` };
    expect((await app.request("https://runs.example/", { headers: cookie })).status).toBe(200);
    expect((await app.request("https://runs.example/", { headers: SIGNED_IN })).status).toBe(302);
  });

  test.each([
    ["wrong", "<script>guess</script>"],
    ["empty", ""],
    ["endless", "x".repeat(5000)],
  ])("a token that is %s is refused with a sentence and not repeated", async (_, token) => {
    const response = await post(memoryPorts(), "/sign-in", { token });
    const html = await response.text();
    expect(response.status).toBe(401);
    expect(response.headers.get("Set-Cookie")).toBeNull();
    expect(html).toContain("That token is not the one of this Mayfly.");
    expect(html).not.toContain("guess");
  });

  test("who is signed in goes on at once", async () => {
    const response = await get(`/sign-in?next=/runs/${runId(1)}`, SIGNED_IN);
    expect(response.headers.get("Location")).toBe(`/runs/${runId(1)}`);
  });
});

describe("signing in with a link", () => {
  test("sets the cookie and steps on by itself, so that the cookie goes along wherever the link stood", async () => {
    const response = await get(`/sign-in/good-ticket?next=/runs/${runId(1)}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Set-Cookie")).toContain(`mayfly_session=${SESSION}`);
    expect(await response.text()).toContain(
      `<meta http-equiv="refresh" content="0; url=/runs/${runId(1)}"/>`,
    );
  });

  test("a link that is not valid is refused with a sentence", async () => {
    const response = await get("/sign-in/old-ticket");
    expect(response.status).toBe(401);
    expect(response.headers.get("Set-Cookie")).toBeNull();
    expect(await response.text()).toContain("This sign-in link is not valid");
  });
});

test("signing out ends the session and leads to the sign-in page", async () => {
  const response = await post(memoryPorts(), "/sign-out", {}, SIGNED_IN);
  expect(response.headers.get("Set-Cookie")).toMatch(/^mayfly_session=; Max-Age=0; Path=\//);
  expect(response.headers.get("Location")).toBe("/sign-in");
});

describe("the way after signing in stays on this site", () => {
  const outside = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "",
    `/${"x".repeat(2000)}`,
  ];
  test.each(outside)("%j is not followed", async (next) => {
    expect(localPath(next)).toBe("/");
    const form = await post(memoryPorts(), "/sign-in", { token: TOKEN, next });
    expect(form.headers.get("Location")).toBe("/");
    const link = await get(`/sign-in/good-ticket?next=${encodeURIComponent(next)}`);
    expect(await link.text()).toContain('content="0; url=/"');
    const signedIn = await get(`/sign-in?next=${encodeURIComponent(next)}`, SIGNED_IN);
    expect(signedIn.headers.get("Location")).toBe("/");
  });

  test.each(["/", "/runs/run_1", "/?status=failed&tag=a%3Ab", "/x%2f%2fy"])("%s is", (path) => {
    expect(localPath(path)).toBe(path);
  });
});

describe("forms of other sites are refused", () => {
  test.each<[string, Record<string, string>]>([
    ["another origin", { Origin: "https://evil.example" }],
    ["no origin at all", { Origin: "" }],
    ["the origin null", { Origin: "null" }],
    ["another site by its own word", { Origin: "", "Sec-Fetch-Site": "cross-site" }],
    ["a sibling host", { Origin: "", "Sec-Fetch-Site": "same-site" }],
  ])("%s", async (_, headers) => {
    for (const path of [`/runs/${runId(1)}/cancel`, "/sign-in", "/sign-out"]) {
      const ports = memoryPorts([aRun({ status: "running" })]);
      const response = await post(ports, path, { token: TOKEN }, { ...SIGNED_IN, ...headers });
      expect(response.status, path).toBe(403);
      expect(response.headers.get("Set-Cookie")).toBeNull();
      expect(ports.calls).toEqual([]);
    }
  });

  test("one's own cancels and shows the run", async () => {
    const ports = memoryPorts([aRun({ status: "running" })]);
    const response = await post(ports, `/runs/${runId(1)}/cancel`, {}, SIGNED_IN);
    expect(response.status).toBe(303);
    expect(response.headers.get("Location")).toBe(`/runs/${runId(1)}`);
    expect(ports.calls).toEqual([`cancel ${runId(1)}`]);
  });

  test("a run that ended meanwhile shows how, an unknown one is not found", async () => {
    const ports = memoryPorts([aRun()]);
    expect((await post(ports, `/runs/${runId(1)}/cancel`, {}, SIGNED_IN)).status).toBe(303);
    expect((await post(ports, `/runs/${runId(9)}/cancel`, {}, SIGNED_IN)).status).toBe(404);
  });
});
