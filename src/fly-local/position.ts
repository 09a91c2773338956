/** A place in a list that is sorted by the last change, as the opaque text that a cursor is. */

export interface Position {
  /** Epoch milliseconds. */
  readonly updatedAt: number;
  readonly id: string;
}

export function writePosition({ updatedAt, id }: Position): string {
  return Buffer.from(`${updatedAt}:${id}`).toString("base64url");
}

/** @returns null where the text is none of {@link writePosition} */
export function readPosition(cursor: string): Position | null {
  const [, updatedAt, id = ""] =
    /^(\d+):([0-9a-f]+)$/.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  return updatedAt === undefined ? null : { updatedAt: Number(updatedAt), id };
}
