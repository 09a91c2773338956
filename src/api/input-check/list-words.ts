/** Words that say something of lists. */

import type { InputCheck } from "./check.ts";
import { all, type Subject, type Word } from "./word.ts";

type List = Subject & { value: unknown[] };
type ListWord<Behind> = Word<unknown[], Behind>;

const minItems: ListWord<number> = { of: "list", holds: (_check, min, { value }) => value.length >= min };

const maxItems: ListWord<number> = { of: "list", holds: (_check, max, { value }) => value.length <= max };

const uniqueItems: ListWord<boolean> = {
  of: "list",
  holds: (check, isWanted, { value }) => !isWanted || check.values.areUnique(value),
};

const prefixItems: ListWord<unknown[]> = { of: "list", tellsItself: true, holds: firstHold };

const items: ListWord<unknown> = {
  of: "list",
  tellsItself: true,
  holds: (check, behind, subject, { prefixItems: first = [] }) =>
    // A list of schemas is draft 7's.
    Array.isArray(behind)
      ? firstHold(check, behind, subject)
      : restHold(check, behind, subject, (first as unknown[]).length),
};

const additionalItems: ListWord<unknown> = {
  of: "list",
  tellsItself: true,
  holds: (check, schema, subject, { items: first }) =>
    !Array.isArray(first) || restHold(check, schema, subject, first.length),
};

const contains: ListWord<unknown> = {
  of: "list",
  holds(check, schema, subject, { minContains = 1, maxContains = Number.POSITIVE_INFINITY }) {
    let count = 0;
    for (const [index, item] of subject.value.entries()) {
      if (!check.applies(schema, { ...subject, value: item, isTold: false, seen: null })) continue;
      see(check, index, subject);
      count += 1;
    }
    return count >= (minContains as number) && count <= (maxContains as number);
  },
};

const unevaluatedItems: ListWord<unknown> = {
  of: "list",
  tellsItself: true,
  holds: (check, schema, subject) =>
    all(subject.isTold, subject.value.keys(), (index) => {
      check.steps.take(1);
      return subject.seen?.items.has(index) === true || itemHolds(check, index, schema, subject);
    }),
};

export const LIST_WORDS = {
  minItems,
  maxItems,
  uniqueItems,
  prefixItems,
  items,
  additionalItems,
  contains,
  unevaluatedItems,
} satisfies Record<string, Word>;

function firstHold(check: InputCheck, schemas: unknown[], subject: List): boolean {
  const first = schemas.slice(0, subject.value.length);
  return all(subject.isTold, first.entries(), ([index, schema]) => itemHolds(check, index, schema, subject));
}

function restHold(check: InputCheck, schema: unknown, subject: List, from: number): boolean {
  let allHold = true;
  for (let index = from; index < subject.value.length; index++) {
    if (itemHolds(check, index, schema, subject)) continue;
    if (!subject.isTold) return false;
    allHold = false;
  }
  return allHold;
}

function itemHolds(check: InputCheck, index: number, schema: unknown, subject: List): boolean {
  see(check, index, subject);
  return check.appliesAt(index, subject.value[index], schema, subject);
}

function see(check: InputCheck, index: number, { seen }: List): void {
  if (seen === null) return;
  check.steps.take(1);
  seen.items.add(index);
}
