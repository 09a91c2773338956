/** What every SecretStore keeps. */

import { describe, expect, it } from "vitest";
import type { SealedSecret, SecretStore } from "../../src/flow/ports/secrets.ts";
import { T0 } from "../support/a-run.ts";

const ORG = "default";
let names = 0;
let keys = 0;

/** Holds a store, which may have other secrets in it, to the contract. */
export function holdsTheSecretStoreContract(store: SecretStore): void {
  const aName = () => `NAME_${String(++names).padStart(4, "0")}`;
  const aKeyId = () => `key ${++keys}`;

  function aSecret(name: string, version = 1, change: Partial<SealedSecret> = {}): SealedSecret {
    return {
      ...{ name, version, redacted: true, createdAt: T0, setAt: T0 + version },
      ...{
        keyId: "key",
        iv: Uint8Array.of(version),
        ciphertext: Uint8Array.of(1, 2, 255),
        size: 10 * version,
      },
      ...{ retiredAt: null, ...change },
    };
  }

  const versionsOf = (secrets: SealedSecret[]) => secrets.map(({ version }) => version).sort();

  describe("a secret", () => {
    it("has the version in force that was stored last, which retires the one before", async () => {
      const name = aName();
      expect(await store.latest(ORG, name)).toBeNull();
      expect(await store.put(ORG, aSecret(name, 1))).toBe(true);
      expect(await store.put(ORG, aSecret(name, 2))).toBe(true);
      expect(await store.latest(ORG, name)).toEqual(aSecret(name, 2));
      expect(await store.sizes(ORG, [name, name])).toEqual([{ name, size: 20 }]);
      const listed = (await store.list(ORG)).filter((info) => info.name === name);
      expect(listed).toEqual([{ name, version: 2, redacted: true, createdAt: T0, setAt: T0 + 2 }]);
      const [first] = await store.inForce(ORG, [name], T0 + 1, T0 + 1);
      expect(first).toEqual(aSecret(name, 1, { retiredAt: T0 + 2 }));
    });

    it("keeps a version that is there, and what is in force", async () => {
      const name = aName();
      await store.put(ORG, aSecret(name, 1));
      expect(await store.put(ORG, aSecret(name, 1, { size: 99 }))).toBe(false);
      expect(await store.latest(ORG, name)).toEqual(aSecret(name, 1));
    });

    it("is its organization's alone", async () => {
      const name = aName();
      await store.put("another", aSecret(name, 1));
      expect(await store.latest(ORG, name)).toBeNull();
      expect(await store.inForce(ORG, [name], 0, T0 + 100)).toEqual([]);
      expect(await store.retire(ORG, name, T0 + 5)).toBe(false);
    });

    it("that is retired is in force no more, and kept with what was in force then", async () => {
      const name = aName();
      await store.put(ORG, aSecret(name, 1));
      expect(await store.retire(ORG, name, T0 + 50)).toBe(true);
      expect(await store.retire(ORG, name, T0 + 60)).toBe(false);
      expect(await store.sizes(ORG, [name])).toEqual([]);
      expect((await store.list(ORG)).filter((info) => info.name === name)).toEqual([]);
      expect(await store.latest(ORG, name)).toMatchObject({ version: 1, retiredAt: T0 + 50 });
    });

    it("is had as it was from one time to another, with what is in force now", async () => {
      const name = aName();
      for (const [version, setAt] of [
        [1, T0 + 10],
        [2, T0 + 20],
        [3, T0 + 30],
      ] as const)
        await store.put(ORG, aSecret(name, version, { setAt }));
      expect(versionsOf(await store.inForce(ORG, [name], T0 + 11, T0 + 12))).toEqual([1, 3]);
      expect(versionsOf(await store.inForce(ORG, [name], T0 + 19, T0 + 20))).toEqual([1, 2, 3]);
      expect(versionsOf(await store.inForce(ORG, [name], T0 + 20, T0 + 29))).toEqual([2, 3]);
      expect(versionsOf(await store.inForce(ORG, [name], T0, T0 + 9))).toEqual([3]);
    });

    it("is forgotten once it was retired before a time, and not where it is in force", async () => {
      const name = aName();
      await store.put(ORG, aSecret(name, 1));
      await store.put(ORG, aSecret(name, 2, { setAt: T0 + 20 }));
      await store.forgetRetired(T0 + 20);
      expect(versionsOf(await store.inForce(ORG, [name], T0, T0 + 100))).toEqual([1, 2]);
      await store.forgetRetired(T0 + 21);
      expect(versionsOf(await store.inForce(ORG, [name], T0, T0 + 100))).toEqual([2]);
    });
  });

  describe("secrets under old keys", () => {
    it("are given a few at a time, each once, and from the start again behind the last", async () => {
      const [old, all] = [aKeyId(), [aName(), aName(), aName()]];
      for (const name of all) await store.put(ORG, aSecret(name, 1, { keyId: old }));
      await store.put(ORG, aSecret(aName(), 1, { keyId: aKeyId() }));
      const next = async () =>
        (await store.nextUnderKeys([old], 2, T0)).map(({ orgId, secret }) => [orgId, secret.name]);
      expect(await next()).toEqual([
        [ORG, all[0]],
        [ORG, all[1]],
      ]);
      expect(await next()).toEqual([[ORG, all[2]]]);
      expect(await next()).toHaveLength(2);
      expect(await next()).toHaveLength(1);
    });

    it("are replaced where nobody else has, and stay what they are but for the key", async () => {
      const [old, current, name] = [aKeyId(), aKeyId(), aName()];
      const before = aSecret(name, 1, { keyId: old });
      await store.put(ORG, before);
      const after = { ...before, keyId: current, iv: Uint8Array.of(7), ciphertext: Uint8Array.of(8) };
      await store.reseal(ORG, before, after);
      expect(await store.latest(ORG, name)).toEqual(after);
      await store.reseal(ORG, before, { ...after, iv: Uint8Array.of(9) });
      expect(await store.latest(ORG, name)).toEqual(after);
    });
  });
}
