/** Why an expression has no value. */

/** Where something is in an expression, counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Thrown by what evaluates; `at` counts the expression's UTF-16 units from 0. */
export class Failure extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export function placeOf(source: string, at: number): Place {
  const before = source.slice(0, at).split("\n");
  return { line: before.length, column: [...(before.at(-1) ?? "")].length + 1 };
}

/** A sentence that the expression's path can stand before. */
export function withPlace(source: string, at: number, message: string): string {
  const { line, column } = placeOf(source, at);
  return `${message} (line ${line}, column ${column})`;
}
