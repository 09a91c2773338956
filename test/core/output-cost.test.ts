/** What a long, chatty run costs in rows and objects: the pacing of reads and the place of pieces, played through without a Machine. */

import { describe, expect, it } from "vitest";
import { OUTPUT_IN_D1_MAX_BYTES, OUTPUT_SMALL_IN_D1_MAX_BYTES } from "../../src/core/limits.ts";
import { belongsInBlobs } from "../../src/core/output.ts";
import { pauseAfterOutputMs, pollPlan } from "../../src/core/poll.ts";

const HOUR_MS = 3_600_000;
/** An exec on Fly takes about this long at least. */
const EXEC_MS = 50;

interface Chatter {
  hours: number;
  /** On each stream. */
  bytesPerSecond: number;
  streams: 1 | 2;
  watched: boolean;
}

/** Every read brings output, which is what costs most. */
function playedThrough({ hours, bytesPerSecond, streams, watched }: Chatter) {
  const played = { rows: 0, objects: 0, bytesInD1: 0 };
  let stored = 0;
  let readTo = 0;
  for (let ageMs = 1000; ageMs < hours * HOUR_MS; ) {
    const length = Math.floor(((ageMs - readTo) / 1000) * bytesPerSecond);
    readTo = ageMs;
    for (let stream = 0; stream < streams; stream++) {
      stored += length;
      played.rows += 1;
      if (belongsInBlobs(length, stored)) played.objects += 1;
      else played.bytesInD1 += length;
    }
    ageMs += Math.max(pollPlan(ageMs, watched).pauseMs, pauseAfterOutputMs(ageMs)) + EXEC_MS;
  }
  return played;
}

/** Past the included amounts: R2 class A operations, and rows written to D1. */
const dollars = ({ rows, objects }: { rows: number; objects: number }) => objects * 4.5e-6 + rows * 1e-6;

describe("a run that writes one line of 80 bytes a second", () => {
  const line = { bytesPerSecond: 80, streams: 1 } as const;

  it.each([true, false])("makes no object in its first hour, watched: %s", (watched) => {
    expect(playedThrough({ ...line, hours: 1, watched }).objects).toBe(0);
  });

  it("costs some cents in a day and a night watched throughout, and about one alone", () => {
    const watched = playedThrough({ ...line, hours: 24, watched: true });
    const alone = playedThrough({ ...line, hours: 24, watched: false });
    expect([dollars(watched), dollars(alone)].map((sum) => sum.toFixed(3))).toEqual(["0.071", "0.012"]);
  });
});

describe("the worst case, both streams in every read", () => {
  it("stays within 1,440 objects an hour while watched, and 240 alone", () => {
    const worst = { bytesPerSecond: 100_000, streams: 2 } as const;
    for (const [watched, perHour] of [
      [true, 1440],
      [false, 240],
    ] as const) {
      const [before, after] = [23, 24].map((hours) => playedThrough({ ...worst, hours, watched }));
      const objects = (after?.objects ?? 0) - (before?.objects ?? 0);
      expect(objects).toBeLessThanOrEqual(perHour);
    }
  });

  it("costs about three times its Machine in a day and a night watched throughout, and half of it alone", () => {
    const sums = [true, false].map((watched) =>
      dollars(playedThrough({ hours: 24, bytesPerSecond: 100_000, streams: 2, watched })).toFixed(3),
    );
    expect(sums).toEqual(["0.190", "0.033"]);
  });

  it("keeps no more of a run in the database than its share", () => {
    for (const bytesPerSecond of [10, 80, 500, 5000, 50_000]) {
      const { bytesInD1 } = playedThrough({ hours: 24, bytesPerSecond, streams: 2, watched: true });
      expect(bytesInD1).toBeLessThanOrEqual(OUTPUT_SMALL_IN_D1_MAX_BYTES);
    }
  });
});

describe("where a piece is kept", () => {
  it.each([
    ["the first pieces, however large", 100_000, OUTPUT_IN_D1_MAX_BYTES, false],
    ["a large piece past the first share", 100_000, OUTPUT_IN_D1_MAX_BYTES + 1, true],
    ["a small piece past it", 80, OUTPUT_IN_D1_MAX_BYTES + 1, false],
    ["the last small piece of the second share", 80, OUTPUT_SMALL_IN_D1_MAX_BYTES, false],
    ["a small piece past that", 80, OUTPUT_SMALL_IN_D1_MAX_BYTES + 1, true],
  ])("%s", (_, length, storedThen, inBlobs) => {
    expect(belongsInBlobs(length, storedThen)).toBe(inBlobs);
  });
});

describe("the pause between two reads of a chatty command", () => {
  it("is in proportion to the run's age: a short run is not slowed down, a long one not read each second", () => {
    expect([200, 4000, 60_000, 120_000, 360_000, 600_000, 24 * HOUR_MS].map(pauseAfterOutputMs)).toEqual([
      50, 1000, 1000, 1000, 3000, 5000, 5000,
    ]);
  });
});
