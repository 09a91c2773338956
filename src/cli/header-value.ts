/** Texts that travel in an HTTP header, which holds no line breaks and, to be read the same everywhere, ASCII alone (RFC 9110 §5.5). */

const VISIBLE = /^[\x21-\x7e]$/;
const NAMED: Record<string, string> = {
  "\n": "a line break",
  "\r": "a line break",
  "\t": "a tab",
  " ": "a space",
};

/** What is in the text that is no visible ASCII character, and where: "has a line break at its end". Null where nothing is. */
export function headerComplaint(text: string): string | null {
  const chars = [...text];
  const index = chars.findIndex((char) => !VISIBLE.test(char));
  const char = chars[index];
  if (char === undefined) return null;
  const rest = chars.slice(index).join("");
  const place =
    index === 0 ? "at its beginning" : rest.trim() === "" || rest === char ? "at its end" : "in it";
  const what = NAMED[char] ?? (char < " " || char === "\x7f" ? "a control character" : null);
  return what === null ? `has a character ${place} that is not ASCII` : `has ${what} ${place}`;
}
