/** A proxy before a server, which notes what was asked and how it was answered, and can lose what is answered late. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Passed {
  method: string;
  path: string;
  status: number;
  /** Epoch milliseconds at which it was asked. */
  at: number;
  /** What was asked; empty where there was no body. */
  body: string;
}

export interface CountingProxy {
  url: string;
  passed: Passed[];
  /** Cuts the connection of the next call of a method and path, and hands on that call when it is told to. */
  hold(method: string, path: string): HeldCall;
  close(): Promise<void>;
}

export interface HeldCall {
  /** Hands the call on; settles with the status that it was answered with. */
  handOn(): Promise<number>;
}

interface Held {
  method: string;
  path: string;
  mayGoOn: Promise<void>;
  answered(status: number): void;
}

export async function countingProxy(target: string): Promise<CountingProxy> {
  const passed: Passed[] = [];
  const held: Held[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url: path = "" } = request;
    const call: Passed = { method, path, status: 0, at: Date.now(), body: "" };
    passed.push(call);
    const body: Buffer[] = [];
    for await (const part of request) body.push(part as Buffer);
    call.body = Buffer.concat(body).toString();
    const holder = held.find((one) => one.method === method && one.path === path);
    if (holder) {
      held.splice(held.indexOf(holder), 1);
      response.destroy();
      await holder.mayGoOn;
    }
    try {
      const answer = await fetch(`${target}${path}`, {
        method,
        headers: {
          authorization: request.headers.authorization ?? "",
          "content-type": request.headers["content-type"] ?? "application/json",
        },
        ...(call.body !== "" && { body: call.body }),
      });
      call.status = answer.status;
      holder?.answered(answer.status);
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
    hold(method, path) {
      const goOn = Promise.withResolvers<void>();
      const answer = Promise.withResolvers<number>();
      held.push({ method, path, mayGoOn: goOn.promise, answered: answer.resolve });
      return {
        handOn() {
          goOn.resolve();
          return answer.promise;
        },
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
