/**
 * Writes `assets.generated.ts`: the script, the style and the icon of the pages as texts, each under a path that names its
 * content. Workers have no files to read and Node and the bundler treat imports of text differently, so a plain module
 * serves all of them alike; a test says when it is out of date.
 *
 *     node src/dashboard/build-assets.mjs
 */

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { paletteCss } from "./log/palette.ts";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const STYLES = ["base.css", "parts.css", "list.css", "run.css", "jobs.css", "hooks.css", "log.css"];

/** The text of `assets.generated.ts` as it should be. */
export async function generatedAssets() {
  const style = await Promise.all(STYLES.map((name) => readFile(here(`styles/${name}`), "utf8")));
  const icon = await readFile(here("styles/icon.svg"), "utf8");
  return [
    "/** Made by `build-assets.mjs` from `client/` and `styles/`; not to be edited. */\n",
    "// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are a script's source\n",
    "export interface Asset {\n  path: string;\n  type: string;\n  body: string;\n}\n",
    assetCode("SCRIPT", "live", "js", "text/javascript; charset=utf-8", await script()),
    assetCode("STYLE", "mayfly", "css", "text/css; charset=utf-8", style.join("\n") + paletteCss()),
    assetCode("ICON", "icon", "svg", "image/svg+xml", icon),
  ].join("\n");
}

async function script() {
  const result = await build({
    entryPoints: [here("client/main.ts")],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    minifySyntax: false,
  });
  // esbuild notes where each part came from, by paths that depend on where it was started.
  return result.outputFiles[0].text.replaceAll(/^ *\/\/ .*\.ts\n/gm, "");
}

function assetCode(constant, name, extension, type, body) {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  const lines = body.split("\n").map((line) => `    ${literal(line)},`);
  return `export const ${constant}: Asset = {
  path: "/assets/${name}-${hash}.${extension}",
  type: ${JSON.stringify(type)},
  body: [
${lines.join("\n")}
  ].join("\\n"),
};
`;
}

/** A string literal in the quotes that need fewer escapes, as the formatter has it. */
function literal(text) {
  const double = JSON.stringify(text);
  const count = (quote) => text.split(quote).length;
  if (count('"') <= count("'")) return double;
  return `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(here("assets.generated.ts"), await generatedAssets());
}
