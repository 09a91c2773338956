/** Requests to registries and to those who give tokens for them. */

import { asImageError, ImageError } from "./error.ts";
import { MANIFEST_MAX_BYTES, REGISTRY_ANSWER_MS } from "./limits.ts";

/** Asks, and waits for the beginning of the answer. @throws ImageError where there is none */
export async function answered(
  url: string,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), REGISTRY_ANSWER_MS);
  try {
    // Credentials are left out by fetch where it is sent on to another host.
    return await fetch(url, { headers, signal: AbortSignal.any([signal, late.signal]) });
  } catch (error) {
    const { cause } = error as { cause?: Error };
    const why = late.signal.aborted
      ? `no answer within ${REGISTRY_ANSWER_MS / 1000} s`
      : cause?.message || (error as Error).message;
    throw new ImageError(`${new URL(url).host} can not be reached: ${why}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** @throws ImageError where it is larger than manifests and configs are */
export async function readAll(response: Response, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > MANIFEST_MAX_BYTES)
        throw new ImageError(`${what} is larger than ${MANIFEST_MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw asImageError(error, `${what} could not be read`);
  }
  return Buffer.concat(chunks);
}
