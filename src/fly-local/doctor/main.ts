/** The program behind `mayfly doctor`: looks at this computer, says what runs can expect of it, and leaves nothing. */

import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sandboxBase } from "../processes/sandbox/sandbox-base.ts";
import { lookAtEngines } from "./engines.ts";
import { type Diagnosis, diagnosisText, type Finding } from "./finding.ts";
import { lookAtImages } from "./images.ts";
import { lookAtIsolation } from "./isolation.ts";
import { lookAtPorts } from "./ports.ts";

const NODE_NEEDED = 24;

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, dir: { type: "string", default: ".mayfly" } },
});

/** On the disk where machines would be, as not every file system takes what they need. */
const state = resolve(values.dir);
const directory = realpathSync(mkdtempSync(join(existsSync(state) ? state : resolve("."), ".doctor-")));
const places = { files: join(directory, "files"), images: join(directory, "images") };
try {
  const diagnosis = await diagnose();
  process.stdout.write(values.json ? `${JSON.stringify(diagnosis, null, 2)}\n` : diagnosisText(diagnosis));
  process.exitCode = diagnosis.possible ? 0 : 1;
} finally {
  for (const each of [directory, ...Object.values(places).map(sandboxBase)])
    rmSync(each, { recursive: true, force: true });
}

async function diagnose(): Promise<Diagnosis> {
  const [isolation, images, engines, ports] = await Promise.all([
    lookAtIsolation(places.files),
    lookAtImages(join(state, "machines"), places.images),
    lookAtEngines(join(directory, "engines")),
    lookAtPorts(),
  ]);
  const findings = [lookAtNode(), ...isolation.findings, images, engines, ...ports];
  const possible = findings.every(({ state }) => state !== "bad");
  return { possible, level: isolation.level, findings };
}

function lookAtNode(): Finding {
  const { version, versions, arch, platform } = process;
  const isNew = Number(versions.node.split(".")[0]) >= NODE_NEEDED;
  return {
    name: "Node",
    state: isNew ? "good" : "bad",
    text: `${version} on ${platform} ${arch}${isNew ? "" : `; ${NODE_NEEDED} or newer is needed`}`,
  };
}
