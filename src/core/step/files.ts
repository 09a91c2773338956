/** What a Machine gets to run steps: the program, and of each step its script and what stands before that. */

import { encodeBase64 } from "../base64.ts";
import { commandsPath } from "../command-path.ts";
import type { RunSpec, SpecFile } from "../run-spec.ts";
import { stateDir } from "../runner-protocol.ts";
import { STEPS_SCRIPT } from "../steps-program.ts";
import { utf8 } from "../utf8.ts";
import { CHECKOUT_TOKEN_VARIABLE, DEPLOY_KEY_VARIABLE } from "./checkout.ts";
import { checkoutScript } from "./checkout-script.ts";
import { shellWord } from "./shell-word.ts";
import { type PlannedStep, plannedSteps } from "./spec.ts";

/** The files of a run's steps, besides the runner's; none of a run that has none. */
export function stepFiles(machineName: string, spec: RunSpec): SpecFile[] {
  const planned = plannedSteps(spec);
  if (planned.length === 0) return [];
  const file = (name: string, text: string): SpecFile => ({
    path: `${stateDir(machineName)}/${name}`,
    base64: encodeBase64(utf8(text)),
    mode: 0o644,
  });
  return [
    file("steps.sh", STEPS_SCRIPT),
    ...planned.flatMap((step) => [
      file(`step.${step.number}`, scriptOf(step, spec)),
      file(`step.${step.number}.env`, preambleOf(step, spec)),
    ]),
  ];
}

/** The command that runs them, in the runner's place of a job's command; null of a run that has none. */
export function stepsCommand(machineName: string, spec: RunSpec): string[] | null {
  const planned = plannedSteps(spec);
  if (planned.length === 0) return null;
  const dir = stateDir(machineName);
  const stopS = Math.ceil(spec.timeouts.stopMs / 1000);
  const limits = planned.map((step) => `${step.if}:${Math.ceil((step.timeoutMs ?? 0) / 1000)}`);
  return ["/bin/sh", `${dir}/steps.sh`, dir, String(stopS), ...limits];
}

function scriptOf({ does }: PlannedStep, { command, script }: RunSpec): string {
  switch (does.kind) {
    case "checkout":
      return checkoutScript(does.checkout);
    case "run":
      return does.step.run;
    case "command":
      // A script has no -e, as without a checkout.
      return script === null ? `exec ${(command ?? []).map(shellWord).join(" ")}\n` : `set +e\n${script}`;
  }
}

/** What is done in the step's own shell before it becomes the step. */
function preambleOf({ name, does }: PlannedStep, spec: RunSpec): string {
  const path = commandsPath(spec);
  const secrets = { [CHECKOUT_TOKEN_VARIABLE]: "_token", [DEPLOY_KEY_VARIABLE]: "_key" };
  const env: [string, string][] = [
    ...(path === null ? [] : [["PATH", path] as [string, string]]),
    ["MAYFLY_STEP", name],
    ...(does.kind === "run" ? Object.entries(does.step.env) : []),
  ];
  const folder = does.kind === "run" ? does.step.workingDirectory : null;
  const folders = does.kind === "checkout" ? [] : [spec.checkout?.path ?? null, folder];
  const lines = [
    ...(does.kind === "checkout"
      ? Object.entries(secrets).map(([variable, kept]) => `[ ! "$${kept}" ] || export ${variable}="$${kept}"`)
      : []),
    ...folders.flatMap((each) => (each === null ? [] : [enter(each)])),
    ...env.map(([variable, value]) => `export ${variable}=${shellWord(value)}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function enter(folder: string): string {
  const name = folder.startsWith("-") ? `./${folder}` : folder;
  return `cd ${shellWord(name)} || { echo ${shellWord(`mayfly: can not enter ${folder}`)} >&2; exit 1; }`;
}
