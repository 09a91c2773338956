/** A Restate service as a program of its own: `restate-service.ts PORT`. Says "ready" when it takes invocations. */

import { createServer } from "node:http2";
import type { Command } from "./engine.ts";
import { load } from "./packages.ts";
import { runShell } from "./run-shell.ts";

interface Context {
  run<T>(name: string, action: () => Promise<T>): Promise<T>;
}

interface Sdk {
  service(definition: {
    name: string;
    handlers: { run(context: Context, command: Command): Promise<unknown> };
  }): object;
  createEndpointHandler(options: { services: object[] }): Parameters<typeof createServer>[1];
}

const { service, createEndpointHandler } = load<Sdk>("@restatedev/restate-sdk");
const jobs = service({
  name: "jobs",
  handlers: { run: (context, command) => context.run("command", () => runShell(command)) },
});
createServer({}, createEndpointHandler({ services: [jobs] })).listen(
  Number(process.argv[2]),
  "127.0.0.1",
  () => console.log("ready"),
);
