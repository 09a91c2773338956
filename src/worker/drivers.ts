/** The Drivers port on Durable Objects: one object per run, named by the run's id. */

import { OUTPUT_START } from "../core/output.ts";
import type { RunState } from "../core/run.ts";
import type { Drivers, News } from "../flow/ports.ts";
import type { RunDriver } from "./run-driver.ts";

/** Pause before watching again where a driver lets nobody in (too many watch, or it is broken): then watching is looking now and then. */
const WATCH_AGAIN_MS = 3000;

export function durableDrivers(namespace: DurableObjectNamespace<RunDriver>): Drivers {
  const driver = (runId: string) => namespace.getByName(runId);
  return {
    arm: (runId) => driver(runId).arm(),
    start: (state) => driver(state.run.id).start(state),
    nudge: (runId) => driver(runId).nudge(),
    wake: (runId) => driver(runId).wake(),
    untilFinal: (runId, timeoutMs) => driver(runId).untilFinal(timeoutMs) as Promise<RunState | null>,
    watch: (runId, signal) => watch(driver(runId), signal),
  };
}

/** News over a WebSocket, which the object can hold without being billed for waiting. */
async function* watch(driver: DurableObjectStub<RunDriver>, signal: AbortSignal): AsyncGenerator<News> {
  const socket = await open(driver);
  if (socket === null) {
    await pause(WATCH_AGAIN_MS, signal);
    // What happened meanwhile is found by looking again.
    yield { version: 0, position: OUTPUT_START, final: false };
    return;
  }
  let news: News | null = null;
  let closed = false;
  let wakeUp = () => {};
  const onClose = () => {
    closed = true;
    wakeUp();
  };
  socket.addEventListener("message", ({ data }) => {
    // Only the newest matters: each says no more than "look again".
    news = JSON.parse(String(data)) as News;
    wakeUp();
  });
  socket.addEventListener("close", onClose);
  socket.addEventListener("error", onClose);
  signal.addEventListener("abort", onClose);
  socket.accept();
  try {
    while (true) {
      if (news !== null) {
        const latest: News = news;
        news = null;
        yield latest;
      } else if (closed) return;
      else
        await new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
    }
  } finally {
    signal.removeEventListener("abort", onClose);
    socket.close(1000, "done");
  }
}

async function open(driver: DurableObjectStub<RunDriver>): Promise<WebSocket | null> {
  try {
    const response = await driver.fetch("https://driver/watch", { headers: { upgrade: "websocket" } });
    return response.webSocket;
  } catch {
    return null;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
