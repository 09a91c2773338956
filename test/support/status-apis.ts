/**
 * The calls that set a commit's status at GitHub, GitLab, Gitea and Bitbucket Cloud, as their documents say they are: what these would not
 * take is refused as they do. Each is told from the others by its API's path, as `https://api.github.com` has none.
 */

export interface SetStatus {
  api: Api;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** What it was answered. */
  answered: number;
}

type Api = "github" | "gitlab" | "gitea" | "bitbucket";
type Refusal = { status: number; message: string };

const SHA = "[0-9a-f]{40}(?:[0-9a-f]{24})?";

interface Documented {
  prefix: RegExp;
  path: RegExp;
  authorization: (token: string) => string[];
  states: string[];
  /** Fields of the body; those with true are required. */
  fields: Record<string, boolean>;
}

const APIS: Record<Api, Documented> = {
  gitlab: {
    prefix: /^\/api\/v4/,
    path: new RegExp(`^/projects/[^/]+%2F[^/]+/statuses/${SHA}$`),
    authorization: (token) => [`Bearer ${token}`],
    states: ["pending", "running", "success", "failed", "canceled", "skipped"],
    fields: { state: true, ref: false, name: false, target_url: false, description: false },
  },
  gitea: {
    prefix: /^\/api\/v1/,
    path: new RegExp(`^/repos/[^/]+/[^/]+/statuses/${SHA}$`),
    authorization: (token) => [`token ${token}`],
    states: ["pending", "success", "error", "failure", "warning", "skipped"],
    fields: { state: true, context: false, target_url: false, description: false },
  },
  bitbucket: {
    prefix: /^\/2\.0/,
    path: /^\/repositories\/[^/]+\/[^/]+\/commit\/[0-9a-f]{12,40}\/statuses\/build$/,
    authorization: (token) => [`Bearer ${token}`, `Basic ${btoa(token)}`],
    states: ["INPROGRESS", "SUCCESSFUL", "FAILED", "STOPPED"],
    fields: { state: true, key: true, url: true, name: false, description: false, refname: false },
  },
  github: {
    prefix: /^(?:\/api\/v3)?/,
    path: new RegExp(`^/repos/[^/]+/[^/]+/statuses/${SHA}$`),
    authorization: (token) => [`Bearer ${token}`],
    states: ["error", "failure", "pending", "success"],
    fields: { state: true, context: false, target_url: false, description: false },
  },
};

/** GitLab's states that a status is found in, to be changed; what is over is left alone, and followed by another. */
const GITLAB_OPEN = ["pending", "running"];

export class StatusApis {
  readonly set: SetStatus[] = [];
  /** What is wrong instead: an answer that is given to all calls, or null for that of the document. */
  fault: ((call: SetStatus) => Response | null) | null = null;
  readonly #token: string;
  /** Of GitLab, by commit, ref and name. */
  readonly #open = new Map<string, string>();

  constructor(token: string) {
    this.#token = token;
  }

  /** What was taken, in order. */
  taken(): Record<string, unknown>[] {
    return this.set.filter(({ answered }) => answered === 201).map(({ body }) => body);
  }

  async handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [api, documented] = (Object.entries(APIS) as [Api, Documented][]).find(([, { prefix }]) =>
      prefix.test(pathname),
    ) as [Api, Documented];
    const path = pathname.replace(documented.prefix, "");
    const text = await request.text();
    const call: SetStatus = {
      api,
      method: request.method,
      path,
      headers: Object.fromEntries(request.headers),
      body: JSON.parse(text) as Record<string, unknown>,
      answered: 0,
    };
    this.set.push(call);
    const response = this.fault?.(call) ?? this.#answer(call, documented);
    call.answered = response.status;
    return response;
  }

  #answer(call: SetStatus, documented: Documented): Response {
    const refused = this.#refusal(call, documented);
    if (refused === null) return Response.json({ id: 1, state: call.body.state }, { status: 201 });
    return Response.json({ message: refused.message }, { status: refused.status });
  }

  #refusal({ api, method, path, headers, body }: SetStatus, documented: Documented): Refusal | null {
    const { authorization, states, fields } = documented;
    if (method !== "POST" || !documented.path.test(path)) return { status: 404, message: "Not Found" };
    if (!authorization(this.#token).includes(headers.authorization ?? ""))
      return { status: 401, message: "Bad credentials" };
    if (headers["content-type"] !== "application/json") return { status: 415, message: "not JSON" };
    // GitHub: "Requests with no User-Agent header will be rejected".
    if (!headers["user-agent"]) return { status: 403, message: "Request forbidden by administrative rules" };
    if (api === "github" && headers["x-github-api-version"] !== "2022-11-28")
      return { status: 400, message: "no such version of the API" };
    const wrong = api === "github" ? 422 : 400;
    const unknown = Object.keys(body).find((field) => !Object.hasOwn(fields, field));
    const missing = Object.keys(fields).find((field) => fields[field] && body[field] === undefined);
    const odd = Object.entries(body).find(([, value]) => typeof value !== "string" || value === "");
    if (unknown ?? missing ?? odd)
      return { status: wrong, message: `${unknown ?? missing ?? odd?.[0]} is wrong` };
    if (!states.includes(String(body.state)))
      return { status: wrong, message: "state is not included in the list" };
    if (Array.from(String(body.description ?? "")).length > 140)
      return { status: wrong, message: "description is too long (maximum is 140 characters)" };
    const link = body.target_url ?? body.url;
    if (link !== undefined && !/^https?:\/\//.test(String(link)))
      return { status: wrong, message: "target_url must use http(s) scheme" };
    if (api === "bitbucket" && String(body.key).length > 40)
      return { status: 400, message: "key: Ensure this value has at most 40 characters" };
    return api === "gitlab" ? this.#transition(path, body) : null;
  }

  /** As GitLab's `Ci::CreateCommitStatusService` has it. */
  #transition(path: string, { state, ref, name }: Record<string, unknown>): Refusal | null {
    const key = `${path} ${ref} ${name}`;
    const now = this.#open.get(key);
    const event = state === "pending" ? "enqueue" : state === "running" ? "run" : null;
    if ((event === "enqueue" && now !== undefined) || (event === "run" && now === "running"))
      return {
        status: 400,
        message: `Cannot transition status via :${event} from :${now} (Reason(s): Status cannot transition via "${event}")`,
      };
    if (GITLAB_OPEN.includes(String(state))) this.#open.set(key, String(state));
    else this.#open.delete(key);
    return null;
  }
}
