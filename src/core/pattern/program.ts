/** A regular expression as a machine of numbered states, which walks through a text once and is in many of them at the same time. */

import type { CharSet, Node, Place } from "./node.ts";

export type State =
  | { kind: "one"; of: CharSet; next: number }
  | { kind: "split"; next: number; other: number }
  | { kind: "place"; isHere: Place; next: number }
  | { kind: "look"; look: Look; next: number }
  | { kind: "found" };

export interface Program {
  states: State[];
  start: number;
}

/** A condition on what is before or behind a place. */
export interface Look {
  /** Walks through the text from its end where it looks ahead: each place where it finds something is then one where that begins. */
  program: Program;
  isAhead: boolean;
  isNegated: boolean;
}

export function programOf(node: Node): Program {
  return compiled(node, false);
}

/** An upper bound of the states that a part becomes: what is repeated so many times is there as often. */
export function sizeOf(node: Node): number {
  const sum = (nodes: Node[]) => nodes.reduce((all, each) => all + sizeOf(each), 0);
  switch (node.kind) {
    case "sequence":
      // Nothing repeated many times is work, too.
      return Math.max(1, sum(node.parts));
    case "either":
      return sum(node.of) + node.of.length - 1;
    case "repeat": {
      const { min, max } = node;
      return Number.isFinite(max)
        ? min * sizeOf(node.node) + (max - min) * (sizeOf(node.node) + 1)
        : (min + 1) * (sizeOf(node.node) + 1);
    }
    case "look":
      return sizeOf(node.node) + 2;
    case "one":
    case "place":
      return 1;
  }
}

function compiled(node: Node, isBackward: boolean): Program {
  const states: State[] = [{ kind: "found" }];
  const add = (state: State) => states.push(state) - 1;

  /** @returns the first state of what leads through the part to `next` */
  function through(part: Node, next: number): number {
    switch (part.kind) {
      case "one":
        return add({ kind: "one", of: part.of, next });
      case "place":
        return add({ kind: "place", isHere: part.isHere, next });
      case "look": {
        const { isAhead, isNegated } = part;
        return add({
          kind: "look",
          look: { program: compiled(part.node, isAhead), isAhead, isNegated },
          next,
        });
      }
      case "sequence": {
        // Built from its end.
        const parts = isBackward ? part.parts : part.parts.toReversed();
        return parts.reduce((behind, each) => through(each, behind), next);
      }
      case "either":
        return part.of
          .map((each) => through(each, next))
          .reduceRight((other, first) => add({ kind: "split", next: first, other }));
      case "repeat":
        return repeated(part, next);
    }
  }

  function repeated({ node: inner, min, max }: Node & { kind: "repeat" }, next: number): number {
    let first = next;
    if (Number.isFinite(max)) {
      for (let more = min; more < max; more++)
        first = add({ kind: "split", next: through(inner, first), other: next });
    } else {
      first = add({ kind: "split", next, other: next });
      states[first] = { kind: "split", next: through(inner, first), other: next };
    }
    for (let count = 0; count < min; count++) first = through(inner, first);
    return first;
  }

  const start = through(node, 0);
  return { states, start };
}
