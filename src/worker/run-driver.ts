/** The Durable Object of one run, named by the run's id: the place of its driver, its alarm and its watchers. */

import { DurableObject } from "cloudflare:workers";
import { WATCHERS_MAX } from "../core/limits.ts";
import type { RunState } from "../core/run.ts";
import { Driver } from "../flow/driver.ts";
import type { Env } from "./env.ts";
import { flowPorts, systemClock } from "./ports.ts";

export class RunDriver extends DurableObject<Env> {
  readonly #driver = new Driver({
    clock: systemClock,
    runId: this.ctx.id.name ?? null,
    flowPorts: () => flowPorts(this.env),
    after: (ms, callBack) => {
      const timer = setTimeout(callBack, ms);
      return () => clearTimeout(timer);
    },
    setAlarm: (inMs) => this.ctx.storage.setAlarm(Date.now() + inMs),
    forgetAll: () => this.ctx.storage.deleteAll(),
    watchers: () => this.ctx.getWebSockets().length,
    announce: (news) => {
      const text = JSON.stringify(news);
      for (const socket of this.ctx.getWebSockets()) tell(socket, text);
    },
    dismissWatchers: () => {
      for (const socket of this.ctx.getWebSockets()) socket.close(1000, "the run is over");
    },
    abort: (why) => this.ctx.abort(why),
    logError: (error) => logError(error, this.ctx.id.name),
  });

  /** Drives a run that was just stored. */
  start(state: RunState): void {
    this.#driver.start(state);
  }

  /** The stored run changed: look at it now. */
  nudge(): void {
    this.#driver.nudge();
  }

  /** Drives the run, unless that is being done or was a moment ago. */
  wake(): void {
    this.#driver.wake();
  }

  /** The run once it is final, or as it is after `timeoutMs`. */
  untilFinal(timeoutMs: number): Promise<RunState | null> {
    return this.#driver.untilFinal(timeoutMs);
  }

  /** Lets a watcher in. It hears at once that there may be something to look at, and then each time there is. */
  override async fetch(): Promise<Response> {
    if (this.ctx.getWebSockets().length >= WATCHERS_MAX)
      return new Response("too many watchers", { status: 429 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    tell(server, JSON.stringify(this.#driver.news()));
    // A rare poll becomes a held one when somebody watches.
    this.#driver.ensureDriving();
    return new Response(null, { status: 101, webSocket: client });
  }

  override alarm(): Promise<void> {
    return this.#driver.alarm();
  }
}

/** A watcher that is on its way out is no reason to stop driving. */
function tell(socket: WebSocket, news: string): void {
  try {
    if (socket.readyState === WebSocket.OPEN) socket.send(news);
  } catch {
    // It closed in between.
  }
}

function logError(error: unknown, run?: string): void {
  const stack = error instanceof Error ? error.stack : undefined;
  console.error(JSON.stringify({ level: "error", run, error: String(error), stack }));
}
