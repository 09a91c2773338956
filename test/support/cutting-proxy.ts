/** A proxy before a server, which lets a test in at each moment of a call that changes something, and can cut it off there. */

import { request as ask, createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A call is not sent yet; is sent, and not answered; is answered, and whoever made it has not heard. */
export const CALL_MOMENTS = ["asked", "under way", "answered"] as const;
export type CallMoment = (typeof CALL_MOMENTS)[number];

export interface CuttingProxy {
  url: string;
  /** Is awaited at each moment of each call but a GET: true to cut it off on both sides. */
  at: (moment: CallMoment, call: string) => Promise<boolean> | boolean;
  close(): Promise<void>;
}

/** @param target of each call; its server can go away and come back */
export async function cuttingProxy(target: () => string): Promise<CuttingProxy> {
  const server = createServer(async (request, response) => {
    const { method = "", url: path = "", headers } = request;
    const body = await wholeOf(request);
    const isCut = async (moment: CallMoment) =>
      method !== "GET" && (await proxy.at(moment, `${method} ${path.split("?")[0]}`));
    if (await isCut("asked")) {
      response.destroy();
      return;
    }
    const onward = ask(`${target()}${path}`, { method, headers });
    const answered = new Promise<IncomingMessage>((resolve, reject) =>
      onward.on("response", resolve).on("error", reject),
    );
    try {
      await Promise.race([new Promise<void>((sent) => onward.end(body, () => sent())), answered]);
      if (await isCut("under way")) throw new Error("cut");
      const answer = await answered;
      const bytes = await wholeOf(answer);
      if (await isCut("answered")) throw new Error("cut");
      // It has come as a whole.
      const { "transfer-encoding": _, ...answerHeaders } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, answerHeaders);
      response.end(bytes);
    } catch {
      answered.catch(() => undefined);
      onward.destroy();
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: CuttingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    at: () => false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

async function wholeOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
