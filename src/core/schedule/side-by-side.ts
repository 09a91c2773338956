/** Two lists by schedule, each in the order of its keys, as one list of pairs. */

import type { ScheduleKey } from "./spec.ts";

/** What there is for one schedule in either list. */
export interface Pair<A, B> {
  a: A | null;
  b: B | null;
}

/**
 * A page of pairs. Of a list that is as long as was asked for there may be more, so the page ends where the first such list does.
 * @param limit that was asked for of each
 * @returns `next`: the {@link placeOf} of the last pair, "" where there are no others
 */
export function sideBySide<A extends ScheduleKey, B extends ScheduleKey>(
  as: readonly A[],
  bs: readonly B[],
  limit: number,
): { pairs: Pair<A, B>[]; next: string } {
  const byPlace = new Map<string, Pair<A, B>>();
  for (const a of as) byPlace.set(placeOf(a), { a, b: null });
  for (const b of bs) byPlace.set(placeOf(b), { a: byPlace.get(placeOf(b))?.a ?? null, b });
  const ends = [as, bs].filter((list) => list.length >= limit).flatMap((list) => list.at(-1) ?? []);
  const next = ends.sort(byKey)[0];
  const all = [...byPlace.values()].map((pair) => ({ pair, key: (pair.a ?? pair.b) as ScheduleKey }));
  const within = all.filter(({ key }) => next === undefined || byKey(key, next) <= 0);
  const pairs = within.sort((one, other) => byKey(one.key, other.key)).map(({ pair }) => pair);
  return { pairs, next: next === undefined ? "" : placeOf(next) };
}

/** A schedule's place in the order, as text; {@link keyOfPlace} reads it. */
export function placeOf({ orgId, job, name }: ScheduleKey): string {
  return JSON.stringify([orgId, job, name]);
}

/** @param place "" for the one before all */
export function keyOfPlace(place: string): ScheduleKey {
  const [orgId = "", job = "", name = ""] = place === "" ? [] : (JSON.parse(place) as string[]);
  return { orgId, job, name };
}

function byKey(one: ScheduleKey, other: ScheduleKey): number {
  for (const part of ["orgId", "job", "name"] as const)
    if (one[part] !== other[part]) return one[part] < other[part] ? -1 : 1;
  return 0;
}
