/** Where in a text each value of a document stands. */

export interface Place {
  /** Offset of what leads to the value: its name, or itself in a list. */
  start: number;
  /** Offset of the value. */
  valueStart: number;
  isScalar: boolean;
  /** By name, or by number from 0 in a list. */
  fields: Map<string, Place>;
}

/**
 * The offset to show for a path: of a single value itself, of an object or a list the name that it has. Where the path leads to what is
 * not there, the innermost that is.
 */
export function offsetOf(top: Place, path: readonly PropertyKey[]): number {
  let place = top;
  for (const name of path) {
    const next = place.fields.get(String(name));
    if (next === undefined) return place.start;
    place = next;
  }
  return place.isScalar ? place.valueStart : place.start;
}
