/** Container engines on this computer: found by having each make a container, as a program without a running engine is none. */

import { join } from "node:path";
import { probeContainers } from "../processes/container/container-probe.ts";
import { PROGRAMS } from "../processes/container/engine.ts";
import { enforcementText } from "../processes/limits/limiter.ts";
import type { Finding } from "./finding.ts";

/** @param directory where what a container needs may be written */
export async function lookAtEngines(directory: string): Promise<Finding> {
  const named = process.env.MAYFLY_ENGINE;
  const programs = named ? [named] : PROGRAMS;
  const answers = await Promise.all(
    programs.map((program, index) => look(program, join(directory, `engine${index}`))),
  );
  const isThere = answers.some(({ works }) => works);
  return {
    name: "container engines",
    state: isThere ? "good" : "lesser",
    text: `${answers.map(({ text }) => text).join("; ")}; none is needed`,
  };
}

async function look(program: string, directory: string): Promise<{ works: boolean; text: string }> {
  const probe = await probeContainers(directory, true, [program]);
  if (probe.kind === "unable") return { works: false, text: probe.reason };
  const { engine, kinds, lack } = probe.plan;
  const limits =
    kinds.length === 0 ? "without limits" : `with limits on ${enforcementText({ by: engine.kind, kinds })}`;
  const text = `${program} ${engine.version} makes containers, ${limits}`;
  return { works: true, text: lack === null ? text : `${text} (${lack})` };
}
