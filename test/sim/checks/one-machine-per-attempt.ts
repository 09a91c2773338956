import type { Check } from "./check.ts";

export const oneMachinePerAttempt: Check = {
  name: "an attempt has at most one machine, ever, but for one that was lost and is in no list",
  begin({ platform }) {
    let seen = 0;
    return {
      afterStep() {
        if (platform.machines.length === seen) return null;
        seen = platform.machines.length;
        const name = platform.machines.at(-1)?.name;
        const same = platform.machines.filter((machine) => machine.name === name && !machine.vanished);
        return same.length > 1
          ? `${same.map(({ id }) => id).join(" and ")} are machines of one attempt, ${name}`
          : null;
      },
    };
  },
};
