/** The Drivers port on Durable Objects: one object per run, named by the run's id. */

import type { RunState } from "../core/run.ts";
import type { Drivers, News } from "../flow/ports.ts";
import type { RunDriver } from "./run-driver.ts";

/** Pause before watching again where a driver does not answer: then watching is looking now and then. */
const WATCH_AGAIN_MS = 3000;

export function durableDrivers(namespace: DurableObjectNamespace<RunDriver>): Drivers {
  const driver = (runId: string) => namespace.getByName(runId);
  return {
    start: (state) => driver(state.run.id).start(state),
    nudge: (runId) => driver(runId).nudge(),
    wake: (runId) => driver(runId).wake(),
    untilFinal: (runId, timeoutMs) => driver(runId).untilFinal(timeoutMs) as Promise<RunState | null>,
    watch: (runId, signal) => watch(driver(runId), signal),
  };
}

async function watch(
  driver: DurableObjectStub<RunDriver>,
  signal: AbortSignal,
): Promise<AsyncIterable<News> | null> {
  const opened = await open(driver);
  if (opened === "full") return null;
  return opened === "broken" ? lookNowAndThen(signal) : newsFrom(opened, signal);
}

/** What happened meanwhile is found by looking again. */
async function* lookNowAndThen(signal: AbortSignal): AsyncGenerator<News> {
  await pause(WATCH_AGAIN_MS, signal);
  yield { position: null, final: false };
}

/** News over a WebSocket, which the object can hold without being billed for waiting. It is closed by the signal or the loop's end. */
function newsFrom(socket: WebSocket, signal: AbortSignal): AsyncIterable<News> {
  let news: News | null = null;
  let closed = false;
  let wakeUp = () => {};
  const onClose = () => {
    closed = true;
    wakeUp();
  };
  const close = () => {
    onClose();
    socket.close(1000, "done");
  };
  socket.addEventListener("message", ({ data }) => {
    // Only the newest matters: it stands for all before it.
    news = JSON.parse(String(data)) as News;
    wakeUp();
  });
  socket.addEventListener("close", onClose);
  socket.addEventListener("error", onClose);
  socket.accept();
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  return (async function* () {
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
      signal.removeEventListener("abort", close);
      close();
    }
  })();
}

async function open(driver: DurableObjectStub<RunDriver>): Promise<WebSocket | "full" | "broken"> {
  try {
    const response = await driver.fetch("https://driver/watch", { headers: { upgrade: "websocket" } });
    return response.webSocket ?? (response.status === 429 ? "full" : "broken");
  } catch {
    return "broken";
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
