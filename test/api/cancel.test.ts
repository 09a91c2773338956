import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { apiPorts } from "../../src/worker/ports.ts";
import { aSucceededRun } from "../support/a-run.ts";

describe("cancelling a final run", () => {
  it("is answered 409 with how the run ended, and changes nothing", async () => {
    const { store } = apiPorts(env);
    const { state, events } = aSucceededRun();
    await store.accept(state, events, null);
    const request = new Request(`https://mayfly.test/v1/runs/${state.run.id}/cancel`, {
      method: "POST",
      headers: { authorization: "Bearer test-token" },
    });
    const response = await exports.default.fetch(request);
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      error: {
        code: "run_is_final",
        message: "the run is succeeded already; a final run can not be cancelled",
        path: null,
        run_status: "succeeded",
        request_id: expect.any(String),
      },
    });
    expect(await store.load(state.run.id)).toEqual(state);
  });
});
