/** The part of the Store that advancing a run needs, in memory, for tests that move the clock. */

import type { RunEvent } from "../../src/core/event.ts";
import { applyEvents } from "../../src/core/lifecycle.ts";
import { NO_OUTPUT, type OutputChunk, offsetsAfter } from "../../src/core/output.ts";
import type { RunState } from "../../src/core/run.ts";
import type { Store } from "../../src/flow/ports.ts";

export function memoryStore(first: RunState): { store: Store; state(): RunState; events: RunEvent[] } {
  let state = first;
  const events: RunEvent[] = [];
  const chunks: OutputChunk[] = [];
  const store = {
    load: async () => state,
    record: async (before: RunState, added: RunEvent[], output: OutputChunk[]) => {
      if (before.run.version !== state.run.version) return null;
      const after = applyEvents(before, added);
      if (after === null) throw new Error(`${added.map(({ type }) => type)} refused in ${before.run.status}`);
      state = after;
      events.push(...added);
      chunks.push(...output);
      return after;
    },
    appendOutput: async (_state: RunState, output: OutputChunk[]) => {
      chunks.push(...output);
      return true;
    },
    outputOffsets: async (_runId: string, attempt: number) =>
      chunks.filter((chunk) => chunk.attempt === attempt).reduce(offsetsAfter, NO_OUTPUT),
  } as unknown as Store;
  return { store, state: () => state, events };
}
