/** A Hook's rules: who calls it, how that is proved, which deliveries start a run, and what the run is given of them. */

export const HOOK_SOURCES = [
  "github",
  "gitlab",
  "gitea",
  "bitbucket",
  "stripe",
  "standard",
  "generic",
] as const;
export type HookSource = (typeof HOOK_SOURCES)[number];

/** Those whose deliveries can be Changes: only there `branches`, `tags` and `paths` have a meaning. */
export const CODE_SOURCES: ReadonlySet<HookSource> = new Set(["github", "gitlab", "gitea", "bitbucket"]);

export const SIGNATURE_ALGORITHMS = ["sha1", "sha256", "sha512"] as const;
export const SIGNATURE_ENCODINGS = ["hex", "base64", "base64url"] as const;

/** How a generic sender signs: HMAC over the raw body, under the secret's bytes. */
export interface HookSignature {
  /** Case does not matter: "X-Signature". */
  header: string;
  algorithm: (typeof SIGNATURE_ALGORITHMS)[number];
  encoding: (typeof SIGNATURE_ENCODINGS)[number];
  /** What stands before the signature in the header: "sha256=", or nothing. */
  prefix: string;
}

/** What tells a generic sender's deliveries apart, where they have no id that is known. */
export type HookDedupe = { header: string } | { expression: string };

/** What of a hook its sender's readers need to know. */
export interface HookOptions {
  /** Of a generic sender alone; null for all others. */
  signature: HookSignature | null;
  /** Null: a generic delivery's id is its body's SHA-256. Other senders have ids of their own. */
  dedupe: HookDedupe | null;
}

/** Which deliveries start a run. What is absent lets all pass. */
export interface HookFilter {
  /** Names of events, and "event.action": "push", "pull_request", "pull_request.labeled", "pull_request.*". */
  events?: readonly string[];
  /** Globs, as GitHub Actions reads them: the last that fits decides, and "!" before one takes away. Of a pull request the branch it is to go into. */
  branches?: readonly string[];
  tags?: readonly string[];
  paths?: readonly string[];
  /** A CEL expression over `event`, `action`, `payload`, `headers` and `change`, true or false. */
  if?: string;
}

/** What a hook says of deliveries: which start a run, and with what of them. */
export interface HookRules {
  filter: HookFilter;
  map: HookMap;
}

/** CEL expressions whose values the run is given. */
export interface HookMap {
  env?: Readonly<Record<string, string>>;
  input?: string | Readonly<Record<string, string>>;
}
