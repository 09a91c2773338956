/** Reads Server-Sent Events from a response, with a library of another hand than the server's. */

import { EventSourceParserStream } from "eventsource-parser/stream";

export interface Message {
  event: string;
  id: string;
  data: string;
}

export async function* readEvents(response: Response): AsyncGenerator<Message> {
  if (!response.body) return;
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { event = "message", id = "", data } of events) yield { event, id, data };
}
