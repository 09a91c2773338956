/** Runs an operation through the fault that waits for it, if one does. */

import { ApiError } from "./error.ts";
import type { Fault, Faults } from "./faults.ts";
import type { Call } from "./request.ts";

export async function faulty(
  c: Call,
  faults: Faults,
  operation: string,
  run: () => Response | Promise<Response>,
): Promise<Response> {
  const fault = faults.meet(operation);
  if (fault === null) return run();
  switch (fault.kind) {
    case "error_before":
      return answer(fault);
    case "hang":
      return unanswered(c);
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, fault.delay_ms));
      return run();
    case "error_after":
      await settled(run);
      return answer(fault);
    case "drop":
      await settled(run);
      c.env.outgoing.destroy();
      return unanswered(c);
  }
}

/** The effect counts, whatever its answer would have been. */
async function settled(run: () => Response | Promise<Response>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

/** Settles when the connection is closed: nobody reads what it settles with. */
function unanswered(c: Call): Promise<Response> {
  const { outgoing } = c.env;
  return new Promise((resolve) => {
    const nobody = () => resolve(new Response(null, { status: 499 }));
    if (outgoing.destroyed) nobody();
    else outgoing.once("close", nobody);
  });
}

function answer(fault: Fault): Response {
  const isText = typeof fault.body === "string";
  const body = isText
    ? String(fault.body)
    : JSON.stringify(fault.body ?? { error: "unknown: injected fault" });
  return new Response(body, {
    status: fault.status,
    headers: { "content-type": isText ? "text/plain" : "application/json" },
  });
}
