/** All Machines of an app that one deployment of Mayfly has made. */

import { METADATA_DEPLOYMENT } from "../core/machine.ts";
import type { Fleet, ListResult } from "../flow/ports/fleet.ts";
import { type FlyCalls, failedCall, flyMachines, fromWire, outcome } from "./machines.ts";

/** @param deployment the id that its Machines carry */
export function flyFleet(app: string, client: FlyCalls, deployment: () => Promise<string>): Fleet {
  const machines = flyMachines(client, deployment);
  return {
    app,
    list: () =>
      outcome<ListResult>(async () => {
        const ours = { [METADATA_DEPLOYMENT]: await deployment() };
        const machines = await client.listMachines(ours, false, true);
        return { kind: "listed", machines: machines.map(fromWire) };
      }, failedCall),
    async look(machineId) {
      const look = await machines.get(machineId);
      if (look.kind !== "found") return look;
      return look.machine.metadata[METADATA_DEPLOYMENT] === (await deployment()) ? look : { kind: "foreign" };
    },
    destroy: (machineId) => machines.destroy(machineId),
  };
}
