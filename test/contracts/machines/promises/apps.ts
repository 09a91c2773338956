import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";

export function appPromises({ target, api, made }: Contract): void {
  describe("an app", () => {
    it("is shown with its organization", async () => {
      const app = await api.ok("Apps_show");
      expect(app.name).toBe(target.app);
      expect(app.organization.slug).not.toBe("");
    });

    it("that there is not is answered 404, and named", async () => {
      const app = `mayfly-contract-none-${randomBytes(6).toString("hex")}`;
      for (const id of ["Apps_show", "Machines_list"] as const) {
        const { status, text } = await api.refused(id, { app });
        expect(status).toBe(404);
        expect(text.toLowerCase()).toContain("could not find app");
      }
    });

    it("is not made twice", async () => {
      const { organization } = await api.ok("Apps_show");
      const body = { app_name: target.app, org_slug: organization.slug };
      expect(await api.refused("Apps_create", { body })).toEqual({
        status: 422,
        text: "Validation failed: Name has already been taken",
        code: "name_taken",
      });
    });

    it.skipIf(target.organization === null)(
      "is made, listed, and deleted with all that is in it",
      async () => {
        const [documented, ofFlyGo] = [made.app("app"), made.app("app")];
        const org_slug = target.organization ?? "";
        await api.ok("Apps_create", { body: { app_name: documented, org_slug } });
        await api.ok("Apps_create", { body: { name: ofFlyGo, org_slug } });
        await made.patiently("Apps_show", { app: documented }, [401, 404]);
        const list = await api.ok("Apps_list", { query: { org_slug } });
        expect(list.total_apps).toBe(list.apps.length);
        expect(list.apps.map(({ name }) => name)).toEqual(
          expect.arrayContaining([target.app, documented, ofFlyGo]),
        );
        for (const app of [documented, ofFlyGo]) {
          await api.ok("Apps_delete", { app });
          expect((await api.refused("Apps_show", { app })).status).toBe(404);
        }
      },
    );

    it.skipIf(target.organization === null)("keeps its machines from other apps", async () => {
      const app = made.app("other");
      await api.ok("Apps_create", { body: { app_name: app, org_slug: target.organization } });
      await made.patiently("Apps_show", { app }, [401, 404]);
      const { id } = await made.machine(["true"], {}, { skip_launch: true });
      expect(await api.refused("Machines_show", { app, machine: id })).toMatchObject({ status: 404 });
      expect(await api.refused("Machines_delete", { app, machine: id })).toMatchObject({ status: 404 });
    });
  });
}
