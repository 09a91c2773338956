import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

/** Who may import whom, besides itself: folders of src, single files of it, or packages. ARCHITECTURE.md shows the same table. */
const MAY_IMPORT: Record<string, string[]> = {
  core: ["croner", "@marcbachmann/cel-js", "ipaddr.js"],
  flow: ["core"],
  d1: ["core", "flow/ports", "drizzle-orm"],
  r2: ["flow/ports"],
  secrets: ["core", "flow/ports"],
  hooks: ["core", "flow/ports", "flow/sha256"],
  outgoing: ["core", "flow/ports"],
  webhooks: ["core", "flow/ports", "flow/tell-webhooks", "outgoing", "secrets/keyring", "standardwebhooks"],
  "commit-status": ["core", "flow/ports", "outgoing"],
  fly: ["core", "flow/ports", "zod"],
  "fly-local": [
    "core/image-reference",
    "fly/wire",
    "hono",
    "@hono/node-server",
    "tar-stream",
    "zod",
    "node:",
  ],
  api: [
    "core",
    "flow",
    "hono",
    "@hono/zod-openapi",
    "@asteasolutions/zod-to-openapi",
    "zod",
    "@cfworker/json-schema",
  ],
  dashboard: ["core", "flow", "api", "hono"],
  worker: [
    "core",
    "flow",
    "d1",
    "r2",
    "secrets",
    "hooks",
    "webhooks",
    "commit-status",
    "fly",
    "api",
    "dashboard",
    "hono",
    "cloudflare:workers",
  ],
  "jobs-file": ["core", "api", "yaml"],
  cli: ["api", "core", "jobs-file", "commander", "eventsource-parser", "wrangler", "node:"],
};

/** Runs while developing, in Node; nothing imports it. */
const TOOLS = ["src/dashboard/build-assets.mjs"];

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter(
      (path) =>
        statSync(path).isFile() && /\.(ts|tsx|mjs|js)$/.test(path) && !TOOLS.includes(relative(ROOT, path)),
    );
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [
    ...text.matchAll(
      /^\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gms,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** "flow/ports" for a file of ours, the specifier itself for a package. */
function target(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return relative(SRC, join(dirname(file), specifier)).replace(/\.\w+$/, "");
}

function allowed(folder: string, imported: string): boolean {
  const known = [folder, ...(MAY_IMPORT[folder] ?? [])];
  return known.some(
    (entry) => imported === entry || imported.startsWith(entry.endsWith(":") ? entry : `${entry}/`),
  );
}

describe("imports point towards the core", () => {
  const folders = readdirSync(SRC).filter((name) => statSync(join(SRC, name)).isDirectory());

  it("every folder has its row in the table", () => {
    expect(folders.toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted());
  });

  for (const folder of folders)
    it(`${folder} imports only what it may`, () => {
      const wrong = filesOf(join(SRC, folder)).flatMap((file) =>
        importsOf(file)
          .map((specifier) => target(file, specifier))
          .filter((imported) => !allowed(folder, imported))
          .map((imported) => `${relative(ROOT, file)} imports ${imported}`),
      );
      expect(wrong).toEqual([]);
    });

  it("the CLI takes only types from the API", () => {
    const wrong = filesOf(join(SRC, "cli")).filter((file) =>
      /^import (?!type\b)[^;]*"[^"]*\/api\//m.test(readFileSync(file, "utf8")),
    );
    expect(wrong).toEqual([]);
  });
});

describe("the core is pure", () => {
  it("reads no clock and draws no chance", () => {
    const impure = filesOf(join(SRC, "core")).filter((file) =>
      /\bDate\.now\b|\bDate\(\)|\bperformance\.now|Math\.random/.test(
        withoutComments(readFileSync(file, "utf8")),
      ),
    );
    expect(impure).toEqual([]);
  });
});

describe("the documents", () => {
  const documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/machines-api.md"];
  const scripts = Object.keys(
    (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object }).scripts,
  );

  it.each(documents)("%s names only files that exist", (name) => {
    const text = readFileSync(join(ROOT, name), "utf8");
    const paths = [...text.matchAll(/`((?:src|test|bench|migrations)\/[\w./-]*)`/g)].map(
      (match) => match[1] ?? "",
    );
    expect(paths.filter((path) => !statSync(join(ROOT, path), { throwIfNoEntry: false }))).toEqual([]);
  });

  it.each(documents)("%s names only npm scripts that exist", (name) => {
    const text = readFileSync(join(ROOT, name), "utf8");
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? "");
    expect(named.filter((script) => !scripts.includes(script))).toEqual([]);
  });
});

describe("the migrations", () => {
  // D1 cuts what it is sent into statements by words of its own (workers-sdk issues 15314 and 15690): a trigger that is one line, in
  // capital letters and without CASE is left whole.
  it("have triggers that are left whole on their way to D1", () => {
    const folder = join(ROOT, "migrations");
    const texts = readdirSync(folder).filter((name) => name.endsWith(".sql"));
    const triggers = texts.flatMap((name) => {
      const lines = readFileSync(join(folder, name), "utf8").split("\n");
      return lines.filter((line) => /\bcreate\s+(temp\w*\s+)?trigger\b/i.test(line));
    });
    expect(triggers.length).toBeGreaterThan(0);
    for (const line of triggers) expect(line).toMatch(/^CREATE TRIGGER .* BEGIN .*; END;$/);
    expect(triggers.filter((line) => /\bcase\b|\r/i.test(line))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}
