/** Git repositories of a test's own, served over HTTP as a host serves them: by git's own http-backend. */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What a repository's commits are made under, whatever this computer's git is told otherwise. */
const GIT_ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "A Tester",
  GIT_AUTHOR_EMAIL: "tester@example.com",
  GIT_COMMITTER_NAME: "A Tester",
  GIT_COMMITTER_EMAIL: "tester@example.com",
};

/** Whether this computer has git with its http-backend. */
export const HAS_GIT =
  spawnSync("git", ["http-backend"], { env: { ...GIT_ENV, REQUEST_METHOD: "" } }).status !== null &&
  spawnSync("git", ["--version"]).status === 0;

if (!HAS_GIT) console.warn("checkout: no git here, its tests are left out: apt-get install git");

export interface GitServer {
  /** http://127.0.0.1:PORT */
  url: string;
  /** Where the repositories stand. */
  root: string;
  /** Who is let in; null for everybody. */
  password: string | null;
  /** Another server, to which whoever is let in is sent for everything; null for none. */
  elsewhere: string | null;
  /** True for a server of before protocol version 2, which gives no commit that is no branch's or tag's. */
  isOld: boolean;
  /** Authorization headers of requests, "" where there was none. */
  authorizations: string[];
  /** Makes a repository, or goes on with one: a commit of these files on a branch. Gives the commit's id. */
  commit(repository: string, files: Record<string, string>, options?: CommitOptions): string;
  close(): Promise<void>;
}

interface CommitOptions {
  branch?: string;
  message?: string;
  tag?: string;
  /** Submodules by their path: where they are cloned from, and the commit that is meant. */
  submodules?: Record<string, { url: string; commit: string }>;
}

export async function gitServer(): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), "mayfly-git-"));
  const server = createServer((request, response) => answer(git, request, response));
  const git: GitServer = {
    url: "",
    root,
    password: null,
    elsewhere: null,
    isOld: false,
    authorizations: [],
    commit: (repository, files, options) => commit(root, repository, files, options),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  git.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return git;
}

function run(folder: string, ...args: string[]): string {
  return execFileSync("git", ["-C", folder, ...args], {
    env: GIT_ENV,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

function commit(
  root: string,
  repository: string,
  files: Record<string, string>,
  { branch = "main", message = "A change", tag, submodules = {} }: CommitOptions = {},
): string {
  const bare = join(root, repository);
  const work = `${bare}.work`;
  mkdirSync(work, { recursive: true });
  run(work, "init", "--quiet", "--initial-branch=main");
  run(root, "init", "--quiet", "--bare", "--initial-branch=main", bare);
  const isNew = spawnSync("git", ["-C", work, "rev-parse", "--verify", "--quiet", "HEAD"]).status !== 0;
  if (!isNew) run(work, "checkout", "--quiet", "-B", branch);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  run(work, "add", "--all");
  // Not by "submodule add", which would clone from this very process.
  for (const [path, { url, commit: id }] of Object.entries(submodules)) {
    run(work, "config", "--file", ".gitmodules", `submodule.${path}.path`, path);
    run(work, "config", "--file", ".gitmodules", `submodule.${path}.url`, url);
    run(work, "add", ".gitmodules");
    run(work, "update-index", "--add", "--cacheinfo", `160000,${id},${path}`);
  }
  run(work, "commit", "--quiet", "--allow-empty", "-m", message);
  if (tag !== undefined) run(work, "tag", "--annotate", "-m", tag, tag);
  run(work, "push", "--quiet", "--force", "--tags", bare, `HEAD:refs/heads/${branch}`);
  return run(work, "rev-parse", "HEAD");
}

/** CGI, as RFC 3875 has it and http-backend wants it. */
function answer(git: GitServer, request: IncomingMessage, response: ServerResponse): void {
  const { authorization = "" } = request.headers;
  git.authorizations.push(authorization);
  const [, password] = Buffer.from(authorization.replace(/^Basic /, ""), "base64")
    .toString()
    .split(":");
  if (git.password !== null && password !== git.password) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("who are you?\n");
    return;
  }
  if (git.elsewhere !== null) {
    response.writeHead(302, { location: `${git.elsewhere}${request.url}` }).end();
    return;
  }
  const url = new URL(request.url ?? "/", git.url);
  const protocol = request.headers["git-protocol"];
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...GIT_ENV,
      GIT_PROJECT_ROOT: git.root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
      REMOTE_ADDR: "127.0.0.1",
      ...(protocol !== undefined && !git.isOld && { GIT_PROTOCOL: String(protocol) }),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(backend.stdin);
  backend.stdin.on("error", () => undefined);
  const parts: Buffer[] = [];
  backend.stdout.on("data", (data: Buffer) => parts.push(data));
  backend.on("close", () => {
    const whole = Buffer.concat(parts);
    const end = whole.indexOf("\r\n\r\n");
    const headers = whole
      .subarray(0, end)
      .toString()
      .split("\r\n")
      .map((line) => line.split(": ") as [string, string]);
    const status = Number(headers.find(([name]) => name === "Status")?.[1].slice(0, 3) ?? 200);
    const others = Object.fromEntries(headers.filter(([name]) => name !== "Status"));
    response.writeHead(status, others).end(whole.subarray(end + 4));
  });
}
