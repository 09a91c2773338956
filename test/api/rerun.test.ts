import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ErrorBody, RunBody, RunListBody } from "../../src/api/run-schema.ts";
import { specInput } from "../../src/api/spec-input.ts";
import { runSpecSchema, toRunSpec } from "../../src/api/spec-schema.ts";
import { acceptRun } from "../../src/core/lifecycle.ts";
import type { RunSpec } from "../../src/core/run-spec.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aQueuedRun, aSpec, aSucceededRun } from "../support/a-run.ts";
import { ofDelivery } from "../support/told-stories.ts";

const { store } = apiPorts(env);

const call = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  exports.default.fetch(
    new Request(`https://mayfly.test${path}`, {
      method: "POST",
      headers: { authorization: "Bearer test-token", ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    }),
  );
const get = async <T>(path: string) =>
  await (
    await exports.default.fetch(
      new Request(`https://mayfly.test${path}`, { headers: { authorization: "Bearer test-token" } }),
    )
  ).json<T>();

/** A spec in which every field says something. */
const SPEC: Partial<RunSpec> = {
  command: ["sh", "-c", "true"],
  env: { A: "1", B: "2" },
  files: [{ path: "/a", base64: "AAE=", mode: 0o50 }],
  machine: { cpuKind: "shared", cpus: 2, memoryMb: 1024 },
  regions: ["ams", "fra"],
  retry: {
    attempts: 3,
    backoff: { initialMs: 500, factor: 3, maxMs: 90_000, jitter: 0 },
    rules: [{ reasons: ["signal"], exitCodes: [75], signals: ["SIGHUP"], do: "next_size", waitMs: 1500 }],
  },
  name: "nightly",
  tags: { team: "data" },
  concurrency: { key: "deploy {name}", limit: 2, strategy: "cancel_running" },
  priority: -3,
  expiresMs: 90_000,
  delayMs: 1500,
};

async function origin(spec: Partial<RunSpec> = SPEC) {
  const { state, events } = aSucceededRun(spec);
  await store.accept(state, events, null);
  return state.run.id;
}

const specOfRun = async (id: string) => (await store.load(id))?.run.spec;

describe("a spec as a caller could have sent it", () => {
  it.each([
    ["with a command", aSpec(SPEC)],
    ["with a time", aSpec({ runAt: 1_780_000_000_123 })],
    ["with a script and nothing else", aSpec({ command: null, script: "echo hi\n" })],
    ["of the image's own command", aSpec({ command: null, capture: "none" })],
  ])("means the same %s", (_name, spec) => {
    const again = toRunSpec(runSpecSchema.parse(specInput(spec)), {
      cpuKind: "performance",
      cpus: 16,
      memoryMb: 65536,
    });
    expect(again).toEqual(spec);
  });
});

describe("a re-run", () => {
  it("without a body orders the same spec, and the two runs know of each other", async () => {
    const id = await origin();
    const response = await call(`/v1/runs/${id}/rerun`);
    const run = await response.json<RunBody>();
    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toBe(`/v1/runs/${run.id}`);
    expect(run).toMatchObject({ rerun_of: id, reruns: [] });
    expect(await specOfRun(run.id)).toEqual(aSpec(SPEC));
    const other = await (await call(`/v1/runs/${id}/rerun`, {})).json<RunBody>();
    expect((await get<RunBody>(`/v1/runs/${id}`)).reruns).toEqual([other.id, run.id].toSorted().toReversed());
    const { runs } = await get<RunListBody>(`/v1/runs?rerun_of=${id}`);
    expect(runs.map(({ rerun_of }) => rerun_of)).toEqual([id, id]);
    const [accepted] = (await get<{ events: { data: object }[] }>(`/v1/runs/${run.id}/events`)).events;
    expect(accepted?.data).toEqual({ rerun_of: id });
  });

  it.each<[string, object, Partial<RunSpec>]>([
    [
      "merges objects, takes away what is null and replaces lists",
      { env: { B: null, C: "3" }, tags: { team: "web" }, regions: ["eu"], name: null },
      { env: { A: "1", C: "3" }, tags: { team: "web" }, regions: ["eu"], name: null },
    ],
    ["takes a script in place of the command", { script: "echo hi" }, { command: null, script: "echo hi" }],
    [
      "takes a size in place of the machine",
      { machine: { size: "performance-1x" } },
      { machine: { cpuKind: "performance", cpus: 1, memoryMb: 2048 } },
    ],
    [
      "gives other CPUs the least memory that they can have",
      { machine: { cpus: 8 } },
      { machine: { cpuKind: "shared", cpus: 8, memoryMb: 2048 } },
    ],
    [
      "changes memory alone",
      { machine: { memory_mb: 512 } },
      { machine: { cpuKind: "shared", cpus: 2, memoryMb: 512 } },
    ],
    [
      "changes one limit and one field of the retries",
      { timeouts: { run: "1m" }, retry: { attempts: 1 } },
      {
        timeouts: { queueMs: 3_600_000, bootMs: 120_000, runMs: 60_000, stopMs: 10_000 },
        // A rule for the command's own failures says nothing where there is one attempt.
        retry: { ...(SPEC.retry as RunSpec["retry"]), attempts: 1, rules: [] },
      },
    ],
    [
      "takes a time in place of the delay",
      { run_at: "2020-01-01T00:00:00Z" },
      { delayMs: 0, runAt: Date.UTC(2020, 0, 1) },
    ],
    [
      "fills another key in, and leaves its limit and what to do",
      { concurrency: { key: "{tags.team}" } },
      { concurrency: { key: "data", limit: 2, strategy: "cancel_running" } },
    ],
    ["takes the key away", { concurrency: null }, { concurrency: null }],
  ])("with changes %s", async (_name, changes, expected) => {
    const { id } = await (await call(`/v1/runs/${await origin()}/rerun`, changes)).json<RunBody>();
    expect(await specOfRun(id)).toEqual(aSpec({ ...SPEC, ...expected }));
  });

  it("keeps of the rules for retries what they can still do with the attempts and regions that are left", async () => {
    const rule = { reasons: [], exitCodes: [], signals: [], waitMs: null };
    const stop = { ...rule, signals: ["SIGHUP"], do: "stop" as const };
    const rules: RunSpec["retry"]["rules"] = [
      { ...rule, reasons: ["machine_lost", "signal"], exitCodes: [75], do: "next_region" },
      { ...rule, exitCodes: [1], do: "next_size" },
      stop,
    ];
    const id = await origin({ ...SPEC, retry: { ...aSpec(SPEC).retry, rules } });
    const rulesOf = async (changes: object) => {
      const run = await (await call(`/v1/runs/${id}/rerun`, changes)).json<RunBody>();
      return (await specOfRun(run.id))?.retry.rules;
    };
    expect(await rulesOf({})).toEqual(rules);
    expect(await rulesOf({ regions: ["ams"] })).toEqual([{ ...rules[0], do: "same_size" }, rules[1], stop]);
    const left = { ...rule, reasons: ["machine_lost"], do: "next_region" };
    expect(await rulesOf({ retry: { attempts: 1 } })).toEqual([left, stop]);
    expect(await rulesOf({ retry: { attempts: null } })).toEqual([left, stop]);
    expect(await rulesOf({ retry: { attempts: 1 }, regions: null })).toEqual([
      { ...left, do: "same_size" },
      stop,
    ]);
    const given = [{ exit_codes: [1], do: "same_size" }];
    const refused = await call(`/v1/runs/${id}/rerun`, { retry: { attempts: 1, rules: given } });
    expect((await refused.json<ErrorBody>()).error.path).toBe("retry.rules.0.exit_codes");
  });

  it.each<[string, unknown, string | null, string]>([
    ["a field that is none", { imag: "x" }, "imag", "unknown field"],
    ["a wrong size", { machine: { cpus: 3 } }, "machine.cpus", "possible are"],
    [
      "memory that the CPUs can not have",
      { machine: { memory_mb: 256 } },
      "machine.memory_mb",
      "512 to 4096",
    ],
    ["a wrong rule", { retry: { rules: [{ do: "stop" }] } }, "retry.rules.0.reasons", "for no failure"],
    ["no image", { image: null }, "image", "missing"],
    ["both command and script", { command: ["a"], script: "b" }, "script", "not both"],
    ["a list", [], null, "object"],
    ["a text", "again", null, "object"],
  ])("with %s is refused and stores nothing", async (_name, changes, path, says) => {
    const id = await origin();
    const response = await call(`/v1/runs/${id}/rerun`, changes);
    const { error } = await response.json<ErrorBody>();
    expect(response.status).toBe(422);
    expect(error).toMatchObject({ code: "invalid_input", path });
    expect(error.message).toContain(says);
    expect((await get<RunBody>(`/v1/runs/${id}`)).reruns).toEqual([]);
  });

  it("of a run that is not there is answered 404, and a body that is no JSON 400", async () => {
    expect((await call("/v1/runs/run_00000000000000000000000000/rerun")).status).toBe(404);
    const id = await origin();
    const response = await exports.default.fetch(
      new Request(`https://mayfly.test/v1/runs/${id}/rerun`, {
        method: "POST",
        headers: { authorization: "Bearer test-token" },
        body: "{",
      }),
    );
    expect(response.status).toBe(400);
  });

  it("of a hook's run is reported on its commit where it is the same, and not with changes", async () => {
    const report = { token: "TOKEN", context: "mayfly/build", apiUrl: null };
    const story = ofDelivery(aQueuedRun(), null);
    const [accepted] = story.events;
    if (accepted?.type !== "accepted" || !accepted.delivery) throw new Error("it has no delivery");
    const reported = { ...accepted, delivery: { ...accepted.delivery, report } };
    const id = story.state.run.id;
    await store.accept(acceptRun(id, "default", reported), [reported], null);
    const again = async (changes?: object) => {
      const run = await (await call(`/v1/runs/${id}/rerun`, changes)).json<RunBody>();
      return [run.delivery?.hook, run.delivery?.report];
    };
    const told = expect.objectContaining({ context: "mayfly/build" });
    expect([await again(), await again({})]).toEqual([
      ["github", told],
      ["github", told],
    ]);
    expect(await again({ command: ["true"] })).toEqual(["github", null]);
  });

  it("is one run however often it is ordered with one key, which fits no other run's re-run", async () => {
    const [id, other] = [await origin(), await origin()];
    const key = { "idempotency-key": "rerun-once" };
    const first = await (await call(`/v1/runs/${id}/rerun`, {}, key)).json<RunBody>();
    const again = await call(`/v1/runs/${id}/rerun`, {}, key);
    expect(again.status).toBe(200);
    expect((await again.json<RunBody>()).id).toBe(first.id);
    expect((await call(`/v1/runs/${other}/rerun`, {}, key)).status).toBe(409);
    expect((await get<RunBody>(`/v1/runs/${id}`)).reruns).toEqual([first.id]);
  });
});
