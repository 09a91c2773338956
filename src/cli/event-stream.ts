/** Reading a stream of Server-Sent Events from a response, wherever its chunks happen to be cut. */

import { createParser, type EventSourceMessage } from "eventsource-parser";

/** A stream that says nothing for this long, not even a heartbeat, is taken for dead. */
export class SilentStream extends Error {
  override readonly name = "SilentStream";
}

/**
 * The complete messages of a stream, in order. One that is cut off at the end is dropped, as the standard asks.
 * @param silenceMaxMs how long nothing at all may arrive
 * @throws SilentStream, or whatever the connection fails with
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  silenceMaxMs: number,
): AsyncGenerator<EventSourceMessage> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => void arrived.push(message) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    while (true) {
      const { value, done } = await within(silenceMaxMs, reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* arrived.splice(0);
    }
  } finally {
    // Not awaited: a dead connection may never answer.
    void reader.cancel().catch(() => undefined);
  }
}

async function within<T>(ms: number, read: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SilentStream(`nothing arrived for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}
