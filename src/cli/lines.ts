/** Lines of a text that arrives in pieces. */

/** The lines of a UTF-8 stream without their ends; the last one also where it has no end. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // Pieces are joined once per line and not once per piece: a line of a megabyte comes in hundreds of them.
  let pieces: string[] = [];
  for await (const bytes of body) {
    const [first = "", ...rest] = decoder.decode(bytes, { stream: true }).split("\n");
    pieces.push(first);
    for (const text of rest) {
      yield pieces.join("");
      pieces = [text];
    }
  }
  const last = pieces.join("") + decoder.decode();
  if (last !== "") yield last;
}
