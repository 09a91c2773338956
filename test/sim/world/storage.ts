/** The way to what is stored: the database and the blob store, each call of which can be late, lost, or made twice. */

import type { Chance } from "../chance.ts";
import type { Scheduler } from "../scheduler.ts";
import { Unreachable } from "./unreachable.ts";

/** The same port, over a network. What fails throws, before or after its effect, as D1 and R2 do. */
export function overNetwork<T extends object>(port: T, chance: Chance, time: Scheduler): T {
  return new Proxy(port, {
    get: (target, name) => {
      const method = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => carried(String(name), () => method.apply(target, args), chance, time);
    },
  });
}

async function carried(
  name: string,
  make: () => Promise<unknown>,
  chance: Chance,
  time: Scheduler,
): Promise<unknown> {
  await time.sleep(chance.between("storage takes", 1, 20));
  if (chance.fault(`late ${name}`, 0.03)) await time.sleep(chance.between("late storage takes", 0, 20_000));
  if (chance.fault(`${name} fails before`, 0.03))
    throw new Unreachable(`${name}: the database is not reachable`);
  const first = await settle(make);
  // Somebody on the way repeats it and gives the second answer.
  const last = chance.fault(`${name} made twice`, 0.03) ? await settle(make) : first;
  await time.sleep(chance.between("storage answers in", 1, 20));
  if (chance.fault(`${name} fails after`, 0.03))
    throw new Unreachable(`${name}: no answer from the database`);
  if ("error" in last) throw last.error;
  return last.value;
}

async function settle(make: () => Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await make() };
  } catch (error) {
    return { error };
  }
}
