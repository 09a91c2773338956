/** GET …/wait: held until the Machine is in one of the states; woken by its changes. */

import type { Operation } from "../app.ts";
import { machineNotFound } from "../error.ts";
import type { Machine } from "../machines/machine.ts";
import type { Registry } from "../machines/registry.ts";
import { isReached, notReached, readWait, seenState, type Wait } from "../machines/wait.ts";
import { clientLeft, machineOf } from "../request.ts";

export const waitMachine: Operation = async (c, { host }) => {
  const left = clientLeft(c);
  const wait = readWait(c.req.queries());
  const { registry } = host;
  const first = machineOf(c, registry);
  if (wait.version !== null && wait.version !== first.instanceId && !isPast(registry, first, wait.version))
    throw machineNotFound();
  const machine = await reached(registry, first, wait, left);
  return c.json({
    ok: true,
    state: seenState(wait, machine),
    version: wait.version ?? machine.instanceId,
    event_id: machine.events[0]?.id ?? "",
  });
};

function isPast(registry: Registry, { id }: Machine, asked: string): boolean {
  return registry.store.pastVersions(id).some(({ version }) => version === asked);
}

function reached(registry: Registry, first: Machine, wait: Wait, left: AbortSignal): Promise<Machine> {
  return new Promise((resolve, reject) => {
    let current = first;
    const look = () => {
      try {
        current = registry.get(first.app, first.id) ?? current;
        if (isReached(wait, current)) finish(() => resolve(current));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(
      () => finish(() => reject(notReached(wait, seenState(wait, current)))),
      wait.timeoutS * 1000,
    );
    const leave = () => finish(() => resolve(current));
    const unlisten = registry.onChange(first.id, look);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      unlisten();
      left.removeEventListener("abort", leave);
      settle();
    };
    left.addEventListener("abort", leave);
    look();
  });
}
