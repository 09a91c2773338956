import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const CLI = join(import.meta.dirname, "../../src/cli");
const LOCK = {
  packages: {
    "": {},
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/b": { version: "1.0.0", optional: true },
  },
};

/** A checkout with what runs before anything is installed, an npm that only says what it was asked, and a CLI that does likewise. */
function checkout(npm = 'echo "npm $*" >> npm.log') {
  const root = mkdtempSync(join(tmpdir(), "mayfly-checkout-"));
  mkdirSync(join(root, "src/cli"), { recursive: true });
  for (const file of ["bootstrap.mjs", "forward.mjs", "installed.mjs", "link.mjs", "node24.mjs"])
    cpSync(join(CLI, file), join(root, "src/cli", file));
  writeFileSync(
    join(root, "src/cli/mayfly.mjs"),
    "console.log('mayfly', process.argv.slice(2).join(' ')); process.exit(Number(process.env.END ?? 0));",
  );
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(LOCK));
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "bin/npm"), `#!/bin/sh\n${npm}\n`);
  chmodSync(join(root, "bin/npm"), 0o755);
  return {
    root,
    install: (packages: object) => {
      mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
      writeFileSync(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages }));
    },
    start: (args: string[], env: Record<string, string> = {}) =>
      spawnSync(process.execPath, [join(root, "src/cli/bootstrap.mjs"), ...args], {
        encoding: "utf8",
        env: { PATH: `${join(root, "bin")}:${process.env.PATH}`, ...env },
      }),
    npmCalls: () => (existsSync(join(root, "npm.log")) ? readFileSync(join(root, "npm.log"), "utf8") : ""),
  };
}

const INSTALLED = { "node_modules/a": LOCK.packages["node_modules/a"] };

test("with nothing missing it starts the real thing at once, with its options and its end", () => {
  const { install, start, npmCalls, root } = checkout();
  install(INSTALLED);
  const { status, stdout } = start(["start", "--port", "1"], { END: "7" });
  expect({ status, stdout, npm: npmCalls() }).toEqual({
    status: 7,
    stdout: "mayfly start --port 1\n",
    npm: "",
  });
  expect(lstatSync(join(root, "node_modules/.bin/mayfly")).isSymbolicLink()).toBe(true);
});

test.each<[string, object | null]>([
  ["nothing is installed", null],
  ["another version is installed", { "node_modules/a": { version: "0.9.0", integrity: "sha512-a" } }],
  ["a package is missing", {}],
])("where %s it installs what the lockfile says, and says so", (_, packages) => {
  const { install, start, npmCalls } = checkout();
  if (packages !== null) install(packages);
  const { status, stdout } = start(["machines"]);
  expect(status).toBe(0);
  expect(npmCalls()).toBe("npm ci --include=dev --include=optional --no-audit --no-fund\n");
  expect(stdout).toMatch(/running npm ci[\s\S]*installed in [\d.]+ s\nmayfly machines\n$/);
});

test("an install that fails shows what npm said, then one clear line", () => {
  const { start } = checkout("echo 'npm error network' >&2; exit 4");
  const { status, stderr } = start(["start"]);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "npm error network\nmayfly: npm ci failed (4); what it said stands above\n",
  });
});

test("a registry without every platform's packages is no hindrance", () => {
  const { start, npmCalls } = checkout(
    'echo "npm $1" >> npm.log; [ "$1" = ci ] && { echo "npm error code EUSAGE"; exit 1; }; exit 0',
  );
  const { status, stderr } = start(["start"]);
  expect({ status, stderr, npm: npmCalls() }).toEqual({
    status: 0,
    stderr: "",
    npm: "npm ci\nnpm install\n",
  });
});

test.each([
  ["with a Node that is new enough", true],
  ["with one that is too old", false],
])("mayfly itself, %s but nothing installed, says what to run first", (_, isNew) => {
  const { root } = checkout();
  cpSync(join(CLI, "mayfly.mjs"), join(root, "src/cli/mayfly.mjs"));
  writeFileSync(join(root, "src/cli/main.ts"), 'import "commander";');
  // Stands for an older Node: what it would be is all that is asked of it.
  if (!isNew) {
    const path = join(root, "src/cli/node24.mjs");
    writeFileSync(path, readFileSync(path, "utf8").replace("const NEEDED = 24", "const NEEDED = 999"));
  }
  const { status, stderr } = spawnSync(process.execPath, [join(root, "src/cli/mayfly.mjs"), "runs", "list"], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: `mayfly: the dependencies are not installed yet; run \`npm start\`, or \`npm ci\`, in ${root}/ first\n`,
  });
});

test("test runs every check, with its options", () => {
  const { install, start, npmCalls } = checkout();
  install(INSTALLED);
  start(["test", "-t", "x"]);
  expect(npmCalls()).toBe("npm run test:all -- -t x\n");
});

test("anything else is a mistake in package.json", () => {
  expect(checkout().start(["frob"])).toMatchObject({
    status: 2,
    stderr: "usage: node src/cli/bootstrap.mjs start|machines|test [options]\n",
  });
});
