/** Which step wrote what of a stream. */

/** A step's section of a stream: from its first byte up to the one that is not its own; null where nobody knows of one yet. */
export interface Section {
  number: number;
  from: number;
  to: number | null;
}

/** Bytes of a stream that one step wrote; of those that are in no known section it is null. */
export interface StepPart {
  step: number | null;
  from: number;
  to: number;
}

/**
 * A part of a stream, cut where another step goes on.
 * @param sections of that stream, in the order of the steps
 */
export function partsOf(sections: Section[], from: number, to: number): StepPart[] {
  const parts: StepPart[] = [];
  let at = from;
  const add = (step: number | null, end: number) => {
    if (end > at) parts.push({ step, from: at, to: end });
    at = Math.max(at, end);
  };
  for (const section of sections) {
    const end = Math.min(to, section.to ?? to);
    if (end <= Math.max(at, section.from)) continue;
    add(null, section.from);
    add(section.number, end);
  }
  add(null, to);
  return parts;
}
