import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { LIVES } from "../made.ts";
import { once } from "../once.ts";

export function execPromises({ target, api, made }: Contract): void {
  const encoded = Buffer.from("from a file\n").toString("base64");
  const running = once(() =>
    made.started({
      env: { GREETING: "hello  there" },
      ...(target.hasDisks && { files: [{ guest_path: "/contract/file.txt", raw_value: encoded }] }),
    }),
  );
  const exec = async (body: object) => api.ok("Machines_exec", { machine: (await running()).id, body });

  describe("an exec", () => {
    it("answers both streams and the code, with 200 also where the command fails", async () => {
      const { id } = await running();
      const script = "echo out; echo err >&2; exit 3";
      expect(await made.exec(id, ["sh", "-c", script])).toMatchObject({
        exit_code: 3,
        stdout: "out\n",
        stderr: "err\n",
      });
      expect((await exec({ command: ["true"] })).exit_code ?? 0).toBe(0);
    });

    it("takes one string, too, cut into words and run by no shell", async () => {
      await made.exec((await running()).id, ["true"]);
      expect((await exec({ cmd: "echo 'a  b' c | cat" })).stdout).toBe("a  b c | cat\n");
    });

    it("finds the machine's environment and Fly's own variables", async () => {
      const { id, region, instance_id } = await running();
      const { stdout } = await made.exec(id, ["env"]);
      expect(stdout?.split("\n")).toEqual(
        expect.arrayContaining([
          "GREETING=hello  there",
          `FLY_APP_NAME=${target.app}`,
          `FLY_MACHINE_ID=${id}`,
          `FLY_ALLOC_ID=${id}`,
          `FLY_REGION=${region}`,
          `FLY_MACHINE_VERSION=${instance_id}`,
          "FLY_VM_MEMORY_MB=256",
        ]),
      );
    });

    it.skipIf(!target.hasDisks)("finds the files that the machine was made with", async () => {
      const { id } = await running();
      expect((await made.exec(id, ["cat", "/contract/file.txt"])).stdout).toBe("from a file\n");
    });

    it("that takes too long is answered 408", async () => {
      const { id } = await running();
      const body = { command: ["sleep", "20"], timeout: 1 };
      expect(await api.refused("Machines_exec", { machine: id, body })).toMatchObject({
        status: 408,
        text: expect.stringMatching(/^deadline_exceeded: /),
      });
    });

    it("in a machine that does not run is refused with 412", async () => {
      const { id } = await made.machine(LIVES, { auto_destroy: false }, { skip_launch: true });
      await made.reach(id, "stopped");
      expect(await api.refused("Machines_exec", { machine: id, body: { command: ["true"] } })).toMatchObject({
        status: 412,
        text: "failed_precondition: machine not running",
      });
    });

    it("without a command is refused", async () => {
      expect((await api.refused("Machines_exec", { machine: (await running()).id, body: {} })).status).toBe(
        400,
      );
    });
  });
}
