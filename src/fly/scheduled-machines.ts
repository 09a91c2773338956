/** Machines that Fly starts by its own scheduler: `config.schedule` of the Machines API. */

import { MACHINE_EVENTS_MAX } from "../core/limits.ts";
import { METADATA_DEPLOYMENT, METADATA_SCHEDULE } from "../core/machine.ts";
import type { ScheduledMachineRequest, ScheduledMachines } from "../flow/ports/fly-schedules.ts";
import type { CreateResult, LookResult } from "../flow/ports.ts";
import type { FlyClient } from "./client.ts";
import { flyFleet } from "./fleet.ts";
import { action, createRequest, eventFromWire, failedCall, fromWire, outcome } from "./machines.ts";
import { createRefusal } from "./refusal.ts";

/** The calls of the client for them, whoever makes them. */
type ScheduledCalls = Pick<FlyClient, keyof FlyClient>;

/**
 * Those of one app. A Machine is created launched: one that was made with `skip_launch` is never started by the scheduler.
 * @param deployment the id that Machines made here carry
 */
export function flyScheduledMachines(
  client: ScheduledCalls,
  deployment: () => Promise<string>,
): ScheduledMachines {
  // Its app is nowhere told.
  const fleet = flyFleet("", client, deployment);
  const bodyOf = async ({ name, config, files, period }: ScheduledMachineRequest) => {
    const metadata = { ...config.metadata, [METADATA_DEPLOYMENT]: await deployment() };
    return createRequest(name, { ...config, metadata }, files, period);
  };
  return {
    create: (request) =>
      outcome<CreateResult>(async () => {
        return { kind: "created", machine: fromWire(await client.createMachine(await bodyOf(request))) };
      }, createRefusal),
    find: ({ name, config }) =>
      outcome<LookResult>(async () => {
        const key = { [METADATA_SCHEDULE]: config.metadata[METADATA_SCHEDULE] ?? "" };
        const match = (await client.listMachines(key, false)).find((machine) => machine.name === name);
        return match ? { kind: "found", machine: fromWire(match) } : { kind: "absent" };
      }, failedCall),
    look: fleet.look,
    events: (machineId) =>
      outcome(
        async () => (await client.listEvents(machineId, MACHINE_EVENTS_MAX)).map(eventFromWire),
        () => null,
      ),
    update: (machineId, request) =>
      action(async () => client.updateMachine(machineId, await bodyOf(request))),
    destroy: fleet.destroy,
  };
}
