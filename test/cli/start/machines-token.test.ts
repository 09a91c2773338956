import { expect, test } from "vitest";
import { checkMachinesToken } from "../../../src/cli/commands/start/machines-token.ts";
import { serve } from "../../fly-local/support.ts";

test("a Machines API that takes another token is no use to a start, which names the file that has the wrong one", async () => {
  const { url } = await serve({ isolation: "process", token: "right" });
  await checkMachinesToken(url, "right", "secrets.env");
  await expect(checkMachinesToken(url, "wrong", "secrets.env")).rejects.toThrow(
    /takes another token than the FLY_API_TOKEN in secrets\.env/,
  );
});
