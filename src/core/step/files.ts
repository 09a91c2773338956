/** What a Machine gets to run steps: the program, and of each step its script and what stands before that. */

import { encodeBase64 } from "../base64.ts";
import { commandsPath } from "../command-path.ts";
import type { RunChange } from "../hook/run-delivery.ts";
import type { RunSpec, SpecFile } from "../run-spec.ts";
import { stateDir } from "../runner-protocol.ts";
import { secretsDir } from "../secret-giving.ts";
import { STEPS_SCRIPT } from "../steps-program.ts";
import { utf8 } from "../utf8.ts";
import {
  CHECKOUT_TOKEN_VARIABLE,
  type Checkout,
  checkoutSecrets,
  DEPLOY_KEY_VARIABLE,
  isOfOtherRepository,
} from "./checkout.ts";
import { checkoutScript } from "./checkout-script.ts";
import { shellWord } from "./shell-word.ts";
import { type PlannedStep, plannedSteps } from "./spec.ts";

/**
 * The files of a run's steps, besides the runner's; none of a run that has none.
 * @param change the one that the run is for; null where it is for none
 */
export function stepFiles(machineName: string, spec: RunSpec, change: RunChange | null = null): SpecFile[] {
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
      file(`step.${step.number}`, scriptOf(step, spec, machineName, change)),
      file(`step.${step.number}.env`, preambleOf(step, spec, machineName)),
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

function scriptOf(
  { does }: PlannedStep,
  { command, script }: RunSpec,
  machineName: string,
  change: RunChange | null,
): string {
  switch (does.kind) {
    case "checkout":
      return checkoutScript(does.checkout, {
        keysFolder: `${secretsDir(machineName)}/ssh`,
        changedElsewhere:
          change !== null && isOfOtherRepository(does.checkout, change) ? change.repository.url : null,
      });
    case "run":
      return does.step.run;
    case "command":
      // A script has no -e, as without a checkout.
      return script === null ? `exec ${(command ?? []).map(shellWord).join(" ")}\n` : `set +e\n${script}`;
  }
}

/** What is done in the step's own shell before it becomes the step. */
function preambleOf({ name, does }: PlannedStep, spec: RunSpec, machineName: string): string {
  const path = commandsPath(spec);
  const env: [string, string][] = [
    ...(path === null ? [] : [["PATH", path] as [string, string]]),
    ["MAYFLY_STEP", name],
    ...(does.kind === "run" ? Object.entries(does.step.env) : []),
  ];
  const folder = does.kind === "run" ? does.step.workingDirectory : null;
  const folders = does.kind === "checkout" ? [] : [spec.checkout?.path ?? null, folder];
  const lines = [
    ...(does.kind === "checkout" ? takenSecrets(does.checkout, secretsDir(machineName)) : []),
    ...folders.flatMap((each) => (each === null ? [] : [enter(each)])),
    ...env.map(([variable, value]) => `export ${variable}=${shellWord(value)}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Lines that ask for the checkout's secrets and export them, for this step alone; in the order in which they are held ready. */
function takenSecrets(checkout: Checkout, dir: string): string[] {
  const asked = checkoutSecrets(checkout);
  const held = { [CHECKOUT_TOKEN_VARIABLE]: "token", [DEPLOY_KEY_VARIABLE]: "key" };
  return Object.entries(held)
    .filter(([variable]) => Object.hasOwn(asked, variable))
    .flatMap(([variable, name]) => [
      "unset _line _value",
      `while IFS= read -r _line; do _value="$_value$_line${LINE_FEED}"; done <${dir}/${name}`,
      `export ${variable}="$_value$_line"`,
    ]);
}

const LINE_FEED = "\n";

function enter(folder: string): string {
  const name = folder.startsWith("-") ? `./${folder}` : folder;
  return `cd ${shellWord(name)} || { echo ${shellWord(`mayfly: can not enter ${folder}`)} >&2; exit 1; }`;
}
