import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";

export function secretPromises({ api, made }: Contract): void {
  const names = async () => (await api.ok("Secrets_list")).secrets.map(({ name }) => name);

  describe("an app's secret", () => {
    it("is set, listed without its value, and deleted", async () => {
      const secret = made.secret("single");
      const { version } = await api.ok("Secret_create", { secret, body: { value: "s3cret" } });
      const listed = (await api.ok("Secrets_list")).secrets.find(({ name }) => name === secret);
      expect(listed?.digest).not.toBe("");
      expect(listed).not.toHaveProperty("value");
      expect(await api.ok("Secret_get", { secret })).toMatchObject({ name: secret, digest: listed?.digest });
      const deleted = await api.ok("Secret_delete", { secret });
      expect(deleted.version).toBeGreaterThan(version);
      expect(await names()).not.toContain(secret);
    });

    it("is set and deleted beside others in one call", async () => {
      const [one, two] = [made.secret("one"), made.secret("two")];
      await api.ok("Secrets_update", { body: { values: { [one]: "1", [two]: "2" } } });
      expect(await names()).toEqual(expect.arrayContaining([one, two]));
      const { secrets } = await api.ok("Secrets_update", { body: { values: { [one]: null } } });
      expect(secrets.map(({ name }) => name)).not.toContain(one);
      expect(await names()).toContain(two);
    });

    it("is in the environment of machines that start from then on, unless they skip secrets", async () => {
      const secret = made.secret("delivered");
      const { version } = await api.ok("Secret_create", { secret, body: { value: "in the machine" } });
      const value = async (more: object) => {
        const { id } = await made.started({}, more);
        return (await made.exec(id, ["sh", "-c", `echo "$${secret}"`])).stdout;
      };
      expect(await value({ min_secrets_version: version })).toBe("in the machine\n");
      expect(await value({ skip_secrets: true })).toBe("\n");
    });

    it("of a version that is not there yet keeps a machine from being made and updated", async () => {
      const body = { min_secrets_version: 1_000_000_000, config: made.config(["true"]) };
      expect((await api.refused("Machines_create", { body })).status).toBe(412);
      const { id } = await made.machine(["true"], { auto_destroy: false }, { skip_launch: true });
      await made.reach(id, "stopped");
      expect((await api.refused("Machines_update", { machine: id, body })).status).toBe(412);
    });
  });
}
