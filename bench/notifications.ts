/**
 * Notifications: from a run's end to the subscriber that has verified what it is told, and how many a second are told of a backlog, beside
 * a program that does nothing but sign and post the same to the same subscriber.
 */

import { createServer } from "node:http";
import { Webhook as Verifier } from "standardwebhooks";
import type { WebhookWithSecretBody } from "../src/api/webhook-schema.ts";
import { NOTIFIER_SENDS_AT_ONCE } from "../src/core/limits.ts";
import type { Payload } from "../src/webhooks/payload.ts";
import { standardRequest } from "../src/webhooks/request.ts";
import { freePort } from "../test/support/free-port.ts";
import type { Stack } from "../test/support/stack.ts";
import { atOnce, ms, now, percentile, report } from "./figures.ts";

const WARM_UP = 10;
const ONE_AT_A_TIME = Number(process.env.MAYFLY_BENCH_NOTIFICATIONS ?? 100);
/** Runs that end while the subscriber answers nobody, soon enough for it to answer the first in time. */
const BACKLOG = 120;
const ENDED_AT_ONCE = 8;

export async function notifications(stack: Stack): Promise<void> {
  console.log("\nnotifications, from a run's end until its subscriber has verified them");
  const subscriber = await aSubscriber();
  try {
    const made = await stack.call("/v1/webhooks", {
      method: "POST",
      body: JSON.stringify({ url: subscriber.url, events: ["run.cancelled"] }),
    });
    if (!made.ok) throw new Error(`a webhook was answered ${made.status}: ${await made.text()}`);
    const secret = ((await made.json()) as WebhookWithSecretBody).secret ?? "";
    subscriber.believes(secret);
    // Runs that wait for a time that is far ahead need no machine, and end when they are told to.
    const aRun = async () => (await stack.submit({ command: ["true"], delay: "300d" })).id;
    const end = async (id: string) => {
      const response = await stack.call(`/v1/runs/${id}/cancel`, { method: "POST" });
      if (!response.ok) throw new Error(`a cancel was answered ${response.status}`);
      await response.arrayBuffer();
    };
    const told = async () => {
      const id = await aRun();
      const [heard] = await Promise.all([subscriber.hears(id), end(id)]);
      return heard.at - heard.endedAt;
    };
    let posted = 0;
    const post = async () => {
      const id = `floor-${++posted}`;
      const at = now();
      const [heard] = await Promise.all([subscriber.hears(id), floor(subscriber.url, secret, id)]);
      return heard.at - at;
    };
    for (let i = 0; i < WARM_UP; i++) for (const one of [post, told]) await one();
    const [floors, tolds]: [number[], number[]] = [[], []];
    for (let i = 0; i < ONE_AT_A_TIME; i++) {
      floors.push(await post());
      tolds.push(await told());
    }
    print("floor: signed and posted", floors);
    print("told, one at a time", tolds);
    const { perSecond } = await atOnce(BACKLOG, NOTIFIER_SENDS_AT_ONCE, post);
    report(`floor, ${NOTIFIER_SENDS_AT_ONCE} at once`, { "a second": perSecond.toFixed(0) });
    const { samples: runs } = await atOnce(BACKLOG, ENDED_AT_ONCE, aRun);
    const letGo = subscriber.hold();
    const all = Promise.all(runs.map((id) => subscriber.hears(id)));
    const left = [...runs];
    await atOnce(BACKLOG, ENDED_AT_ONCE, () => end(left.pop() ?? ""));
    const from = now();
    letGo();
    await all;
    const rate = ((BACKLOG - NOTIFIER_SENDS_AT_ONCE) * 1000) / (now() - from);
    report(`told, a backlog of ${BACKLOG}`, { "a second": rate.toFixed(0) });
  } finally {
    subscriber.close();
  }
}

/** The least that it takes to tell: what a notification is signed by, and one request. */
async function floor(url: string, secret: string, id: string): Promise<void> {
  const run = { id, status: "cancelled", settled_at: new Date().toISOString() };
  const payload = JSON.stringify({ type: "run.cancelled", timestamp: run.settled_at, data: { run } });
  const response = await fetch(url, {
    method: "POST",
    ...standardRequest({ id, payload }, [secret], Date.now()),
  });
  await response.arrayBuffer();
}

/** Instants by `now()` at which what is told of a run was verified, and at which that had ended. */
interface Heard {
  at: number;
  endedAt: number;
}

/** A subscriber on this computer, which believes what is signed and answers at once, or when it is let. */
async function aSubscriber() {
  const port = await freePort();
  let believed = (_text: string, _headers: Record<string, string>): Payload => {
    throw new Error("it has no secret yet");
  };
  let held: Promise<void> = Promise.resolve();
  const heard = new Map<string, { heard: Promise<Heard>; tell: (heard: Heard) => void }>();
  const of = (id: string) => {
    let tell = (_: Heard) => {};
    const fresh = {
      heard: new Promise<Heard>((resolve) => {
        tell = resolve;
      }),
      tell: (one: Heard) => tell(one),
    };
    const one = heard.get(id) ?? fresh;
    heard.set(id, one);
    return one;
  };
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const headers = request.headers as Record<string, string>;
    const { data } = believed(Buffer.concat(parts).toString(), headers);
    if ("run" in data) of(data.run.id).tell({ at: now(), endedAt: Date.parse(data.run.settled_at ?? "") });
    await held;
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}/`,
    believes(secret: string) {
      const verifier = new Verifier(secret);
      believed = (text, headers) => verifier.verify(text, headers) as Payload;
    },
    hears: (id: string) => of(id).heard,
    /** Answers nobody from now on. @returns what has it answer all */
    hold() {
      let letGo = () => {};
      held = new Promise((resolve) => {
        letGo = resolve;
      });
      return () => letGo();
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function print(name: string, samples: number[]): void {
  report(name, { p50: ms(percentile(samples, 0.5)), p99: ms(percentile(samples, 0.99)) });
}
