/** What a run carries out, as text: for titles, lists and facts. */

import type { RunBody, RunSummaryBody } from "../../api/run-schema.ts";
import { GUEST_SIZES } from "../../core/guest.ts";
import { visible } from "./body-text.ts";
import { byteCount } from "./bytes.ts";

const SAFE_WORD = /^[\w@%+=:,./-]+$/;

/** A command as one would type it into a shell. */
export function commandLine(command: string[]): string {
  return command
    .map((word) => (SAFE_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

/** The run's name, or its job's; without one what it runs. Never empty, at most a line. */
export function runTitle(run: RunSummaryBody | RunBody): string {
  if (run.name !== null && run.name.trim() !== "") return visible(run.name);
  if (run.job !== null) return run.job.name;
  if (run.command !== null) return visible(oneLine(commandLine(run.command)));
  const script = "script" in run ? run.script : null;
  if (script) return visible(oneLine(firstLine(script)));
  const steps = "steps" in run ? run.steps : [];
  if (steps.length > 0) return visible(oneLine(steps.map(({ name }) => name).join(", ")));
  return run.capture === "none" ? "the image's own command" : "a script";
}

/** An image with only the start of its digest, as a list shows it. */
export function shortImage(image: string): string {
  return image.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+$/, "$1…");
}

/** "shared-cpu-1x, 256 MB". */
export function machineSize(machine: RunBody["machine"]): string {
  const named = Object.entries(GUEST_SIZES).find(
    ([, guest]) => guest.cpuKind === machine.cpu_kind && guest.cpus === machine.cpus,
  );
  return `${named?.[0] ?? `${machine.cpus} ${machine.cpu_kind} CPUs`}, ${memorySize(machine.memory_mb)}`;
}

/** "256 MB", "16 GB". */
export function memorySize(memoryMb: number): string {
  return byteCount(memoryMb * 1024 * 1024);
}

function firstLine(script: string): string {
  const lines = script.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("#")) ?? "a script";
}

function oneLine(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ").trim();
  return flat.length > 160 ? `${flat.slice(0, 159)}…` : flat;
}
