/** Container engines on this computer: found by asking them, as a program without a running engine is none. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Finding } from "./finding.ts";

const ENGINES = {
  docker: ["version", "--format", "{{.Server.Version}}"],
  podman: ["version", "--format", "{{.Version}}"],
};
const ANSWER_MAX_MS = 5_000;

export async function lookForEngines(): Promise<Finding> {
  const answers = await Promise.all(Object.entries(ENGINES).map(([name, args]) => ask(name, args)));
  const isThere = answers.some(({ works }) => works);
  return {
    name: "container engines",
    state: isThere ? "good" : "lesser",
    text: `${answers.map(({ text }) => text).join("; ")}; none is needed`,
  };
}

async function ask(name: string, args: string[]): Promise<{ works: boolean; text: string }> {
  try {
    const { stdout } = await promisify(execFile)(name, args, { timeout: ANSWER_MAX_MS });
    return { works: true, text: `${name} ${stdout.trim()}` };
  } catch (error) {
    const { code, stderr = "" } = error as { code?: string | number; stderr?: string };
    if (code === "ENOENT") return { works: false, text: `${name} is not installed` };
    const said = stderr.trim().split("\n")[0] || "it did not answer";
    return { works: false, text: `${name} has no engine that answers (${said})` };
  }
}
