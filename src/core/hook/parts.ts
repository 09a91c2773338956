/** The parts of a delivery that tells of several refs at once, as Bitbucket's pushes do: each is a delivery of its own, with its row and its run. */

import { DELIVERY_PARTS_MAX } from "../limits.ts";
import type { Change } from "./change.ts";
import type { Delivery } from "./delivery.ts";

/** In a row's id, between the sender's own and the number of the ref: the second is `<id>+ref.2`. */
export const PART_MARK = "+ref.";
const PART = /\+ref\.(\d+)$/;

export interface Parts {
  /** Of one change or none each, in the order that the sender tells; the first has the sender's id. */
  parts: Delivery[];
  /** What it tells of beyond as many as are taken, as a delivery that nothing is made of; null where that is nothing. */
  rest: { delivery: Delivery; detail: string } | null;
}

export function partsOf(delivery: Delivery): Parts {
  const { changes } = delivery;
  if (changes.length <= 1) return { parts: [delivery], rest: null };
  const parts = changes.slice(0, DELIVERY_PARTS_MAX).map((change, index) => part(delivery, [change], index));
  const left = changes.slice(DELIVERY_PARTS_MAX);
  if (left.length === 0) return { parts, rest: null };
  const refs = left.map(({ ref }) => ref).join(", ");
  const detail = `it moved ${changes.length} refs at once, of which ${DELIVERY_PARTS_MAX} are taken; left are ${refs}`;
  return { parts, rest: { delivery: part(delivery, [], DELIVERY_PARTS_MAX), detail } };
}

/** The part that a row is of. @param id the row's; null where it stands for refs that were too many */
export function partOf(delivery: Delivery, id: string): Delivery | null {
  if (delivery.changes.length <= 1) return delivery;
  const index = Number(PART.exec(id)?.[1] ?? 1) - 1;
  return partsOf(delivery).parts[index] ?? null;
}

function part(delivery: Delivery, changes: Change[], index: number): Delivery {
  const { deliveryId: id } = delivery;
  return { ...delivery, deliveryId: index === 0 ? id : `${id}${PART_MARK}${index + 1}`, changes };
}
