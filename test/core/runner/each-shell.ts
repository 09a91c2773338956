/** Runs the same tests under every shell, each test with a box of its own that has to be empty at its end. */

import { afterEach, beforeEach, describe, expect } from "vitest";
import { RELEASE_SIGNAL } from "../../../src/core/runner-protocol.ts";
import { Box, clearBoxes, countProcesses, type Running, until } from "./box.ts";
import { SHELLS, type Shell } from "./shells.ts";

export interface World {
  readonly shell: Shell;
  /** The test's own. */
  readonly box: Box;
  /** Releases a runner that told the end; gives the code that it exits with. */
  letGo(run: Running): Promise<number | null>;
  /** Says that the test's job leaves so many processes behind on purpose. */
  leaves(processes: number): void;
}

export function underEachShell(title: string, tests: (world: World) => void): void {
  for (const shell of SHELLS) {
    const where = shell.found ? "" : ` (not here: ${shell.from})`;
    describe.skipIf(!shell.found)(`${shell.name}: ${title}${where}`, () => tests(worldOf(shell)));
  }
}

/** The same under one of them, for what the shell makes no difference to. */
export function underOneShell(title: string, tests: (world: World) => void): void {
  const shell = SHELLS.find(({ found }) => found);
  if (shell) describe(title, () => tests(worldOf(shell)));
}

function worldOf(shell: Shell): World {
  let box: Box | null = null;
  let left = 0;
  beforeEach(() => {
    box = new Box(shell);
    left = 0;
  });
  afterEach(async () => {
    // What the runner ends at its own end may take a moment; what it forgot does not end by itself.
    const deadline = Date.now() + 2000;
    await until(() => countProcesses() <= left || Date.now() > deadline);
    expect(clearBoxes(), "processes left behind").toHaveLength(left);
  });
  return {
    shell,
    get box() {
      if (box === null) throw new Error("there is a box inside tests alone");
      return box;
    },
    async letGo(run) {
      run.child.kill(RELEASE_SIGNAL);
      return (await run.ended).code;
    },
    leaves(processes) {
      left = processes;
    },
  };
}
