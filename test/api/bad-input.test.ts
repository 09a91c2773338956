import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ErrorBody } from "../../src/api/run-schema.ts";
import { BAD_STEPS } from "./bad-steps.ts";

const auth = { authorization: "Bearer test-token" };

function call(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(
    new Request(`https://mayfly.test${path}`, { ...init, headers: { ...auth, ...(init.headers as object) } }),
  );
}

const submit = (body: BodyInit, headers: Record<string, string> = {}) =>
  call("/v1/runs", { method: "POST", body, headers });

async function nothingStored(): Promise<void> {
  for (const table of ["runs", "run_events", "attempts", "idempotency_keys", "run_tags", "queue_tickets"]) {
    const row = await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>();
    expect(row?.n, table).toBe(0);
  }
}

const valid = { image: "debian:12", command: ["true"] };
const long = (count: number) => "x".repeat(count);

/** What is sent, the field that is named, and what its sentence says. */
const aRule = (rule: object) => ({ ...valid, retry: { attempts: 2, rules: [rule] } });

const withKey = (concurrency: object) => ({ ...valid, tags: { no: "", long: long(200) }, concurrency });

const BAD_SPECS: [name: string, spec: unknown, path: string | null, says: string][] = [
  ...BAD_STEPS,
  ["an array", [], null, "the body must be an object, not a list"],
  ["null", null, null, "the body must be an object, not null"],
  ["a number", 5, null, "the body must be an object, not 5"],
  ["__proto__", JSON.parse('{"__proto__":{"image":"x"}}'), "__proto__", '"__proto__"'],
  ["__proto__ in env", JSON.parse('{"image":"x","env":{"__proto__":"x"}}'), "env.__proto__", '"__proto__"'],
  [
    "__proto__ in a list",
    JSON.parse('{"image":"x","files":[{},{"a":[1,2],"__proto__":"x"}]}'),
    "files.1.__proto__",
    '"__proto__"',
  ],
  [
    "a field that every object has",
    { ...valid, constructor: "x" },
    "constructor",
    "unknown field constructor",
  ],
  ["another", { ...valid, machine: { toString: "x" } }, "machine.toString", "unknown field toString"],
  ["a field in such a one", { ...valid, hasOwnProperty: { a: 1 } }, "hasOwnProperty", "unknown field"],
  ["half a character in an argument", { ...valid, command: ["a\ud800"] }, "command.0", "lone surrogates"],
  ["half a character in an env value", { ...valid, env: { A: "\udc00" } }, "env.A", "lone surrogates"],
  ["half a character in a script", { image: "x", script: "a\ud800" }, "script", "lone surrogates"],
  [
    "half a character in a file",
    { ...valid, files: [{ path: "/a", content: "\ud800" }] },
    "files.0.content",
    "base64",
  ],
  [
    "half a character in a path",
    { ...valid, files: [{ path: "/\ud800", content: "" }] },
    "files.0.path",
    "lone",
  ],
  ["half a character in a key", withKey({ key: "k\ud800" }), "concurrency.key", "lone surrogates"],
  ["a NUL in an image", { ...valid, image: "x\0y" }, "image", "image reference"],
  ["a NUL in a file's path", { ...valid, files: [{ path: "/a\0", content: "" }] }, "files.0.path", "NUL"],
  ["a NUL in a script", { image: "x", script: "a\0b" }, "script", "NUL"],
  ["a NUL in a region", { ...valid, regions: ["ams\0"] }, "regions.0", "Fly region"],
  ["a NUL in a key", withKey({ key: "k\0" }), "concurrency.key", "control characters"],
  ["a NUL in the name of a tag", { ...valid, tags: { "a\0": "" } }, "tags.a\0", "letters, digits"],
  ["no image", { command: ["true"] }, "image", "is missing; it must be text"],
  ["an image that is no reference", { ...valid, image: "no such image!" }, "image", "image reference"],
  ["an image that is a URL", { ...valid, image: "http://x" }, "image", 'leave out "http://"'],
  ["an unknown field", { ...valid, comand: ["x"] }, "comand", "unknown field"],
  ["an unknown field inside", { ...valid, machine: { ram: 5 } }, "machine.ram", "unknown field"],
  ["neither command nor script", { image: "x" }, "command", "needs a command, a script or steps"],
  ["both command and script", { ...valid, script: "true" }, "script", "not both"],
  ["an empty command", { ...valid, command: [] }, "command", "at least the program"],
  ["an empty program", { ...valid, command: [""] }, "command", "can not be empty"],
  ["a command that is text", { ...valid, command: "echo hi" }, "command", 'must be a list, not "echo hi"'],
  ["a NUL in an argument", { ...valid, command: ["a", "b\0c"] }, "command.1", "NUL"],
  ["an empty script", { image: "x", script: "  " }, "script", "can not be empty"],
  ["a NUL in an env value", { ...valid, env: { A: "x\0y" } }, "env.A", "NUL"],
  ["an env name with a dash", { ...valid, env: { "A-B": "1" } }, "env.A-B", "letters, digits and _"],
  ["an env name with a digit first", { ...valid, env: { "1A": "1" } }, "env.1A", "letters, digits and _"],
  ["an empty env name", { ...valid, env: { "": "1" } }, "env.", "letters, digits and _"],
  ["an env value that is a number", { ...valid, env: { A: 1 } }, "env.A", "must be text, not 1"],
  [
    "a relative file path",
    { ...valid, files: [{ path: "a/b", content: "" }] },
    "files.0.path",
    "absolute path",
  ],
  [
    "a file path that climbs",
    { ...valid, files: [{ path: "/a/../etc/passwd", content: "" }] },
    "files.0.path",
    '".."',
  ],
  ["bad base64", { ...valid, files: [{ path: "/a", base64: "a?b" }] }, "files.0.base64", "base64"],
  ["base64 without padding", { ...valid, files: [{ path: "/a", base64: "YQ" }] }, "files.0.base64", "base64"],
  ["a file with nothing in it", { ...valid, files: [{ path: "/a" }] }, "files.0", "exactly one"],
  [
    "a file with two contents",
    { ...valid, files: [{ path: "/a", content: "a", base64: "YQ==" }] },
    "files.0",
    "exactly one",
  ],
  [
    "a file twice",
    {
      ...valid,
      files: [
        { path: "/a", content: "a" },
        { path: "/a", content: "b" },
      ],
    },
    "files.1.path",
    "twice",
  ],
  [
    "a mode that is not octal",
    { ...valid, files: [{ path: "/a", content: "", mode: "rwx" }] },
    "files.0.mode",
    "octal",
  ],
  [
    "files that are too large",
    { ...valid, files: [{ path: "/a", content: long(600_000) }] },
    "files",
    "524288 bytes",
  ],
  ["an unknown size", { ...valid, machine: { size: "huge" } }, "machine.size", "shared-cpu-1x"],
  ["size and cpus", { ...valid, machine: { size: "shared-cpu-1x", cpus: 2 } }, "machine.size", "not both"],
  ["impossible cpus", { ...valid, machine: { cpus: 3 } }, "machine.cpus", "possible are 1, 2, 4, 6, 8"],
  [
    "impossible memory",
    { ...valid, machine: { cpus: 1, memory_mb: 4096 } },
    "machine.memory_mb",
    "possible are 256 to 2048",
  ],
  [
    "memory between steps",
    { ...valid, machine: { cpus: 1, memory_mb: 300 } },
    "machine.memory_mb",
    "steps of 256",
  ],
  ["a timeout without a unit", { ...valid, timeouts: { run: "90" } }, "timeouts.run", "90s"],
  ["a timeout that is a number", { ...valid, timeouts: { run: 90 } }, "timeouts.run", "from 1s to 1d"],
  ["a run timeout over its bound", { ...valid, timeouts: { run: "25h" } }, "timeouts.run", "to 1d"],
  ["a stop timeout over its bound", { ...valid, timeouts: { stop: "6m" } }, "timeouts.stop", "to 5m"],
  ["a timeout of nothing", { ...valid, timeouts: { run: "0s" } }, "timeouts.run", "from 1s"],
  ["a region that is none", { ...valid, regions: ["Amsterdam!"] }, "regions.0", "Fly region"],
  ["a region with a blank", { ...valid, regions: ["ams", "zzz zzz"] }, "regions.1", "three small letters"],
  ["too many regions in lists", { ...valid, regions: Array(7).fill("ams,fra,cdg") }, "regions", "at most 20"],
  ["a concurrency key that is none", withKey({ key: "" }), "concurrency.key", "can not be empty"],
  ["no concurrency key", withKey({}), "concurrency.key", "is missing"],
  [
    "a concurrency key that comes to nothing",
    withKey({ key: "{tags.no}" }),
    "concurrency.key",
    "can not be empty",
  ],
  ["a key of a tag that is not there", withKey({ key: "a-{tags.env}" }), "concurrency.key", "{tags.KEY}"],
  ["a key of a name that is not given", withKey({ key: "{name}" }), "concurrency.key", "does not have"],
  ["a key of an unknown field", withKey({ key: "{job}" }), "concurrency.key", "{name}, {image}, {tags.KEY}"],
  ["a key with half a brace", withKey({ key: "a{b" }), "concurrency.key", "{{ and }}"],
  ["a key with a line break", withKey({ key: "a\nb" }), "concurrency.key", "control characters"],
  [
    "a key that gets too long",
    withKey({ key: "{tags.long}{tags.long}" }),
    "concurrency.key",
    "256 characters",
  ],
  ["an unknown field of a key", withKey({ key: "k", nope: 1 }), "concurrency.nope", "key, limit, strategy"],
  ["a limit of none", withKey({ key: "k", limit: 0 }), "concurrency.limit", "1 to 1000"],
  ["a limit past all limits", withKey({ key: "k", limit: 1001 }), "concurrency.limit", "1 to 1000"],
  ["half a limit", withKey({ key: "k", limit: 1.5 }), "concurrency.limit", "whole number"],
  ["another strategy", withKey({ key: "k", strategy: "wait" }), "concurrency.strategy", "cancel_running"],
  ["both delay and run_at", { ...valid, delay: "1m", run_at: "2026-11-21T10:00:00Z" }, "run_at", "not both"],
  ["a time in words", { ...valid, run_at: "tomorrow" }, "run_at", "RFC 3339"],
  ["a time without a zone", { ...valid, run_at: "2026-11-21T10:00:00" }, "run_at", "RFC 3339"],
  ["a day that there is not", { ...valid, run_at: "2026-02-30T10:00:00Z" }, "run_at", "RFC 3339"],
  ["a leap second", { ...valid, run_at: "2026-12-31T23:59:60Z" }, "run_at", "leap second"],
  ["a leap second in small letters", { ...valid, run_at: "2026-12-31t23:59:60.5z" }, "run_at", ":59"],
  ["61 seconds", { ...valid, run_at: "2026-12-31T23:59:61Z" }, "run_at", "RFC 3339"],
  ["a time too far ahead", { ...valid, run_at: "2126-11-21T10:00:00Z" }, "run_at", "365 days"],
  ["no attempt at all", { ...valid, retry: { attempts: 0 } }, "retry.attempts", "1"],
  ["too many attempts", { ...valid, retry: { attempts: 21 } }, "retry.attempts", "20"],
  ["half an attempt", { ...valid, retry: { attempts: 1.5 } }, "retry.attempts", "whole number"],
  ["retries as a number", { ...valid, retry: 3 }, "retry", "must be an object"],
  [
    "a backoff without a unit",
    { ...valid, retry: { backoff: { initial: "2" } } },
    "retry.backoff.initial",
    "from 0s to 1d",
  ],
  [
    "a backoff over its bound",
    { ...valid, retry: { backoff: { max: "25h" } } },
    "retry.backoff.max",
    "to 1d",
  ],
  [
    "a backoff that ends below its beginning",
    { ...valid, retry: { backoff: { initial: "10s", max: "5s" } } },
    "retry.backoff.max",
    "initial, 10s",
  ],
  [
    "a factor that shrinks",
    { ...valid, retry: { backoff: { factor: 0.5 } } },
    "retry.backoff.factor",
    "from 1 to 10",
  ],
  [
    "more jitter than there is",
    { ...valid, retry: { backoff: { jitter: 2 } } },
    "retry.backoff.jitter",
    "from 0 to 1",
  ],
  ["a rule for nothing", aRule({ do: "stop" }), "retry.rules.0.reasons", "the rule is for no failure"],
  ["a rule that says nothing", aRule({ exit_codes: [1] }), "retry.rules.0.do", "same_size"],
  [
    "a rule for an unknown reason",
    aRule({ reasons: ["bored"], do: "stop" }),
    "retry.rules.0.reasons.0",
    "machine_lost",
  ],
  [
    "a rule that retries a cancel",
    aRule({ reasons: ["cancelled_by_user"], do: "same_size" }),
    "retry.rules.0.reasons.0",
    "can be retried",
  ],
  ["a rule for success", aRule({ exit_codes: [0], do: "stop" }), "retry.rules.0.exit_codes.0", "1"],
  ["a rule for exit code 256", aRule({ exit_codes: [256], do: "stop" }), "retry.rules.0.exit_codes.0", "255"],
  [
    "a rule for a signal that is none",
    aRule({ signals: ["TERM"], do: "stop" }),
    "retry.rules.0.signals.0",
    "SIGTERM",
  ],
  [
    "a rule that stops after a while",
    aRule({ exit_codes: [1], do: "stop", wait: "5s" }),
    "retry.rules.0.wait",
    "no use",
  ],
  [
    "a rule that waits too long",
    aRule({ exit_codes: [1], do: "same_size", wait: "2d" }),
    "retry.rules.0.wait",
    "to 1d",
  ],
  [
    "too many rules",
    { ...valid, retry: { rules: Array(33).fill({ exit_codes: [1], do: "stop" }) } },
    "retry.rules",
    "at most 32",
  ],
  [
    "a rule for exit codes without attempts for it",
    { ...valid, retry: { rules: [{ exit_codes: [75], do: "same_size" }] } },
    "retry.rules.0.exit_codes",
    "needs retry.attempts of 2 or more",
  ],
  [
    "a rule for signals with the first attempt alone",
    { ...valid, retry: { attempts: 1, rules: [{ signals: ["SIGTERM"], do: "next_size" }] } },
    "retry.rules.0.signals",
    "needs retry.attempts of 2 or more",
  ],
  [
    "a rule for want of memory beside one of the platform's, without attempts for it",
    {
      ...valid,
      retry: {
        rules: [
          { reasons: ["machine_lost"], do: "stop" },
          { reasons: ["no_capacity", "out_of_memory"], do: "next_size" },
        ],
      },
    },
    "retry.rules.1.reasons.1",
    "needs retry.attempts of 2 or more",
  ],
  ...["command_not_found", "image_unavailable", "launch_refused", "timed_out"].map(
    (reason): [string, unknown, string, string] => [
      `a rule for ${reason} without attempts for it`,
      { ...valid, retry: { rules: [{ reasons: [reason], do: "same_size" }] } },
      "retry.rules.0.reasons.0",
      "needs retry.attempts of 2 or more",
    ],
  ),
  [
    "the next region without a list of them",
    { ...valid, retry: { rules: [{ reasons: ["machine_lost"], do: "next_region" }] } },
    "retry.rules.0.do",
    "needs two regions or more",
  ],
  [
    "the next region of one",
    { ...aRule({ exit_codes: [1], do: "next_region" }), regions: ["ams", "ams"] },
    "retry.rules.0.do",
    "needs two regions or more",
  ],
  ["an unknown capture", { ...valid, capture: "some" }, "capture", "output"],
  ["a script without capture", { image: "x", script: "true", capture: "none" }, "script", "capture"],
  ["a tag key with a space", { ...valid, tags: { "a b": "1" } }, "tags.a b", "letters, digits"],
  [
    "too many tags",
    { ...valid, tags: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, ""])) },
    "tags",
    "at most 16",
  ],
];

describe("bad input gets a 4xx that names the field and leaves nothing behind", () => {
  it.each(BAD_SPECS)("%s", async (_name, spec, path, says) => {
    const response = await submit(JSON.stringify(spec), { "idempotency-key": "bad" });
    const { error } = await response.json<ErrorBody>();
    expect(response.status).toBe(422);
    expect(error).toMatchObject({ code: "invalid_input", path });
    expect(error.message).toContain(says);
    expect(error.message).not.toMatch(RAW);
    expect(error.request_id).toBeTruthy();
    await nothingStored();
  });

  it("a body that is no JSON", async () => {
    for (const body of ["", "{", "image=x", '{"image": "x",}', new Uint8Array([0xff, 0xfe, 0x7b])]) {
      const response = await submit(body);
      expect(response.status).toBe(400);
      expect((await response.json<ErrorBody>()).error).toMatchObject({ code: "invalid_json", path: null });
    }
    await nothingStored();
  });

  it.each([
    ['{"image":"x","image":"y"}', "image"],
    ['{"image":"x","env":{"A":"1","B":"\\"}","A":"2"}}', "env.A"],
    ['{"image":"x","files":[{"path":"/[{"},{"path":"/b","p\\u0061th":"/c"}]}', "files.1.path"],
  ])("a body that has a name twice: %s", async (body, path) => {
    const response = await submit(body);
    expect(response.status).toBe(400);
    expect((await response.json<ErrorBody>()).error).toMatchObject({
      code: "invalid_json",
      path,
      message: expect.stringContaining("twice"),
    });
    await nothingStored();
  });

  it.each([
    [
      "lists",
      (levels: number) => `{"image":"x","command":${"[".repeat(levels)}${"]".repeat(levels)}}`,
      "command",
    ],
    ["objects", (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`, "a"],
  ])("%s in one another, however deep", async (_name, nested, path) => {
    for (const levels of [33, 10_000, 100_000]) {
      const response = await submit(nested(levels));
      expect(response.status).toBe(422);
      const { error } = await response.json<ErrorBody>();
      expect(error).toMatchObject({ code: "invalid_input", path });
      expect(error.message).toBe("objects and lists can be in one another at most 32 deep");
    }
    await nothingStored();
  });

  it("a body over the bound", async () => {
    const response = await submit(JSON.stringify({ ...valid, script: long(2_000_000) }));
    expect(response.status).toBe(413);
    expect((await response.json<ErrorBody>()).error.message).toContain("1048576");
    await nothingStored();
  });

  it("a body over the bound that does not say its length", async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(long(65_536)));
      },
    });
    const response = await submit(body);
    expect(response.status).toBe(413);
    await nothingStored();
  });

  it.each([
    ["wait=61", "from 0 to 60"],
    ["wait=soon", "whole seconds"],
    ["respond-async, wait=-1", "whole seconds"],
  ])("Prefer: %s", async (prefer, says) => {
    const response = await submit(JSON.stringify(valid), { prefer });
    expect(response.status).toBe(422);
    expect((await response.json<ErrorBody>()).error).toMatchObject({
      path: "header.prefer",
      message: expect.stringContaining(says),
    });
    await nothingStored();
  });

  it("an idempotency key that is too long", async () => {
    const response = await submit(JSON.stringify(valid), { "idempotency-key": long(256) });
    expect((await response.json<ErrorBody>()).error.path).toBe("header.idempotency-key");
    await nothingStored();
  });
});

/** Every field of a spec with what it can not be, and the sentence on it: what is accepted, and what came. */
const FIELDS: [path: string, values: [value: unknown, says: string][]][] = [
  [
    "image",
    [
      [null, "must be text, not null"],
      [7, "must be text, not 7"],
      [["a"], "must be text, not a list"],
      ["", "can not be empty"],
      [long(513), "can have at most 512 characters"],
    ],
  ],
  [
    "command",
    [
      [null, "must be a list, not null"],
      [{}, "must be a list, not an object"],
      [Array(1025).fill("x"), "can have at most 1024 items"],
    ],
  ],
  [
    "command.0",
    [
      [1, "must be text, not 1"],
      [long(65_537), "an argument can be at most 65536 bytes"],
    ],
  ],
  ["script", [[["x"], "must be text, not a list"]]],
  [
    "env",
    [
      [["A=1"], "must be an object, not a list"],
      ["A=1", 'must be an object, not "A=1"'],
      [
        Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`A${i}`, ""])),
        "can have at most 256 names",
      ],
    ],
  ],
  [
    "env.A",
    [
      [true, "must be text, not true"],
      [null, "must be text, not null"],
      [long(65_537), "a value can be at most 65536 bytes"],
    ],
  ],
  [
    "files",
    [
      [{ "/a": "b" }, "must be a list, not an object"],
      [Array(65).fill({ path: "/a", content: "" }), "can have at most 64 items"],
    ],
  ],
  ["files.0", [["/a", 'must be an object, not "/a"']]],
  [
    "files.0.path",
    [
      [undefined, "is missing; it must be text"],
      [4, "must be text, not 4"],
      ["", "absolute path"],
      ["/", "must name a file"],
      ["/a/", "must name a file"],
      ["/a//b", 'can not contain "//" or "/./"'],
      ["/a/.", 'can not contain "//" or "/./"'],
      ["/a/./b", 'can not contain "//" or "/./"'],
      [`/${long(1024)}`, "can have at most 1024 characters"],
    ],
  ],
  ["files.0.content", [[1, "must be text, not 1"]]],
  ["files.0.base64", [[1, "must be text, not 1"]]],
  [
    "files.0.mode",
    [
      [644, "octal permission bits as text"],
      ["01777", "octal permission bits"],
    ],
  ],
  ["machine", [["shared-cpu-1x", 'must be an object, not "shared-cpu-1x"']]],
  [
    "machine.size",
    [
      [1, "not 1"],
      ["huge", 'must be one of "shared-cpu-1x", "shared-cpu-2x"'],
      ["huge", ', not "huge"'],
    ],
  ],
  ["machine.cpu_kind", [["gpu", 'must be one of "shared", "performance", not "gpu"']]],
  [
    "machine.cpus",
    [
      ["2", 'must be a whole number, not "2"'],
      [1.5, "must be a whole number, not 1.5"],
      [0, "possible are 1, 2, 4"],
      [-1, "possible are 1, 2, 4"],
      [1e300, "can be at most"],
    ],
  ],
  [
    "machine.memory_mb",
    [
      ["256mb", 'must be a whole number, not "256mb"'],
      [0, "possible are 256 to 2048"],
    ],
  ],
  [
    "regions",
    [
      ["ams", 'must be a list, not "ams"'],
      [Array(21).fill("ams"), "can have at most 20 items"],
    ],
  ],
  [
    "regions.0",
    [
      [1, "must be text, not 1"],
      ["", "can not be empty"],
    ],
  ],
  ["timeouts", [["90s", 'must be an object, not "90s"']]],
  ...["queue", "boot", "run", "stop"].map((limit): [string, [unknown, string][]] => [
    `timeouts.${limit}`,
    [
      [null, 'must be a duration such as "90s" or "1h30m", from 1s to'],
      [90, 'must be a duration such as "90s" or "1h30m", from 1s to'],
      ["", 'must be a duration such as "90s" or "1h30m", from 1s to'],
      ["999h", 'must be a duration such as "90s" or "1h30m", from 1s to'],
    ],
  ]),
  [
    "concurrency",
    [
      ["deploy", 'must be an object, not "deploy"'],
      [null, "must be an object, not null"],
    ],
  ],
  [
    "concurrency.key",
    [
      [5, "must be text, not 5"],
      [long(1025), "can have at most 1024 characters"],
    ],
  ],
  [
    "priority",
    [
      ["high", "must be a whole number from -1000 to 1000"],
      [1001, "must be a whole number from -1000 to 1000"],
      [-1001, "must be a whole number from -1000 to 1000"],
      [0.5, "must be a whole number from -1000 to 1000"],
    ],
  ],
  ["expires", ["8d", "0s", 5, ""].map((value) => [value, "from 1s to 7d"])],
  ["delay", ["366d", -1, "", "soon"].map((value) => [value, "from 0s to 365d"])],
  ["run_at", [5, "", null].map((value) => [value, "RFC 3339"])],
  [
    "capture",
    [
      ["all", 'must be one of "output", "none", not "all"'],
      [true, 'must be one of "output", "none", not true'],
    ],
  ],
  [
    "name",
    [
      ["", "can not be empty"],
      [5, "must be text, not 5"],
      [long(129), "can have at most 128 characters"],
      ["nightly\0", "can not contain control characters"],
      ["nightly\u001b[31m", "can not contain control characters"],
      ["a\nb", "can not contain control characters"],
      ["a\ud800", "must be text without lone surrogates"],
    ],
  ],
  ["tags", [[["a"], "must be an object, not a list"]]],
  [
    "tags.a",
    [
      [1, "must be text, not 1"],
      [long(257), "can have at most 256 characters"],
      ["\0", "can not contain control characters"],
      ["a\u0085b", "can not contain control characters"],
      ["\udfff", "must be text without lone surrogates"],
    ],
  ],
  [`tags.${long(63)}…`, [[1, "can have at most 64 characters"]]],
  ["nope", [[1, "unknown field nope; known are image, command, script"]]],
  ["machine.nope", [[1, "unknown field nope; known are size, cpu_kind, cpus, memory_mb"]]],
  ["retry.nope", [[1, "unknown field nope; known are attempts, backoff, rules"]]],
  ["timeouts.nope", [[1, "unknown field nope; known are queue, boot, run, stop"]]],
  ["files.0.nope", [[1, "unknown field nope; known are path, content, base64, mode"]]],
  [`${long(63)}…`, [[1, `unknown field ${long(63)}…; known are`]]],
];

/** A valid spec but for one field. */
function specWith(path: string, value: unknown): unknown {
  const keys = path.replace("…", "xx").split(".");
  const valid: Record<string, unknown> = { image: "x", files: [{ path: "/f", content: "" }] };
  if (keys[0] !== "script") valid.command = ["true"];
  if (path === "files.0.base64") valid.files = [{ path: "/f" }];
  let at: Record<string, unknown> = valid;
  for (const [index, key] of keys.slice(0, -1).entries()) {
    at[key] ??= keys[index + 1] === "0" ? [] : {};
    at = at[key] as Record<string, unknown>;
  }
  at[keys.at(-1) ?? ""] = value;
  return valid;
}

/** The words of the library that validates, which are nobody's but its own. */
const RAW =
  /\b(expected|received|[Ii]nvalid|[Tt]oo (small|big)|string|array|record|regex|pattern|undefined)\b|[<>]=/;

describe("each field's complaint says what is accepted", () => {
  it.each(FIELDS.flatMap(([path, values]) => values.map(([value, says]) => ({ path, value, says }))))(
    "$path: $says",
    async ({ path, value, says }) => {
      const response = await submit(JSON.stringify(specWith(path, value)));
      expect(response.status).toBe(422);
      const { error } = await response.json<ErrorBody>();
      expect(error).toMatchObject({ code: "invalid_input", path });
      expect(error.message).toContain(says);
      expect(error.message).not.toMatch(RAW);
      expect(error.message.length, "a long value is not repeated").toBeLessThan(400);
      await nothingStored();
    },
  );
});

describe("bad queries", () => {
  const RUN = "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b";
  it.each([
    ["/v1/runs?cursor=nonsense", "cursor", "next_cursor of the page before"],
    ["/v1/runs?cursor=run_", "cursor", "next_cursor of the page before"],
    ["/v1/runs?cursor=", "cursor", "next_cursor of the page before"],
    ["/v1/runs?limit=0", "limit", "a whole number from 1 to 200"],
    ["/v1/runs?limit=201", "limit", "a whole number from 1 to 200"],
    ["/v1/runs?limit=1e2", "limit", "a whole number from 1 to 200"],
    ["/v1/runs?limit=", "limit", "a whole number from 1 to 200"],
    ["/v1/runs?limit=1&limit=2", "limit", "can be given once"],
    ["/v1/runs?commit=abc123", "commit", "7 to 40 hexadecimal digits"],
    ["/v1/runs?commit=main123", "commit", "7 to 40 hexadecimal digits"],
    [`/v1/runs?commit=${"a".repeat(42)}`, "commit", "or the 64 of a SHA-256"],
    [`/v1/runs?commit=${"a".repeat(65)}`, "commit", "or the 64 of a SHA-256"],
    ["/v1/runs?branch=", "branch", "can not be empty"],
    ["/v1/runs?status=done", "status", "one or more of queued, starting"],
    ["/v1/runs?status=", "status", "one or more of queued, starting"],
    ["/v1/runs?status=failed&status=done", "status", "one or more of queued, starting"],
    ["/v1/runs?tag=team", "tag", "must be key:value"],
    ["/v1/runs?tag=:x", "tag", "must be key:value"],
    ["/v1/runs?tag=a:1&tag=b:2", "tag", "can be given once"],
    ["/v1/runs?since=yesterday", "since", "an RFC 3339 time"],
    ["/v1/runs?since=2026-11-21", "since", "an RFC 3339 time"],
    ["/v1/runs?until=5", "until", "an RFC 3339 time"],
    ["/v1/runs?until=2026-12-31T23:59:60Z", "until", "leap second"],
    [
      "/v1/runs?nope=1",
      "nope",
      "unknown field nope; known are status, tag, rerun_of, job, commit, branch, since, until, limit, cursor",
    ],
    [`${RUN}/events?after=x`, "after", "a whole number from 0"],
    [`${RUN}/events?after=-1`, "after", "a whole number from 0"],
    [`${RUN}/events?limit=0`, "limit", "a whole number from 1 to 200"],
    [`${RUN}/events?limit=1&limit=1`, "limit", "can be given once"],
    [`${RUN}/events?nope=1`, "nope", "known are after, limit"],
    [`${RUN}/output?stream=both`, "stream", 'must be one of "stdout", "stderr", not "both"'],
    [`${RUN}/output?stream=stdout&stream=stderr`, "stream", 'must be one of "stdout", "stderr", not a list'],
    [`${RUN}/output?follow=maybe`, "follow", 'must be "true" or "false"'],
    [`${RUN}/output?nope=1`, "nope", "known are stream, follow"],
  ])("GET %s", async (path, field, says) => {
    const response = await call(path);
    expect(response.status).toBe(422);
    const { error } = await response.json<ErrorBody>();
    expect(error).toMatchObject({ code: "invalid_input", path: `query.${field}` });
    expect(error.message).toContain(says);
    expect(error.message).not.toMatch(RAW);
  });

  it.each([
    ["", "can not be empty"],
    [long(256), "can have at most 255 characters"],
  ])("Idempotency-Key: %s", async (key, says) => {
    const response = await submit(JSON.stringify(valid), { "idempotency-key": key });
    expect((await response.json<ErrorBody>()).error).toMatchObject({
      path: "header.idempotency-key",
      message: says,
    });
    await nothingStored();
  });
});

describe("bad ways to read output", () => {
  const output = "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b/output";
  it.each<[string, string, Record<string, string>, string, string]>([
    [
      "resuming raw bytes",
      "?stream=stdout",
      { "last-event-id": "1.2" },
      "header.last-event-id",
      "stream out",
    ],
    ["following one stream", "?stream=stdout&follow=true", {}, "query.stream", "leave stream out"],
    ["one stream as events", "?stream=stderr", { accept: "text/event-stream" }, "query.stream", "stream out"],
    ["a position that is none", "", { "last-event-id": "last" }, "header.last-event-id", '"1.42"'],
    ["an unknown stream", "?stream=stdin", {}, "query.stream", "stdout"],
  ])("%s", async (_name, query, headers, path, says) => {
    const response = await call(`${output}${query}`, { headers });
    expect(response.status).toBe(422);
    const { error } = await response.json<ErrorBody>();
    expect(error).toMatchObject({ code: "invalid_input", path });
    expect(error.message).toContain(says);
  });
});

describe("what does not exist", () => {
  const unknown = "run_01jd0k3v7c9q2m8w5x4y6z7a8b";
  it.each([
    ["GET", `/v1/runs/${unknown}`],
    ["GET", `/v1/runs/${unknown}/events`],
    ["GET", `/v1/runs/${unknown}/output`],
    ["GET", `/v1/runs/${unknown}/output?follow=true`],
    ["POST", `/v1/runs/${unknown}/cancel`],
    ["GET", "/v1/runs/%00"],
    ["GET", "/v1/runs/..%2f..%2fetc"],
    ["GET", "/v1/nothing"],
  ])("%s %s is answered 404 in the API's shape", async (method, path) => {
    const response = await call(path, { method });
    expect(response.status).toBe(404);
    expect((await response.json<ErrorBody>()).error.code).toBe("not_found");
  });
});

describe("a method that a path does not have", () => {
  it.each([
    ["PATCH", "/v1/runs", "GET, HEAD, POST"],
    ["DELETE", "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b", "GET, HEAD"],
    ["GET", "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b/cancel", "POST"],
    ["PUT", "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b/output", "GET, HEAD"],
    ["GET", "/v1/sign-in-links", "POST"],
    ["POST", "/healthz", "GET, HEAD"],
    ["OPTIONS", "/openapi.json", "GET, HEAD"],
  ])("%s %s is answered 405 with what is possible", async (method, path, allow) => {
    const response = await call(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    const { error } = await response.json<ErrorBody>();
    expect(error).toMatchObject({ code: "method_not_allowed", path: null });
    expect(error.message).toContain(allow);
  });

  it("is not told to whoever has no token", async () => {
    const response = await exports.default.fetch(
      new Request("https://mayfly.test/v1/runs", { method: "PATCH" }),
    );
    expect(response.status).toBe(401);
  });

  it("leaves HEAD answered like GET", async () => {
    expect((await call("/v1/runs", { method: "HEAD" })).status).toBe(200);
  });
});

describe("a token", () => {
  it.each([
    ["none", {}],
    ["a wrong one", { authorization: "Bearer nope" }],
    ["another scheme", { authorization: "Basic dGVzdC10b2tlbg==" }],
    ["nothing after the scheme", { authorization: "Bearer " }],
    ["more than the token", { authorization: "Bearer test-token2" }],
  ])("that is %s is answered 401", async (_name, headers) => {
    for (const path of ["/v1/runs", "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b", "/v1/nothing"]) {
      const response = await exports.default.fetch(
        new Request(`https://mayfly.test${path}`, { headers: headers as Record<string, string> }),
      );
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      expect((await response.json<ErrorBody>()).error.code).toBe("unauthorized");
    }
  });

  it("is not needed for health and the OpenAPI document", async () => {
    for (const path of ["/healthz", "/openapi.json"]) {
      const response = await exports.default.fetch(new Request(`https://mayfly.test${path}`));
      expect(response.status).toBe(200);
    }
  });
});

describe("what looks bad and is not", () => {
  it("names that every object of JavaScript has are names like any other", async () => {
    const names = { constructor: "1", toString: "2", hasOwnProperty: "3" };
    const response = await submit(JSON.stringify({ ...valid, env: names, tags: names }));
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ env: names, tags: names });
    expect({}.toString()).toBe("[object Object]");
  });

  it.each([
    ["the platform's failures need no attempts", { rules: [{ reasons: ["machine_lost"], do: "same_size" }] }],
    ["nor does want of room", { rules: [{ reasons: ["no_capacity"], do: "next_region" }] }],
    ["nor a rule against retries", { rules: [{ exit_codes: [1], reasons: ["timed_out"], do: "stop" }] }],
    [
      "with attempts any failure can have a rule",
      { attempts: 2, rules: [{ signals: ["SIGTERM"], do: "next_size" }] },
    ],
  ])("%s", async (_name, retry) => {
    const response = await submit(JSON.stringify({ ...valid, regions: ["ams,fra"], retry }));
    expect(response.status).toBe(202);
  });

  it.each([
    ["2026-11-21t10:00:00z", "2026-11-21T10:00:00.000Z"],
    ["2020-01-01T00:30:00.25+00:30", "2020-01-01T00:00:00.250Z"],
  ])("a time of %s is that time, though it is past", async (runAt, expected) => {
    const response = await submit(JSON.stringify({ ...valid, run_at: runAt }));
    expect(await response.json()).toMatchObject({ status: "starting", run_at: expected, waiting: null });
  });

  it("small letters in the times of a list are as good", async () => {
    await submit(JSON.stringify(valid));
    const runs = async (query: string) =>
      (await (await call(`/v1/runs?${query}`)).json<{ runs: unknown[] }>()).runs.length;
    expect(await runs("since=2020-01-01t00:00:00z")).toBeGreaterThan(0);
    expect(await runs("until=2020-01-01t00:00:00z")).toBe(0);
  });

  it.each(["a:%00", "a:%ff", "constructor:x", "__proto__:x"])(
    "a filter for the tag %s finds nothing",
    async (tag) => {
      const response = await call(`/v1/runs?tag=${tag}`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ runs: [] });
    },
  );

  it("brackets, quotes and commas in texts are text", async () => {
    const command = ['{"a":1,"a":2}', '\\"', "[[[[", '"a":', ","];
    const response = await submit(JSON.stringify({ ...valid, command, script: undefined }));
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ command });
  });
});

describe("the OpenAPI document", () => {
  it("describes a run spec by what validates it", async () => {
    const document = await (await call("/openapi.json")).json<{
      components: { schemas: Record<string, { properties: object }> };
    }>();
    expect(Object.keys(document.components.schemas.RunSpec?.properties ?? {})).toContain("timeouts");
  });
});
