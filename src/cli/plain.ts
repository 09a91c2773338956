/** Texts that a job or a server made, for our own messages: nothing in them can move the cursor or hide what follows. */

/** C0 and C1 controls, DEL, line separators, and the marks that turn the direction of text around. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const NAMED: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/** The text with every control character spelled out: "\n", "\e", "\x07", "\u202e". */
export function plain(text: string): string {
  return text.replaceAll(UNSAFE, (char) => NAMED[char] ?? spelled(char.charCodeAt(0)));
}

function spelled(code: number): string {
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}
