import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEvents } from "../support/sse.ts";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const lines = 'i=0; while [ $i -lt 60 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); sleep 0.02; done';
const expected = (stream: string) =>
  Array.from({ length: 60 }, (_, index) => `${stream} ${index}\n`).join("");

describe("stored output", () => {
  it("is byte for byte what the command wrote, binary too", async () => {
    const { id } = await stack.submit({
      script: 'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %03o $i)"; i=$((i+1)); done',
    });
    await stack.final(id);
    expect([...(await stack.output(id, "stdout"))]).toEqual(Array.from({ length: 256 }, (_, index) => index));
  });

  it("of 20 MB, past the share of the database, is read like any other", async () => {
    const script =
      "head -c 20000000 /dev/zero | tr '\\0' 'm' | tee /dev/stderr | sha256sum > /tmp/sum; cat /tmp/sum";
    const { id } = await stack.submit({ script });
    const run = await stack.final(id);
    expect(run).toMatchObject({
      status: "succeeded",
      output: { stderr_bytes: 20_000_000, complete: true, dropped_bytes: 0 },
    });
    const bytes = await stack.output(id, "stderr");
    expect(bytes.length).toBe(20_000_000);
    expect(new TextDecoder().decode(await stack.output(id, "stdout"))).toBe(`${sha256(bytes)}  -\n`);
  });

  it("comes as ndjson of both streams, with offsets that leave no gap", async () => {
    const { id } = await stack.submit({ script: lines });
    await stack.final(id);
    const text = await (await stack.call(`/v1/runs/${id}/output`)).text();
    const ends = { stdout: 0, stderr: 0 };
    const texts = { stdout: "", stderr: "" };
    for (const line of text
      .trim()
      .split("\n")
      .map((row) => JSON.parse(row) as { stream: "stdout" | "stderr"; offset: number; text: string })) {
      expect(line.offset).toBe(ends[line.stream]);
      ends[line.stream] += line.text.length;
      texts[line.stream] += line.text;
    }
    expect(texts).toEqual({ stdout: expected("out"), stderr: expected("err") });
  });

  it("is handed out as a file that no browser renders", async () => {
    const { id } = await stack.submit({ command: ["echo", "<script>alert(1)</script>"] });
    await stack.final(id);
    const response = await stack.call(`/v1/runs/${id}/output?stream=stdout`);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-disposition")).toContain("attachment");
  });
});

describe("followed output", () => {
  it("resumes at Last-Event-ID with nothing lost or doubled, whoever cuts the line", async () => {
    const { id } = await stack.submit({ script: lines });
    const got = { stdout: "", stderr: "" };
    let last: string | null = null;
    let ended = false;
    let connections = 0;
    while (!ended) {
      connections += 1;
      const stop = new AbortController();
      const headers: Record<string, string> = {
        accept: "text/event-stream",
        ...(last && { "last-event-id": last }),
      };
      const response = await stack.call(`/v1/runs/${id}/output`, { headers, signal: stop.signal });
      let messages = 0;
      for await (const message of readEvents(response)) {
        if (message.event === "end") {
          ended = true;
          expect(JSON.parse(message.data)).toMatchObject({ run_id: id, status: "succeeded", exit_code: 0 });
          break;
        }
        const line = JSON.parse(message.data) as { stream: "stdout" | "stderr"; text: string };
        got[line.stream] += line.text;
        last = message.id;
        messages += 1;
        if (messages === 3) break;
      }
      stop.abort();
    }
    expect(connections).toBeGreaterThan(2);
    expect(got).toEqual({ stdout: expected("out"), stderr: expected("err") });
  });

  it("of a run that is over is all of it and the end, at once", async () => {
    const { id } = await stack.submit({ command: ["echo", "hi"] });
    await stack.final(id);
    const messages = [];
    for await (const message of readEvents(await stack.call(`/v1/runs/${id}/output?follow=true`)))
      messages.push(message.event);
    expect(messages).toEqual(["output", "end"]);
  });

  it("reaches many watchers alike", async () => {
    const { id } = await stack.submit({ script: lines });
    const watch = async () => {
      let text = "";
      for await (const message of readEvents(await stack.call(`/v1/runs/${id}/output?follow=true`))) {
        const line = JSON.parse(message.data) as { stream?: string; text?: string };
        if (line.stream === "stdout") text += line.text;
      }
      return text;
    };
    expect(await Promise.all(Array.from({ length: 10 }, watch))).toEqual(
      Array.from({ length: 10 }, () => expected("out")),
    );
  });

  it("survives the death of the worker, for a client that comes back", async () => {
    const { id } = await stack.submit({ script: lines });
    let text = "";
    let last = "";
    const take = async (until: () => boolean) => {
      const response = await stack.call(`/v1/runs/${id}/output?follow=true`, {
        headers: last ? { "last-event-id": last } : {},
      });
      for await (const message of readEvents(response)) {
        if (message.event === "end") return;
        const line = JSON.parse(message.data) as { stream: string; text: string };
        if (line.stream === "stdout") text += line.text;
        last = message.id;
        if (until()) return;
      }
    };
    await take(() => text.length > 50);
    await stack.killWorker();
    await stack.startWorker();
    await stack.fireCron();
    await take(() => false);
    expect(text).toBe(expected("out"));
  });
});
