/** Percentiles, and how figures are printed. */

/** The value that `share` (0 to 1) of the samples do not exceed. */
export function percentile(samples: number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

/** One line of a report: a name and its figures. */
export function report(name: string, figures: Record<string, string | number>): void {
  const text = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`);
  console.log(`  ${name.padEnd(34)} ${text.join("   ")}`);
}

/** Milliseconds that something takes. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await action();
  return performance.now() - from;
}

/** This instant in milliseconds, which programs on one computer can compare. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Does something so many times, some at once. @returns what each came to, and how many were done a second */
export async function atOnce<T>(
  count: number,
  width: number,
  action: () => Promise<T>,
): Promise<{ samples: T[]; perSecond: number }> {
  const samples: T[] = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0) samples.push(await action());
  };
  const total = await timed(() => Promise.all(Array.from({ length: width }, worker)));
  return { samples, perSecond: (samples.length * 1000) / total };
}
