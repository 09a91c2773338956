/** The least that a worker does who receives a delivery: reads its body and verifies GitHub's signature of it. */

import { verify } from "../src/hooks/verify.ts";

const NOTHING = { signature: null, dedupe: null };

export default {
  async fetch(request: Request, env: { SECRET: string }): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    const isSigned = await verify("github", NOTHING, request.headers, body, [env.SECRET], Date.now());
    return Response.json({ isSigned }, { status: isSigned ? 202 : 401 });
  },
};
