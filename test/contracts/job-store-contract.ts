/** What every store of jobs keeps. */

import { describe, expect, it } from "vitest";
import type { Job, JobVersion } from "../../src/core/job.ts";
import type { JobStore } from "../../src/flow/ports/jobs.ts";
import { T0 } from "../support/a-run.ts";

const ORG = "default";
const version = (number: number, changes: Partial<JobVersion> = {}): JobVersion => ({
  version: number,
  definition: { run: { image: `debian:${number}` } },
  change: { kind: "put" },
  createdAt: T0 + number,
  ...changes,
});

/** Holds a store, which may have other jobs in it, to the contract. */
export function holdsTheJobStoreContract(store: JobStore): void {
  /** A job with so many versions. */
  async function aJob(name: string, versions = 1): Promise<Job> {
    let job: Job | null = null;
    for (let n = 1; n <= versions; n++) job = await store.put(ORG, name, job, version(n));
    if (job === null) throw new Error(`the job ${name} was there`);
    return job;
  }

  describe("what a job is as it was seen decides who changes it", () => {
    it("of two who make it one does", async () => {
      const answers = await Promise.all([1, 2].map(() => store.put(ORG, "made-once", null, version(1))));
      expect(answers.filter((job) => job !== null)).toHaveLength(1);
    });

    it("of many who change it one does, and nothing of the others stays", async () => {
      const seen = await aJob("changed-once");
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          store.put(ORG, "changed-once", seen, version(2, { createdAt: T0 + 100 + n })),
        ),
      );
      const [winner] = answers.filter((job) => job !== null);
      expect(answers.filter((job) => job !== null)).toHaveLength(1);
      expect(await store.versions(ORG, "changed-once", 1000, 10)).toEqual([
        { version: 2, change: { kind: "put" }, createdAt: winner?.updatedAt },
        { version: 1, change: { kind: "put" }, createdAt: T0 + 1 },
      ]);
    });

    it("who saw it before it was deleted, or put back, changes nothing", async () => {
      const seen = await aJob("gone-meanwhile");
      await store.delete(ORG, "gone-meanwhile", T0 + 5, null);
      expect(await store.put(ORG, "gone-meanwhile", seen, version(2))).toBeNull();
      const deleted = (await store.find(ORG, "gone-meanwhile"))?.job ?? null;
      expect(deleted?.deletedAt).toBe(T0 + 5);
      const back = await store.put(ORG, "gone-meanwhile", deleted, version(2));
      expect(back).toMatchObject({ version: 2, deletedAt: null, createdAt: T0 + 1, updatedAt: T0 + 2 });
      expect(await store.put(ORG, "gone-meanwhile", deleted, version(3))).toBeNull();
    });

    it("a pause in between is no change of it, and stays", async () => {
      const seen = await aJob("paused-meanwhile");
      await store.pause(ORG, "paused-meanwhile", T0 + 5, T0 + 5);
      expect(await store.put(ORG, "paused-meanwhile", seen, version(2))).toMatchObject({
        version: 2,
        pausedAt: T0 + 5,
      });
    });
  });

  it("a job and its versions come back as they were put, of one organization alone", async () => {
    const job = await aJob("kept");
    const rollback = version(2, {
      change: { kind: "rollback", to: 1 },
      definition: { description: "ü", labels: { a: "b" }, run: { image: "x", env: {} }, input_schema: {} },
    });
    const changed = await store.put(ORG, "kept", job, rollback);
    expect(await store.find(ORG, "kept")).toEqual({ job: changed, definition: rollback.definition });
    expect(await store.version(ORG, "kept", 2)).toEqual(rollback);
    expect(await store.version(ORG, "kept", 1)).toEqual(version(1));
    expect(await store.version(ORG, "kept", 3)).toBeNull();
    await aJob("kept-beside");
    const several = await store.findAll(ORG, ["kept-beside", "kept", "kep"]);
    expect(several.map((each) => each.job.name).toSorted()).toEqual(["kept", "kept-beside"]);
    expect(several).toContainEqual(await store.find(ORG, "kept"));
    expect(await store.findAll("others", ["kept"])).toEqual([]);
    for (const [orgId, name] of [
      ["others", "kept"],
      [ORG, "kep"],
    ] as const) {
      expect(await store.find(orgId, name)).toBeNull();
      expect(await store.version(orgId, name, 1)).toBeNull();
      expect(await store.versions(orgId, name, 1000, 10)).toEqual([]);
      expect(await store.pause(orgId, name, T0, T0)).toBeNull();
      expect(await store.delete(orgId, name, T0, null)).toBe(false);
    }
  });

  it("a list has those that are there by name, in pages", async () => {
    for (const name of ["zz-c", "zz-a", "zz-d", "zz-b"]) await aJob(name);
    await store.delete(ORG, "zz-b", T0 + 5, null);
    await store.put(ORG, "zz-d", (await store.find(ORG, "zz-d"))?.job ?? null, {
      ...version(2),
      definition: { description: "of two", labels: { a: "b" }, run: {} },
    });
    const first = await store.list(ORG, "zz", 2);
    expect(first.map(({ name }) => name)).toEqual(["zz-a", "zz-c"]);
    expect(first[0]).not.toHaveProperty("description");
    expect(await store.list(ORG, "zz-c", 2)).toMatchObject([
      { name: "zz-d", version: 2, description: "of two", labels: { a: "b" }, deletedAt: null },
    ]);
    expect(await store.list("others", "", 10)).toEqual([]);
    const names = await store.names(ORG, 1000);
    expect(names.filter((name) => name.startsWith("zz-"))).toEqual(["zz-a", "zz-c", "zz-d"]);
    expect([await store.names(ORG, 2), await store.names("others", 2)]).toEqual([names.slice(0, 2), []]);
  });

  it("versions come newest first, in pages", async () => {
    await aJob("five", 5);
    const numbers = async (before: number) =>
      (await store.versions(ORG, "five", before, 2)).map((each) => each.version);
    expect([await numbers(1000), await numbers(4), await numbers(2), await numbers(1)]).toEqual([
      [5, 4],
      [3, 2],
      [1],
      [],
    ]);
  });

  it("a pause keeps its first time, and ends", async () => {
    await aJob("paused");
    expect(await store.pause(ORG, "paused", T0 + 1, T0 + 1)).toMatchObject({ pausedAt: T0 + 1 });
    expect(await store.pause(ORG, "paused", T0 + 2, T0 + 2)).toMatchObject({ pausedAt: T0 + 1 });
    expect(await store.pause(ORG, "paused", null, T0 + 3)).toMatchObject({ pausedAt: null });
  });

  it("a delete is of the expected version, once, and ends a pause", async () => {
    await aJob("deleted", 2);
    await store.pause(ORG, "deleted", T0, T0);
    expect(await store.delete(ORG, "deleted", T0 + 5, 1)).toBe(false);
    expect(await store.delete(ORG, "deleted", T0 + 5, 2)).toBe(true);
    expect(await store.delete(ORG, "deleted", T0 + 6, null)).toBe(false);
    expect((await store.find(ORG, "deleted"))?.job).toMatchObject({ deletedAt: T0 + 5, pausedAt: null });
    expect(await store.pause(ORG, "deleted", T0, T0)).toBeNull();
    expect(await store.versions(ORG, "deleted", 1000, 10)).toHaveLength(2);
  });
}
