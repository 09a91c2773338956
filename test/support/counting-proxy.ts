/** A proxy before a server, which notes what was asked and how it was answered. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Passed {
  method: string;
  path: string;
  status: number;
  /** Epoch milliseconds at which it was asked. */
  at: number;
}

export interface CountingProxy {
  url: string;
  passed: Passed[];
  close(): Promise<void>;
}

export async function countingProxy(target: string): Promise<CountingProxy> {
  const passed: Passed[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url: path = "" } = request;
    const call: Passed = { method, path, status: 0, at: Date.now() };
    passed.push(call);
    const body: Buffer[] = [];
    for await (const part of request) body.push(part as Buffer);
    try {
      const answer = await fetch(`${target}${path}`, {
        method,
        headers: {
          authorization: request.headers.authorization ?? "",
          "content-type": request.headers["content-type"] ?? "application/json",
        },
        ...(body.length > 0 && { body: Buffer.concat(body) }),
      });
      call.status = answer.status;
      const bytes = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
      response.end(bytes);
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
