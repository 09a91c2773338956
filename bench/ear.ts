/** Hears the output of a command the moment it is written, and its end, wherever it runs on this computer: over a socket. */

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { now } from "./figures.ts";

export interface Ear {
  /** A command that says "hi" to it. */
  readonly command: readonly string[];
  /** Instants, by `now()`, of the next speaker's first byte and of its end, when the kernel closes its sockets. */
  next(): { readonly output: Promise<number>; readonly end: Promise<number> };
  close(): void;
}

/** What says "hi": bash opens sockets by itself; an image of our own has busybox alone. */
const SPEAKERS = {
  bash: (port: number) => ["bash", "--norc", "-c", `exec 3>/dev/tcp/127.0.0.1/${port}; echo hi >&3`],
  busybox: (port: number) => ["sh", "-c", `echo hi | busybox nc 127.0.0.1 ${port}`],
};

export async function listen(speaker: keyof typeof SPEAKERS): Promise<Ear> {
  let tell: { output: (at: number) => void; end: (at: number) => void } | null = null;
  const server = createServer((socket) => {
    const told = tell;
    socket.once("data", () => told?.output(now()));
    socket.once("end", () => told?.end(now()));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    command: SPEAKERS[speaker](port),
    next: () => {
      const output = Promise.withResolvers<number>();
      const end = Promise.withResolvers<number>();
      tell = { output: output.resolve, end: end.resolve };
      return { output: output.promise, end: end.promise };
    },
    close: () => server.close(),
  };
}
