import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MachineBody, MachineListBody } from "../../src/api/machine-schema.ts";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import { json, problem, RUN_ID, type StubMayfly, stubMayfly } from "./support/stub-mayfly.ts";

let stub: StubMayfly;
beforeEach(async () => {
  stub = await stubMayfly();
});
afterEach(() => stub.close());

const NOW = Date.parse("2026-11-21T10:05:00.000Z");
const at = () => fakeIo({ now: () => NOW });

function aMachine(change: Partial<MachineBody> = {}): MachineBody {
  return {
    id: "1857156b526dd8",
    app: "mayfly-runs",
    name: "mayfly-01jd0k3v7c9q2m8w5x4y6z7a8b-1",
    run_id: RUN_ID,
    attempt: 1,
    state: "started",
    region: "ams",
    created_at: "2026-11-21T10:03:00.000Z",
    known: true,
    why: "attempt_under_way",
    ...change,
  };
}

function aList(machines: MachineBody[], change: Partial<MachineListBody> = {}): MachineListBody {
  return {
    machines,
    next_cursor: null,
    counts: { known: 1, unknown: 1 },
    reaped: { total: 7, last_24_hours: 2 },
    last_sweep_at: "2026-11-21T10:04:48.000Z",
    ...change,
  };
}

describe("runs machines", () => {
  test("shows whose each machine is, and what was counted", async () => {
    const nobodys = aMachine({
      id: "e82de8",
      name: "by-\u001b[31mhand",
      run_id: null,
      attempt: null,
      region: null,
      created_at: null,
      known: false,
      why: "run_is_unknown",
    });
    stub.on("GET /v1/machines", json(aList([aMachine(), nobodys])));
    const { stdout, stderr, exitCode } = await mayfly(["runs", "machines"], stub, at());
    expect(stdout).toBe(
      [
        "ID              STATE    REGION  AGE  APP          KNOWN  WHY                ATTEMPT  RUN",
        `1857156b526dd8  started  ams     2m   mayfly-runs  yes    attempt under way  1        ${RUN_ID}`,
        "e82de8          started               mayfly-runs  no     run is unknown              by-\\e[31mhand",
        "",
      ].join("\n"),
    );
    expect(stderr).toBe(
      "1 known, 1 unknown; 7 unknown ones destroyed so far, 2 in the last 24 h; swept 12s ago\n",
    );
    expect(exitCode).toBe(0);
  });

  test("asks page after page for those that no run has, and prints them as JSON", async () => {
    stub.on(
      "GET /v1/machines",
      json(aList([aMachine({ id: "m1", known: false })], { next_cursor: "mayfly-runs/m1" })),
      json(aList([aMachine({ id: "m2", known: false })], { last_sweep_at: null })),
    );
    const { stdout } = await mayfly(["runs", "machines", "--unknown", "--json"], stub);
    const printed = JSON.parse(stdout);
    expect(printed.machines.map(({ id }: MachineBody) => id)).toEqual(["m1", "m2"]);
    expect(printed).toMatchObject({
      counts: { known: 1, unknown: 1 },
      reaped: { total: 7 },
      last_sweep_at: null,
    });
    expect(stub.seen.map(({ query }) => Object.fromEntries(query))).toEqual([
      { known: "false", limit: "200" },
      { known: "false", limit: "200", cursor: "mayfly-runs/m1" },
    ]);
  });

  test("says so where there are none, and were never any", async () => {
    const none = aList([], {
      counts: { known: 0, unknown: 0 },
      reaped: { total: 0, last_24_hours: 0 },
      last_sweep_at: null,
    });
    stub.on("GET /v1/machines", json(none));
    const { stdout, stderr } = await mayfly(["runs", "machines"], stub);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      "0 known, 0 unknown; 0 unknown ones destroyed so far, 0 in the last 24 h; never swept\n",
    );
  });

  test("tells what the Machines API stands in the way with", async () => {
    const message = "the machines of the app mayfly-runs can not be had right now: GET x answered 500: no";
    stub.on("GET /v1/machines", problem(503, "unavailable", message));
    const { stderr, exitCode } = await mayfly(["runs", "machines"], stub);
    expect(stderr).toContain(message);
    expect(exitCode).not.toBe(0);
  });
});
