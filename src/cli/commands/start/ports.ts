/** Ports on 127.0.0.1, looked at before anything is started. */

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { CliError } from "../../cli-error.ts";

export const HOST = "127.0.0.1";

/**
 * The port if it is free; for 0 any that is.
 * @param option that changes it, for the message
 * @throws CliError in one line where it is taken
 */
export async function freePort(port: number, option: string): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: HOST, port, exclusive: true }, () =>
        resolve((server.address() as AddressInfo).port),
      );
    });
  } catch (error) {
    throw new CliError(complaint((error as NodeJS.ErrnoException).code, port, option), { cause: error });
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}

function complaint(code: string | undefined, port: number, option: string): string {
  if (code === "EADDRINUSE")
    return `port ${port} is in use (is Mayfly running already?); ${option} N chooses another one`;
  if (code === "EACCES") return `port ${port} may not be used by this user; ${option} N chooses another one`;
  return `port ${port} can not be used (${code}); ${option} N chooses another one`;
}
