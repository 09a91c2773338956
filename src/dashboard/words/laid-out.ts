/** JSON by its lines, as far as a page shows it. */

/** What is deeper is indented as this is: a stranger's brackets would make most of a page of blanks. */
const INDENTED_LEVELS_MAX = 40;

/** A list or an object that is being written. */
interface Open {
  /** Null of a list. */
  keys: string[] | null;
  values: unknown[];
  next: number;
}

/**
 * As `JSON.stringify(value, null, 2)`, but without recursion, which thousands of levels break, and no further than is shown.
 * @param json as `JSON.parse` made it
 */
export function laidOut(json: unknown, maxChars: number): { text: string; isWhole: boolean } {
  const pieces: string[] = [];
  let chars = 0;
  const open: Open[] = [];
  const write = (piece: string): void => {
    pieces.push(piece);
    chars += piece.length;
  };
  const begin = (value: unknown): void => {
    const inside = insideOf(value);
    if (inside === null || inside.values.length === 0) {
      write(JSON.stringify(value));
      return;
    }
    write(inside.keys === null ? "[" : "{");
    open.push(inside);
  };
  begin(json);
  while (chars <= maxChars) {
    const top = open.at(-1);
    if (top === undefined) break;
    const { keys, values, next } = top;
    if (next === values.length) {
      open.pop();
      write(`${lineAt(open.length)}${keys === null ? "]" : "}"}`);
      continue;
    }
    top.next += 1;
    const name = keys === null ? "" : `${JSON.stringify(keys[next])}: `;
    write(`${next === 0 ? "" : ","}${lineAt(open.length)}${name}`);
    begin(values[next]);
  }
  const isWhole = open.length === 0 && chars <= maxChars;
  return { text: pieces.join("").slice(0, maxChars), isWhole };
}

/** Null of what has nothing inside it. */
function insideOf(value: unknown): Open | null {
  if (typeof value !== "object" || value === null) return null;
  return Array.isArray(value)
    ? { keys: null, values: value, next: 0 }
    : { keys: Object.keys(value), values: Object.values(value), next: 0 };
}

function lineAt(level: number): string {
  return `\n${"  ".repeat(Math.min(level, INDENTED_LEVELS_MAX))}`;
}
