/**
 * Launch: ask for the attempt's Machine, never for a second one. Its name derives from run and attempt, so a repeated ask
 * is refused by name and the first Machine adopted. A destroyed Machine frees its name, so wherever an earlier ask is
 * possible the Machine is looked for, destroyed ones included, before it is asked for.
 */

import { CREATE_LOOKUP_PAUSE_MS, CREATE_LOOKUPS_NEEDED, LAUNCH_PATIENCE_MS } from "../core/limits.ts";
import type { Machine } from "../core/machine.ts";
import { NO_OUTPUT } from "../core/output.ts";
import { machineFiles } from "../core/plan.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, found, nothingNew } from "./flow.ts";
import { settled, summary } from "./settle.ts";

export async function launch(ports: FlowPorts, drive: Drive): Promise<Findings> {
  return drive.neverAsked ? ask(ports, drive) : look(ports, drive);
}

async function look(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const look = await ports.machines.find(drive.attempt().machineName, drive.state.run.id);
  if (look.kind === "found") return created(ports, drive, look.machine, true);
  if (look.kind === "failed") return nothingNew(drive.backOffMs());
  drive.emptyLookups += 1;
  // One empty list proves nothing: a list may lag behind a create.
  return drive.emptyLookups < CREATE_LOOKUPS_NEEDED ? nothingNew(CREATE_LOOKUP_PAUSE_MS) : ask(ports, drive);
}

async function ask(ports: FlowPorts, drive: Drive): Promise<Findings> {
  const { machineName, machineConfig, number } = drive.attempt();
  drive.neverAsked = false;
  drive.emptyLookups = 0;
  const result = await ports.machines.create(
    machineName,
    machineConfig,
    machineFiles(drive.state.run.spec, machineName),
  );
  const at = ports.clock.now();
  switch (result.kind) {
    case "created":
      drive.offsets = { ...NO_OUTPUT };
      return createdAndMaybeStarted(ports, drive, result.machine);
    case "exists":
      return nothingNew(0);
    case "later":
      drive.neverAsked = true;
      return nothingNew(drive.backOffMs());
    case "uncertain":
      return {
        events: [{ type: "create_uncertain", at, attempt: number, error: result.error }],
        chunks: [],
        pauseMs: CREATE_LOOKUP_PAUSE_MS,
      };
    case "refused":
      drive.neverAsked = true;
      return found(
        settled(at, { status: "failed", reason: result.reason, detail: result.error }, summary(null, true)),
      );
  }
}

/** A Machine that starts at once is one thing to record, not two. */
async function createdAndMaybeStarted(ports: FlowPorts, drive: Drive, machine: Machine): Promise<Findings> {
  const findings = created(ports, drive, machine, false);
  const wait = await ports.machines.wait(machine.id, "started", LAUNCH_PATIENCE_MS, drive.interrupt);
  if (wait.kind === "reached")
    findings.events.push({ type: "machine_started", at: ports.clock.now(), attempt: drive.attempt().number });
  return findings;
}

function created(ports: FlowPorts, drive: Drive, machine: Machine, adopted: boolean): Findings {
  drive.failures = 0;
  return found({
    type: "machine_created",
    at: ports.clock.now(),
    attempt: drive.attempt().number,
    machineId: machine.id,
    region: machine.region,
    adopted,
  });
}
