import type { StoredRun } from "../../support/memory-store.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";
import { newMachines } from "./new-machines.ts";

export const secretsStaySecret: Check = {
  name: "no secret stands in a run, its events, a machine's configuration, a call to a machine, the log or the database, in whatever form",
  begin(world) {
    const forms = new Map<string, string[]>();
    const has = (text: string) => hasOneOf(world, forms, text);
    const read = { lines: 0, given: new Map<SimMachine, number>() };
    const fresh = newMachines(world);
    /** By run: events that were read. */
    const events = new Map<string, number>();
    return {
      onChange(stored) {
        if (world.vault.values.size === 0) return null;
        const { run } = stored.state;
        const text = textOf(stored, events.get(run.id) ?? 0);
        events.set(run.id, stored.events.length);
        return has(text) ? `run ${run.id} has a secret in it: ${text}` : null;
      },
      afterStep() {
        if (world.vault.values.size === 0) return null;
        const { lines } = world.trace;
        const said = lines.slice(read.lines).join("\n");
        read.lines = lines.length;
        if (has(said)) return `the log has a secret in it: ${said}`;
        for (const { id, config } of fresh()) {
          const files = (config.files ?? []).map(({ raw_value = "" }) => decoded(raw_value));
          if (has([JSON.stringify(config), ...files].join("\n")))
            return `machine ${id} has a secret in its configuration`;
        }
        for (const machine of world.platform.machines) {
          const calls = machine.door?.calls ?? [];
          const lately = calls.slice(read.given.get(machine) ?? 0);
          read.given.set(machine, calls.length);
          if (has(lately.map((line) => `${line}\n${bytesOf(line)}`).join("\n")))
            return `a call that gives machine ${machine.id} its secrets can be read`;
        }
        return null;
      },
      atEnd() {
        const stored = world.vault.store.rows.map(({ secret }) => bytesOf(secret.ciphertext.join(" ")));
        return has(stored.join("\n")) ? "the database has a secret in clear" : null;
      },
    };
  },
};

function textOf({ state, events }: StoredRun, from: number): string {
  return JSON.stringify([state, events.slice(from)]);
}

/** @param forms those of values that are known already */
function hasOneOf({ vault }: World, forms: Map<string, string[]>, text: string): boolean {
  for (const value of vault.values) {
    const known = forms.get(value) ?? formsOf(value);
    forms.set(value, known);
    if (known.some((form) => text.includes(form))) return true;
  }
  return false;
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
  return [
    ...[value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)],
    ...[bytes.toString("hex"), whole.toString("base64")],
  ];
}

/** A text of numbers, as the characters that they are. */
function bytesOf(line: string): string {
  return Buffer.from(line.split(" ").map(Number)).toString();
}

/** A file of a machine; one of numbers is told as what they stand for, too. */
function decoded(base64: string): string {
  const text = Buffer.from(base64, "base64").toString();
  return /^[\d\s]+$/.test(text) ? `${text}\n${text.trimEnd().split("\n").map(bytesOf).join("")}` : text;
}
