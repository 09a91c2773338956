import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { descendantsOf } from "../../src/fly-local/processes/tree.ts";
import { startMachinesServer } from "../../src/fly-local/server.ts";
import { levels } from "./processes/levels.ts";
import { stateDir } from "./support.ts";

it.each(levels)(
  "a server that can not start at level %s leaves no process, port or claim",
  async (isolation) => {
    const before = descendantsOf(process.pid);
    const state = stateDir();
    const faultsFile = join(state, "faults.json");
    // What is wrong with it shows when all else is there.
    writeFileSync(faultsFile, JSON.stringify([{ kind: "machine_lost", machine: "m", gone_after_ms: 1 }]));
    const options = { port: 0, images: "host", isolation, stateDir: state } as const;
    await expect(startMachinesServer({ ...options, faultsFile })).rejects.toThrow("gone_after_ms");
    await expect.poll(() => descendantsOf(process.pid)).toEqual(before);
    await (await startMachinesServer(options)).close();
  },
);
