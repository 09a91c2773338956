import type { CommandEnd } from "./outcome.ts";
import type { SpecFile } from "./run-spec.ts";
export function runnerFiles(_machineName: string, _script: string | null): SpecFile[] {
  return [];
}
export function runnerCommand(_p: object): string[] {
  return [];
}
export function readCommand(_p: object): string[] {
  return [];
}
export function releaseCommand(_machineName: string): string[] {
  return [];
}
export type RunnerEnd = CommandEnd & { at: number | null };
export interface RunnerReply {
  stdoutSize: number;
  stderrSize: number;
  stdout: Uint8Array;
  stderr: Uint8Array;
  end: RunnerEnd | null;
}
export function parseReadReply(_text: string): RunnerReply | { problem: string } {
  return { problem: "stub" };
}
