import { describe, expect, it } from "vitest";
import { hookComplaint } from "../../../src/core/hook/complaint.ts";
import { dedupeId } from "../../../src/core/hook/dedupe.ts";
import { fill } from "../../../src/core/hook/map.ts";
import type { HookFilter, HookMap } from "../../../src/core/hook/spec.ts";
import { aChange, aDelivery } from "./a-delivery.ts";

const DELIVERY = aDelivery({
  event: "invoice.paid",
  payload: { id: 7, total: 1.5, items: [{ name: "a" }, { name: "b" }], who: null, text: "a\0b" },
  headers: { "x-a": "b" },
});

describe("what a delivery gives its run", () => {
  it("variables are texts, numbers and truths as text; what is null or none is not set", () => {
    const env = {
      ID: "payload.id",
      TOTAL: "payload.total",
      NAMES: 'payload.items.map(i, i.name).join(",")',
      PAID: 'event == "invoice.paid"',
      WHO: "payload.who",
      NONE: "payload.?nobody",
      BRANCH: "change.branch",
    };
    expect(fill({ env }, DELIVERY, aChange())).toEqual({
      env: { ID: "7", TOTAL: "1.5", NAMES: "a,b", PAID: "true", BRANCH: "main" },
      input: undefined,
    });
  });

  it("an input is one value, or a field for each expression", () => {
    expect(fill({ input: "payload.items" }, DELIVERY, null)).toMatchObject({
      input: [{ name: "a" }, { name: "b" }],
    });
    const input = { id: "payload.id", who: "payload.who", none: "payload.?nobody", __proto__x: "1" };
    expect(fill({ input }, DELIVERY, null)).toEqual({ env: {}, input: { id: 7, who: null, __proto__x: 1 } });
    expect(fill({}, DELIVERY, null)).toEqual({ env: {}, input: undefined });
  });

  it.each([
    [
      { env: { A: "payload.items" } },
      "map.env.A",
      "must be a text, a number or true/false, and is a list or a map",
    ],
    [{ env: { A: "payload.text" } }, "map.env.A", "has a NUL character, which no variable can have"],
    [{ env: { A: "payload.nope" } }, "map.env.A", 'has no value: there is no "nope" (line 1, column 9)'],
    [{ input: "payload.nope" }, "map.input", 'has no value: there is no "nope" (line 1, column 9)'],
    [{ input: { a: "1.0 / 0.0" } }, "map.input.a", "is Infinity, which JSON does not have"],
    [{ input: { a: "1 +" } }, "map.input.a", expect.stringContaining("must be an expression of CEL")],
  ] satisfies [HookMap, string, unknown][])("%j can not be told", (map, path, message) => {
    expect(fill(map, DELIVERY, null)).toEqual({ complaint: { path, message } });
  });

  it("a character that was cut in two is told as one that is not known", () => {
    const delivery = aDelivery({ payload: { text: "a\u{1f600}b", half: "\ud83d" } });
    const map = {
      env: { A: "payload.text.substring(0, 2)", B: "payload.text" },
      input: "{payload.half: [payload.half]}",
    };
    expect(fill(map, delivery, null)).toEqual({
      env: { A: "a\ufffd", B: "a\u{1f600}b" },
      input: { "\ufffd": ["\ufffd"] },
    });
    expect(dedupeId("payload.half", delivery)).toEqual({ id: "\ufffd" });
  });

  it("that there are too many steps is never made good by something else", () => {
    const delivery = aDelivery({ payload: { l: Array.from({ length: 100_000 }, () => 1) } });
    const endless = "payload.l.all(x, payload.l.all(y, x == y))";
    for (const input of [
      `${endless} || true`,
      `true || ${endless}`,
      `[1, 2].exists(x, x == 2 || ${endless})`,
    ])
      expect(fill({ input }, delivery, null)).toEqual(
        input.startsWith("true")
          ? { env: {}, input: true }
          : {
              complaint: {
                path: "map.input",
                message: "has no value: takes too many steps for this delivery",
              },
            },
      );
  });

  it("all of its expressions have one count of steps", () => {
    const delivery = aDelivery({ payload: { l: Array.from({ length: 100_000 }, () => 1) } });
    const one = "payload.l.all(x, x > 0)";
    expect(fill({ env: { A: one } }, delivery, null)).toMatchObject({ env: { A: "true" } });
    expect(fill({ env: { A: one, B: one, C: one, D: one } }, delivery, null)).toEqual({
      complaint: { path: "map.env.C", message: "has no value: takes too many steps for this delivery" },
    });
  });
});

describe("an id by an expression", () => {
  it("is a text, a number or a truth", () => {
    expect(dedupeId("payload.id", DELIVERY)).toEqual({ id: "7" });
    expect(dedupeId('headers["x-a"] + event', DELIVERY)).toEqual({ id: "binvoice.paid" });
    for (const source of ["payload.who", "payload.items", '""', "payload.?id"])
      expect(dedupeId(source, DELIVERY)).toEqual({ complaint: expect.stringContaining("must be a text") });
    expect(dedupeId("payload.nope", DELIVERY)).toEqual({
      complaint: expect.stringContaining('there is no "nope"'),
    });
  });
});

describe("what is wrong with a hook's rules has its path", () => {
  it.each([
    [{ events: ["push", "a b"] }, {}, "events[1]"],
    [{ events: ["*"] }, {}, "events[0]"],
    [{ events: ["pu*"] }, {}, "events[0]"],
    [{ events: [""] }, {}, "events[0]"],
    [{ branches: ["main", "a["] }, {}, "branches[1]"],
    [{ tags: ["!v1"] }, {}, "tags[0]"],
    [{ paths: ["?"] }, {}, "paths[0]"],
    [{ if: "1" }, {}, "if"],
    [{ if: "payload.x +" }, {}, "if"],
    [{}, { env: { A: "1", B: "[1]" } }, "map.env.B"],
    [{}, { env: { A: "nope" } }, "map.env.A"],
    [{}, { input: "nope" }, "map.input"],
    [{}, { input: { a: "1", b: "" } }, "map.input.b"],
    [{ if: 'headers["x-api-key"] == "s"' }, {}, "if"],
    [{}, { env: { A: "has(headers.cookie)" } }, "map.env.A"],
    [{}, { input: { a: '[1].map(x, "authorization" in headers)' } }, "map.input.a"],
  ] satisfies [HookFilter, HookMap, string][])("%j %j", (filter, map, path) => {
    expect(hookComplaint(filter, map, null)).toMatchObject({ path });
  });

  it("and of its id", () => {
    expect(hookComplaint({}, {}, { expression: "{}" })).toMatchObject({ path: "dedupe.expression" });
    expect(hookComplaint({}, {}, { header: "Authorization" })).toMatchObject({ path: "dedupe.header" });
    expect(hookComplaint({}, {}, { header: "x-id" })).toBeNull();
    expect(hookComplaint({}, {}, { header: "Idempotency-Key" })).toBeNull();
    expect(hookComplaint({}, {}, { header: "x-functions-key" })).toMatchObject({ path: "dedupe.header" });
  });

  it("nothing is wrong with what can be told", () => {
    const filter = {
      events: ["push", "pull_request.labeled", "pull_request.*", "repo:push", "pullrequest:*"],
      branches: ["main", "release/**", "!release/old"],
      if: "payload.x",
    };
    expect(hookComplaint(filter, { env: { A: "payload.x" }, input: { a: "[1]" } }, null)).toBeNull();
  });
});
