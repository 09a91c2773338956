/** Run by npm after an install: puts `mayfly` among the commands of node_modules, which npm does only for dependencies. */

import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./node24.mjs";

const bin = join(ROOT, "node_modules", ".bin");
mkdirSync(bin, { recursive: true });
if (process.platform === "win32") {
  writeFileSync(join(bin, "mayfly.cmd"), '@node "%~dp0\\..\\..\\src\\cli\\mayfly.mjs" %*\r\n');
} else {
  const link = join(bin, "mayfly");
  rmSync(link, { force: true });
  symlinkSync("../../src/cli/mayfly.mjs", link);
  chmodSync(join(ROOT, "src", "cli", "mayfly.mjs"), 0o755);
}
