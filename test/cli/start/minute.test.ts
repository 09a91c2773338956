import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { fireEachMinute } from "../../../src/cli/commands/start/minute.ts";
import { AFTER_START } from "../../../src/core/cron.ts";

it("the look at all runs after a start is fired until it succeeds, and then no more", async () => {
  const crons: (string | null)[] = [];
  const { promise: succeeded, resolve } = Promise.withResolvers<void>();
  const worker = createServer((request, response) => {
    crons.push(new URL(request.url ?? "", "http://worker").searchParams.get("cron"));
    if (crons.length === 1) request.socket.destroy();
    else if (crons.length === 2) response.writeHead(500).end("exception");
    else response.end("ok", resolve);
  });
  await new Promise<void>((listening) => worker.listen(0, "127.0.0.1", listening));
  const stop = fireEachMinute(`http://127.0.0.1:${(worker.address() as AddressInfo).port}`);
  try {
    await succeeded;
    expect(crons).toEqual([AFTER_START, AFTER_START, AFTER_START]);
  } finally {
    stop();
    worker.closeAllConnections();
    worker.close();
  }
});
