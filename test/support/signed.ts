/** Calls of hooks, as GitHub makes and signs them. */

const utf8 = new TextEncoder();

/** A call's headers and body. */
export interface SignedCall {
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
}

/**
 * A delivery of GitHub's.
 * @param payload its body, or the text of one
 */
export async function githubCall(
  secret: string,
  { id, event = "push", payload }: { id: string; event?: string; payload: unknown },
): Promise<SignedCall> {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const body = Uint8Array.from(utf8.encode(text));
  const headers = new Headers({
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-event": event,
    "x-github-delivery": id,
    "x-hub-signature-256": `sha256=${await hmacSha256(secret, body)}`,
  });
  return { headers, body };
}

/** Hex. */
async function hmacSha256(secret: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8.encode(secret), algorithm, false, ["sign"]);
  const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, body));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What GitHub says of a push of one commit to a branch, as far as anybody here reads it. */
export function aPush(branch: string, change: Record<string, unknown> = {}): Record<string, unknown> {
  const sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
  const commit = { id: sha, message: "Mend the roof", added: [], removed: [], modified: ["README.md"] };
  return {
    ref: `refs/heads/${branch}`,
    before: "1".repeat(40),
    after: sha,
    created: false,
    deleted: false,
    forced: false,
    repository: aRepository("octocat/hello"),
    pusher: { name: "octocat" },
    sender: { login: "octocat" },
    head_commit: commit,
    commits: [commit],
    ...change,
  };
}

/** What GitHub says of a pull request that was opened. @param from the repository of its head */
export function aPullRequest(from: string): Record<string, unknown> {
  const head = { ref: "patch-1", sha: "a".repeat(40), repo: aRepository(from, from !== "octocat/hello") };
  const base = { ref: "main", sha: "b".repeat(40), repo: aRepository("octocat/hello") };
  const about = {
    number: 7,
    title: "Mend the roof",
    body: "It leaks.",
    html_url: "https://github.com/x",
    draft: false,
  };
  return {
    action: "opened",
    number: 7,
    pull_request: { ...about, state: "open", head, base, user: { login: "stranger" } },
    repository: aRepository("octocat/hello"),
    sender: { login: "stranger" },
  };
}

function aRepository(fullName: string, fork = false) {
  const [login, name] = fullName.split("/");
  const url = `https://github.com/${fullName}`;
  return {
    id: fullName.length,
    name,
    full_name: fullName,
    private: false,
    fork,
    html_url: url,
    clone_url: `${url}.git`,
    owner: { login },
    default_branch: "main",
  };
}
