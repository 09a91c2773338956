import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";

/** The machines that came to be since it was last asked for them, in order. */
export function newMachines({ platform }: World): () => SimMachine[] {
  let seen = 0;
  return () => {
    const fresh = platform.machines.slice(seen);
    seen = platform.machines.length;
    return fresh;
  };
}
