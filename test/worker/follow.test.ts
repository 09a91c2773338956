/** Following a run: what it costs, how it goes on past a connection's share, and what a watcher too many is told. */

import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { eventStream, ndjsonStream } from "../../src/api/event-stream.ts";
import type { ErrorBody, OutputLine, RunBody } from "../../src/api/run-schema.ts";
import type { RunEvent } from "../../src/core/event.ts";
import { WATCHERS_MAX } from "../../src/core/limits.ts";
import { type ChunkPosition, OUTPUT_START, type OutputChunk, parsePosition } from "../../src/core/output.ts";
import type { RunState } from "../../src/core/run.ts";
import { d1Store } from "../../src/d1/store.ts";
import { type Followed, followOutput } from "../../src/flow/follow.ts";
import type { News } from "../../src/flow/ports.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aRunningRun, followedBy, T0 } from "../support/a-run.ts";
import { aStepsSpec } from "../support/a-steps-spec.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { readEvents } from "../support/sse.ts";

const ports = apiPorts(env);
const never = new AbortController().signal;

function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: "Bearer test-token", ...(init.headers as object) };
  return exports.default.fetch(new Request(`https://mayfly.test${path}`, { ...init, headers }));
}

async function submitted(script: string): Promise<RunState> {
  const body = JSON.stringify({ image: "debian:12", script });
  const { id } = await (await call("/v1/runs", { method: "POST", body })).json<RunBody>();
  return (await ports.store.load(id)) as RunState;
}

/** Ports whose database counts, with news as the test tells them. */
function scripted(news: (tell: News) => AsyncIterable<News>) {
  const { database, counts } = countedD1(env.DB);
  const unknown: News = { position: null, final: false };
  const drivers = { ...ports.drivers, watch: async () => news(unknown) };
  return { ports: { store: d1Store(database), blobs: ports.blobs, drivers }, counts };
}

async function storedRunning(): Promise<RunState> {
  const story = aRunningRun();
  await ports.store.accept(story.state, story.events, null);
  return story.state;
}

const settled = (state: RunState) =>
  ports.store.record(
    state,
    followedBy(
      { state, events: [] },
      {
        type: "settled",
        at: T0 + 5000,
        status: "succeeded",
        reason: null,
        limit: null,
        detail: null,
        exit: { code: 0, signal: null, oomKilled: false },
        output: { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true },
      },
    ).events,
    [],
  );

const piece = (seq: number): OutputChunk => ({
  attempt: 1,
  seq,
  stream: "stdout",
  offset: (seq - 1) * 2,
  length: 2,
  at: T0,
  bytes: new TextEncoder().encode(`${seq % 10}\n`),
  blobKey: null,
});

const at = (seq: number): ChunkPosition => ({ attempt: 1, seq });

async function all(followed: AsyncIterable<Followed>): Promise<string[]> {
  const told = [];
  for await (const item of followed) told.push(item.kind === "output" ? `${item.chunk.seq}` : item.kind);
  return told;
}

describe("a follower's statements", () => {
  it("are one for each piece of news, of a run that is driven", async () => {
    const state = await submitted("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.4; done");
    const { database, counts } = countedD1(env.DB);
    const counted = { store: d1Store(database), blobs: ports.blobs, drivers: ports.drivers };
    const told = await all(await followOutput(counted, state, OUTPUT_START, never));
    const pieces = told.length - 1;
    console.log(`${pieces} pieces followed with ${counts.statements} statements`);
    expect(told.at(-1)).toBe("end");
    expect(pieces).toBeGreaterThan(3);
    // Before the first news, for the first news where the driver knows nothing yet, and for the end.
    expect(counts.statements).toBeLessThanOrEqual(pieces + 1 + 3 + 3);
  });

  it("are none for news that brings nothing", async () => {
    const state = await storedRunning();
    await ports.store.appendOutput(state, [piece(1)]);
    const { ports: counted, counts } = scripted(async function* () {
      for (let i = 0; i < 50; i++) yield { position: at(1), final: false };
      await settled(state);
      yield { position: at(1), final: true };
    });
    expect(await all(await followOutput(counted, state, OUTPUT_START, never))).toEqual(["1", "end"]);
    expect(counts.statements).toBe(1 + 3);
  });

  it("are one for several pieces that came while the reader was busy", async () => {
    const state = await storedRunning();
    const { ports: counted, counts } = scripted(async function* () {
      for (let seq = 1; seq <= 6; seq += 3) {
        await ports.store.appendOutput(state, [piece(seq), piece(seq + 1), piece(seq + 2)]);
        yield { position: at(seq + 2), final: false };
      }
      await settled(state);
      yield { position: at(6), final: true };
    });
    const told = await all(await followOutput(counted, state, OUTPUT_START, never));
    expect(told).toEqual(["1", "2", "3", "4", "5", "6", "end"]);
    expect(counts.statements).toBe(1 + 2 + 3);
  });

  it("are a whole look where the driver does not know what is stored", async () => {
    const state = await storedRunning();
    const { ports: counted } = scripted(async function* (unknown) {
      await ports.store.appendOutput(state, [piece(1)]);
      yield unknown;
      await ports.store.appendOutput(state, [piece(2)]);
      await settled(state);
      yield unknown;
    });
    expect(await all(await followOutput(counted, state, OUTPUT_START, never))).toEqual(["1", "2", "end"]);
  });
});

describe("a follower of steps", () => {
  const section = (stdout: number) => ({ stdout, stderr: 0 });
  const begins = (step: number, from: number): RunEvent => ({
    type: "step_started",
    at: T0,
    attempt: 1,
    step,
    startedAt: T0,
    from: section(from),
  });
  const ends = (step: number, from: number, to: number): RunEvent => ({
    ...{
      type: "step_ended",
      at: T0,
      attempt: 1,
      step,
      exitCode: 0,
      timedOut: false,
      startedAt: T0,
      endedAt: T0,
    },
    ...{ from: section(from), to: section(to) },
  });

  async function storedBuild(): Promise<RunState> {
    const story = aRunningRun(aStepsSpec(["one", "two"]));
    await ports.store.accept(story.state, story.events, null);
    return story.state;
  }
  const record = async (state: RunState, events: RunEvent[], pieces: OutputChunk[]) =>
    (await ports.store.record(state, events, pieces)) as RunState;

  async function told(followed: AsyncIterable<Followed>): Promise<string[]> {
    const all = [];
    for await (const item of followed)
      if (item.kind === "step") all.push(`step ${item.step.step.number} ${item.step.state}`);
      else all.push(item.kind === "output" ? `${item.chunk.seq}` : item.kind);
    return all;
  }

  it("is told how each stands before what it wrote, at two statements more for each piece of news of them", async () => {
    const state = await storedBuild();
    const { ports: counted, counts } = scripted(async function* () {
      let now = await record(state, [begins(1, 0)], []);
      yield { position: at(0), final: false, version: now.run.version };
      await ports.store.appendOutput(now, [piece(1)]);
      yield { position: at(1), final: false, version: now.run.version };
      await ports.store.appendOutput(now, [piece(2)]);
      yield { position: at(2), final: false, version: now.run.version };
      yield { position: at(2), final: false, version: now.run.version };
      now = await record(now, [ends(1, 0, 4), begins(2, 4)], [piece(3)]);
      yield { position: at(3), final: false, version: now.run.version };
      now = await record(now, [ends(2, 4, 6)], []);
      await settled(now);
      yield { position: at(3), final: true, version: now.run.version + 1 };
    });
    expect(await told(await followOutput(counted, state, OUTPUT_START, never))).toEqual([
      ...["step 1 running", "1", "2", "step 1 succeeded", "step 2 running", "3", "step 2 succeeded", "end"],
    ]);
    // A look before the first news and one for each that is any; the run's state three times.
    expect(counts.statements).toBe(1 + 5 + 3 * 2);
  });

  it("is told of a step that began after the news, before what it wrote", async () => {
    const state = await storedBuild();
    let now = await record(state, [begins(1, 0)], [piece(1)]);
    const { ports: counted } = scripted(async function* () {
      const { version } = now.run;
      now = await record(now, [ends(1, 0, 4), begins(2, 4)], [piece(2), piece(3)]);
      yield { position: at(2), final: false, version };
      await settled(now);
      yield { position: null, final: false };
    });
    expect(await told(await followOutput(counted, state, OUTPUT_START, never))).toEqual([
      ...["step 1 running", "1", "step 1 succeeded", "step 2 running", "2", "3", "step 2 unknown", "end"],
    ]);
  });

  it("has it as messages of its own by SSE, and by ndjson has what it had", async () => {
    const state = await storedBuild();
    await settled(await record(state, [ends(1, 0, 2), ends(2, 2, 4)], [piece(1), piece(2)]));
    const final = (await ports.store.load(state.run.id)) as RunState;
    const events = [];
    for await (const event of readEvents(await eventStream(ports, final, at(1), never))) events.push(event);
    expect(events.map(({ event }) => event)).toEqual(["step", "step", "output", "end"]);
    expect(JSON.parse(events[1]?.data ?? "")).toMatchObject({
      ...{ attempt: 1, number: 2, name: "step 2", state: "succeeded", exit_code: 0 },
      stdout: { from: 2, to: 4 },
    });
    const lines = await (await ndjsonStream(ports, final, OUTPUT_START, never)).text();
    expect(lines.trim().split("\n")).toHaveLength(3);
  });
});

describe("a connection that has made its share of reads", () => {
  const script = "for i in 1 2 3 4 5 6 7 8; do echo out $i; echo err $i >&2; sleep 0.3; done";
  const expected = (stream: string) => [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `${stream} ${n}\n`).join("");

  it("ends, and who comes back by Last-Event-ID misses nothing and sees nothing twice", async () => {
    const { run } = await submitted(script);
    const got = { stdout: "", stderr: "" };
    const endings: string[] = [];
    let last = OUTPUT_START;
    while (endings.at(-1) !== "end") {
      const state = (await ports.store.load(run.id)) as RunState;
      const response = await eventStream(ports, state, last, never, 3);
      let ending = "cut";
      for await (const { event, id, data } of readEvents(response)) {
        if (event !== "output") ending = event;
        if (event !== "output") continue;
        const line = JSON.parse(data) as OutputLine;
        got[line.stream] += line.text;
        last = parsePosition(id) as ChunkPosition;
      }
      endings.push(ending);
    }
    expect(new Set(endings.slice(0, -1))).toEqual(new Set(["resume"]));
    expect(endings.length).toBeGreaterThan(2);
    expect(got).toEqual({ stdout: expected("out"), stderr: expected("err") });
  });

  it("as ndjson ends without an end line, and every line says where to resume", async () => {
    const { run } = await submitted(script);
    const got = { stdout: "", stderr: "" };
    let last = OUTPUT_START;
    let end: unknown;
    let connections = 0;
    while (end === undefined) {
      connections += 1;
      const state = (await ports.store.load(run.id)) as RunState;
      const response = await ndjsonStream(ports, state, last, never, 3);
      const text = new TextDecoder().decode(await response.arrayBuffer());
      for (const row of text.split("\n").filter((line) => line !== "")) {
        const line = JSON.parse(row) as OutputLine & { id: string; end?: object };
        end = line.end;
        if (line.end) continue;
        got[line.stream] += line.text;
        last = parsePosition(line.id) as ChunkPosition;
      }
    }
    expect(connections).toBeGreaterThan(2);
    expect(end).toMatchObject({ run_id: run.id, status: "succeeded" });
    expect(got).toEqual({ stdout: expected("out"), stderr: expected("err") });
  });

  it("tells browsers how soon to come back", async () => {
    const state = await storedRunning();
    const stop = new AbortController();
    const response = await eventStream(ports, state, OUTPUT_START, stop.signal);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toMatch(/^retry: \d+\n/);
    stop.abort();
  });
});

describe("a watcher too many", () => {
  const sockets: WebSocket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close(1000, "done");
  });

  it("is answered 429 with when to come back, and let in once there is room", async () => {
    const { run } = await submitted("sleep 60");
    const driver = env.RUN_DRIVER.getByName(run.id);
    for (let i = 0; i < WATCHERS_MAX; i++) {
      const response = await driver.fetch("https://driver/watch", { headers: { upgrade: "websocket" } });
      response.webSocket?.accept();
      if (response.webSocket) sockets.push(response.webSocket);
    }
    const follow = () => call(`/v1/runs/${run.id}/output?follow=true`);
    const refused = await follow();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    const { error } = await refused.json<ErrorBody>();
    expect(error).toMatchObject({ code: "too_many_watchers", path: null });
    expect(error.message).toContain(String(WATCHERS_MAX));

    sockets.shift()?.close(1000, "done");
    let response = await follow();
    while (response.status === 429) response = await follow();
    expect(response.status).toBe(200);
    await response.body?.cancel();
    await call(`/v1/runs/${run.id}/cancel`, { method: "POST" });
    await driver.untilFinal(20_000);
  });
});
