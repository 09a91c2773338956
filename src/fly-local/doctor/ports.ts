/** Whether the ports that `mayfly start` takes are free. */

import { createServer } from "node:net";
import type { Finding } from "./finding.ts";

const PORTS = [
  { port: 8787, option: "--port" },
  { port: 4280, option: "--machines-port" },
];

export function lookAtPorts(): Promise<Finding[]> {
  return Promise.all(
    PORTS.map(async ({ port, option }): Promise<Finding> => {
      const failure = await failureToListen(port);
      return failure === null
        ? { name: `port ${port}`, state: "good", text: "free" }
        : {
            name: `port ${port}`,
            state: "lesser",
            text: `${failure}; mayfly start ${option} N chooses another one`,
          };
    }),
  );
}

function failureToListen(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code === "EADDRINUSE" ? "in use (is Mayfly running?)" : `can not be used (${code})`),
    );
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
