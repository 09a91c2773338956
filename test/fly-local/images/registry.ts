/** A container registry of a test's own, on a free port of this computer. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { sha256, type TestImage } from "./layers.ts";

export interface TestRegistry {
  /** "127.0.0.1:port", as references name it. */
  host: string;
  /** "GET /v2/…" of every request that got in. */
  asked: string[];
  /** Makes an image known by a tag. */
  push(repository: string, tag: string, image: TestImage): void;
  pushManifest(repository: string, tag: string, manifest: Buffer): void;
  blobs: Map<string, Buffer>;
  /** Who is let in: nobody is asked by default. */
  auth: { kind: "none" } | { kind: "basic" | "bearer"; username: string; password: string };
  /** Answers a path in place of the registry; true where it did. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
}

const TOKEN = "t0ken.of-the_registry";

export async function registry(): Promise<TestRegistry> {
  const manifests = new Map<string, Buffer>();
  const test: TestRegistry = {
    host: "",
    asked: [],
    blobs: new Map(),
    auth: { kind: "none" },
    intercept: () => false,
    pushManifest: (repository, tag, manifest) => {
      manifests.set(`${repository}:${tag}`, manifest);
      manifests.set(`${repository}:${sha256(manifest)}`, manifest);
    },
    push: (repository, tag, image) => {
      test.pushManifest(repository, tag, image.manifest);
      test.blobs.set(image.id, image.config);
      for (const { blob } of image.layers) test.blobs.set(sha256(blob), blob);
    },
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://registry");
    if (url.pathname === "/token") return giveToken(test, request, response);
    if (!isLetIn(test, request)) return challenge(test, response);
    test.asked.push(`${request.method} ${url.pathname}`);
    if (test.intercept(request, response)) return undefined;
    // What engines ask first, to learn whether this is a registry.
    if (url.pathname === "/v2/") return json(response, 200, {});
    const [, repository = "", kind, name = ""] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    const found = kind === "blobs" ? test.blobs.get(name) : manifests.get(`${repository}:${name}`);
    if (found === undefined)
      return json(response, 404, { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] });
    const type = /"mediaType":"([^"]+)"/.exec(kind === "manifests" ? found.toString("latin1") : "")?.[1];
    response
      .writeHead(200, { "content-length": found.length, ...(type && { "content-type": type }) })
      .end(found);
    return undefined;
  });
  await listening(server);
  test.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return test;
}

function isLetIn({ auth }: TestRegistry, { headers }: IncomingMessage): boolean {
  if (auth.kind === "none") return true;
  return headers.authorization === (auth.kind === "bearer" ? `Bearer ${TOKEN}` : basic(auth));
}

function challenge({ auth, host }: TestRegistry, response: ServerResponse): void {
  const how =
    auth.kind === "basic"
      ? 'Basic realm="test"'
      : `Bearer realm="http://${host}/token",service="test",scope="repository:tools/box:pull"`;
  response.setHeader("www-authenticate", how);
  json(response, 401, { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] });
}

function giveToken(test: TestRegistry, request: IncomingMessage, response: ServerResponse): void {
  test.asked.push(`GET ${request.url}`);
  const { auth } = test;
  // As registries do: without a password there is a token as well, for what is public.
  const isKnown =
    auth.kind === "bearer" && (auth.username === "" || request.headers.authorization === basic(auth));
  if (isKnown) json(response, 200, { token: TOKEN });
  else json(response, 401, { errors: [{ code: "UNAUTHORIZED" }] });
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function listening(server: Server): Promise<void> {
  return new Promise((done) => server.listen(0, "127.0.0.1", done));
}
