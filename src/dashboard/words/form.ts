/** What a form sends, as the API takes it. */

/** A form's fields as text: of a field that was sent twice the last, and of a file nothing. */
export type Form = Record<string, string>;

export function formOf(fields: Record<string, unknown>): Form {
  const texts = Object.entries(fields).flatMap(([name, value]) => {
    const last = Array.isArray(value) ? value.at(-1) : value;
    return typeof last === "string" ? [[name, last.replaceAll("\r\n", "\n")]] : [];
  });
  return Object.fromEntries(texts);
}

/** What stands in a field, line by line; blank ones are none. */
export function linesOf(text = ""): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
