import type { CheckSteps } from "./steps.ts";

/** Fields and items of a value that words of a schema have looked at, for its words unevaluatedProperties and unevaluatedItems. */
export class Seen {
  readonly names = new Set<string>();
  readonly items = new Set<number>();

  add(other: Seen, steps: CheckSteps): void {
    steps.take(2 * (other.names.size + other.items.size));
    for (const name of other.names) this.names.add(name);
    for (const item of other.items) this.items.add(item);
  }
}
