/** GET …/wait: held until the Machine is in one of the states; woken by its changes. */

import type { Operation } from "../app.ts";
import type { Machine } from "../machine.ts";
import type { Registry } from "../registry.ts";
import { clientLeft, machineOf } from "../request.ts";
import { isReached, notReached, readWait, type Wait } from "../wait.ts";

export const waitMachine: Operation = async (c, { host }) => {
  const left = clientLeft(c);
  const wait = readWait(c.req.queries());
  const machine = await reached(host.registry, machineOf(c, host.registry), wait, left);
  return c.json({
    ok: true,
    state: machine.state,
    version: machine.instanceId,
    event_id: machine.events[0]?.id ?? "",
  });
};

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
      () => finish(() => reject(notReached(wait, current.state))),
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
