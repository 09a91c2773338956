import { METADATA_RUN } from "../../../src/core/machine.ts";
import type { SimMachine } from "../world/machine.ts";
import { NOBODYS } from "../world/platform.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";
import { newMachines } from "./new-machines.ts";

export const oneMachineAtATime: Check = {
  name: "a run has at most one machine at a time, each stored before it is asked for, as it was decided and not before its time",
  begin(world) {
    const fresh = newMachines(world);
    return {
      afterStep() {
        for (const machine of fresh()) {
          const wrong = wrongMachine(world, machine);
          if (wrong) return wrong;
        }
        return null;
      },
      onChange({ state: { run, attempts } }) {
        const last = attempts.at(-1);
        const earlier = world.platform
          .machinesOf(run.id)
          .find(({ isAlive, name }) => isAlive && name !== last?.machineName);
        return earlier && last
          ? `run ${run.id} has attempt ${last.number} while the machine ${earlier.id} of an earlier one is ${earlier.state}`
          : null;
      },
    };
  },
};

function wrongMachine(world: World, machine: SimMachine): string | null {
  if (machine.name.startsWith(NOBODYS)) return null;
  const runId = machine.config.metadata?.[METADATA_RUN] ?? "";
  const { state } = world.store.runs.get(runId) ?? {};
  const index = state?.attempts.findIndex(({ machineName }) => machineName === machine.name) ?? -1;
  const attempt = state?.attempts[index];
  if (!attempt) return `machine ${machine.id} is of no attempt that is stored`;
  const other = world.platform.machinesOf(runId).find((beside) => beside !== machine && beside.isAlive);
  if (other)
    return `machine ${machine.id} of run ${runId} begins while its machine ${other.id} is ${other.state}`;
  const { guest, region } = attempt.machineConfig;
  const { cpu_kind, cpus, memory_mb } = machine.config.guest ?? {};
  if (
    cpu_kind !== guest.cpuKind ||
    cpus !== guest.cpus ||
    memory_mb !== guest.memoryMb ||
    machine.region !== region
  )
    return `machine ${machine.id} is another than attempt ${attempt.number} was decided to have`;
  const due = state?.attempts[index - 1]?.next?.at ?? -Infinity;
  return world.time.now() < due - world.clockOffMaxMs
    ? `machine ${machine.id} begins ${due - world.time.now()} ms before its time`
    : null;
}
