/**
 * The phases of retries in which drivers of old and new code were at work beside each other, by the last event of their run, as
 * its story tells.
 */
export function overlappedPhases(trace: string[]): string[] {
  const phases = new Map<string, string>();
  const beside = new Map<string, string>();
  const overlapped: string[] = [];
  const retried = new Set<string>();
  for (const line of trace) {
    const [, run = "", event = ""] = /run (\w+) has \d+ events, the last (\w+)/.exec(line) ?? [];
    if (event === "attempt_failed") retried.add(run);
    phases.set(run, event);
    const [, newer = "", of = "", older = ""] =
      /(driver \d+) of run (\w+) has (driver \d+) beside it/.exec(line) ?? [];
    if (retried.has(of)) beside.set(`${older} ${newer}`, phases.get(of) ?? "");
    const [, old = "", calls = "0", young = ""] =
      /(driver \d+) has made (\d+) calls beside (driver \d+)/.exec(line) ?? [];
    const phase = beside.get(`${old} ${young}`);
    if (phase && Number(calls) > 0) overlapped.push(phase);
  }
  return overlapped;
}
