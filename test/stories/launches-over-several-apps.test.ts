import { afterAll, beforeAll, expect, it } from "vitest";
import { LAUNCH_BURST, LAUNCH_LATE_MS } from "../../src/core/limits.ts";
import { type CountingProxy, countingProxy, type Passed } from "../support/counting-proxy.ts";
import { type Stack, startStack } from "../support/stack.ts";

const APPS = ["pace-a", "pace-b", "pace-c"];
const RUNS = 30;
const SECOND = 1000;

let stack: Stack;
let proxy: CountingProxy;
beforeAll(async () => {
  stack = await startStack({
    pacedOver: APPS,
    async behind(machinesUrl) {
      proxy = await countingProxy(machinesUrl);
      return proxy.url;
    },
  });
});
afterAll(async () => {
  await stack?.close();
  await proxy?.close();
});

const refused = () => proxy.passed.filter(({ status }) => status === 429);

interface KnownLaunch {
  machine: string;
  app: string;
  at: number;
}

/** Every launch that a run has taken, the last of them last. */
async function launchesOf(id: string): Promise<KnownLaunch[]> {
  const events = await stack.eventsUntil(id, "machine_released");
  const machines = new Map<number, string>();
  const launches: KnownLaunch[] = [];
  for (const event of events) {
    if (event.type !== "attempt_planned" && event.type !== "launch_taken") continue;
    if (event.type === "attempt_planned") machines.set(event.attempt ?? 0, event.data.machine_name);
    const { app, launch_at } = event.data;
    const launch = {
      machine: machines.get(event.attempt ?? 0) ?? "",
      app: app ?? "",
      at: Date.parse(launch_at),
    };
    // Without an app it stands in line for one. Who is about to ask says so, and names the launch that it has already.
    if (app !== null && launches.at(-1)?.at !== launch.at) launches.push(launch);
  }
  return launches;
}

/** Launches of one app that come before a second has gone by since the last but one, as two may come at once and then one a second. */
function tooCloseTogether(launches: KnownLaunch[]): KnownLaunch[] {
  const inOrder = launches.toSorted((one, other) => one.at - other.at);
  return inOrder.filter(({ at }, index) => {
    const before = inOrder[index - LAUNCH_BURST];
    return before !== undefined && at - before.at < SECOND;
  });
}

/** Creates that came later after their launch than the third of Fly's burst is spare for. */
function lateCreates(creates: Passed[], launches: KnownLaunch[]): Passed[] {
  const unused = [...launches];
  return creates.filter(({ body, at }) => {
    const { name } = JSON.parse(body) as { name: string };
    const [launch] = unused.splice(
      unused.findIndex(({ machine }) => machine === name),
      1,
    );
    return launch === undefined || at - launch.at > LAUNCH_LATE_MS;
  });
}

/** Names of the machines that were ever made in an app. */
const namesIn = async (app: string) => (await stack.machines(app)).map(({ name }) => name);

it("thirty runs at once are spread over three apps, and Fly's rate limits refuse none of their calls", async () => {
  const submitted = await Promise.all(
    Array.from({ length: RUNS }, (_, index) => stack.submit({ command: ["echo", String(index)] })),
  );
  const waiting = submitted.filter((run) => run.waiting !== null);
  // Two at once in each app, then one a second.
  expect(waiting.length).toBeGreaterThan(RUNS / 2);
  for (const { waiting: what, attempts } of waiting)
    expect(what).toMatchObject({ for: "launch", until: attempts[0]?.create_asked_at });
  const runs = await Promise.all(submitted.map(({ id }) => stack.final(id)));
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => "succeeded"));
  await stack.allReleased();
  const launches = (await Promise.all(runs.map(({ id }) => launchesOf(id)))).flat();
  for (const app of APPS)
    expect(tooCloseTogether(launches.filter((launch) => launch.app === app))).toEqual([]);
  const creates = proxy.passed.filter(({ method, path }) => method === "POST" && path.endsWith("/machines"));
  expect(creates.filter(({ status }) => status !== 429)).toHaveLength(RUNS);
  // A stalled computer lets calls come together that had times of their own.
  const late = lateCreates(creates, launches);
  expect(creates.length - RUNS).toBeLessThanOrEqual(late.length);
  if (late.length === 0) expect(refused()).toEqual([]);
  // Nobody asked before the time that was told.
  for (const run of runs) {
    expect(run.waiting).toBeNull();
    expect(run.attempts).toHaveLength(1);
    const { created_at, create_asked_at } = run.attempts[0] ?? {};
    expect(Date.parse(created_at ?? "")).toBeGreaterThanOrEqual(Date.parse(create_asked_at ?? ""));
  }
  for (const app of APPS) {
    const its = runs.filter(({ attempts }) => attempts[0]?.app === app);
    // Ten each; one whose driver had no time for it at its turn may have moved on.
    expect(its.length).toBeGreaterThanOrEqual(RUNS / APPS.length - 3);
    expect((await namesIn(app)).toSorted()).toEqual(
      its.map(({ attempts }) => attempts[0]?.machine_name).toSorted(),
    );
  }
});

it("a create that is refused as one too many all the same is made later, and once", async () => {
  const before = proxy.passed.length;
  for (const app of APPS) await stack.fault({ operation: "create", app, kind: "error_before", status: 429 });
  const { id } = await stack.submit({ command: ["echo", "later"] });
  const run = await stack.final(id);
  await stack.clearFaults();
  expect(run).toMatchObject({ status: "succeeded", attempts: [{ reason: null }] });
  const events = await stack.eventsUntil(id, "machine_released");
  expect(events.filter(({ type }) => type === "launch_taken").length).toBeGreaterThanOrEqual(1);
  const creates = proxy.passed.slice(before).filter(({ path }) => path.endsWith("/machines"));
  expect(creates.map(({ status }) => status)).toEqual([...creates.slice(1).map(() => 429), 200]);
  const [attempt] = run.attempts;
  expect(await namesIn(attempt?.app ?? "")).toContain(attempt?.machine_name);
});

it("a run whose app is taken out of the list in its middle ends there, and the next ones are made elsewhere", async () => {
  const started = await Promise.all(
    APPS.map((_, index) =>
      stack.submit({ script: `echo begun; sleep 4; echo over ${index}`, timeouts: { run: "60s" } }),
    ),
  );
  await Promise.all(
    started.map(({ id }) => stack.following(id, ({ text }) => text?.includes("begun") ?? false)),
  );
  await stack.killWorker();
  stack.useApps(["pace-d"]);
  await stack.startWorker();
  const next = await stack.submit({ command: ["echo", "elsewhere"] });
  const runs = await Promise.all(started.map(({ id }) => stack.final(id)));
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => "succeeded"));
  expect(new Set(runs.map(({ attempts }) => attempts[0]?.app))).toEqual(new Set(APPS));
  const over = await Promise.all(runs.map(({ id }) => stack.output(id, "stdout")));
  expect(over.map((bytes) => new TextDecoder().decode(bytes))).toEqual(
    runs.map((_, index) => `begun\nover ${index}\n`),
  );
  await stack.final(next.id);
  expect((await stack.run(next.id)).attempts).toMatchObject([{ app: "pace-d" }]);
  await stack.allReleased();
});
