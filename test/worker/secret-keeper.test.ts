import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { SECRET_RETIRED_KEPT_MS, SECRETS_RESEALED_PER_SWEEP } from "../../src/core/limits.ts";
import { d1Secrets } from "../../src/d1/secrets.ts";
import { createSecretKeeper } from "../../src/secrets/keeper.ts";
import { createKeyring } from "../../src/secrets/keyring.ts";
import { readConfig } from "../../src/worker/env.ts";
import worker from "../../src/worker/index.ts";

const key = (fill: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(fill)));
const ORG = "default";
const VALUE = "the value of a secret";

const utf8 = new TextEncoder();
const store = d1Secrets(env.DB);

function keeperWith(current: string, old: string[] = [], now: () => number = Date.now) {
  return createSecretKeeper({ store, keyring: createKeyring(current, old), clock: { now } });
}
type Keeper = ReturnType<typeof keeperWith>;

const attempt = (variables: Record<string, string>, plannedAt = Date.now(), machineName = "mayfly-1-1") => ({
  orgId: ORG,
  machineName,
  plannedAt,
  variables,
});

/** What a machine would have in its environment. */
async function given(keeper: Keeper, ...order: Parameters<typeof attempt>) {
  const { given, problem } = await keeper.forAttempt(attempt(...order));
  if (given === null) throw new Error(problem ?? "");
  const content = given.masked.map((byte, index) => byte ^ (given.pad[index] as number));
  return new TextDecoder().decode(content).replace(/\0+$/, "").split("\0");
}

const masks = async (keeper: Keeper, text: string, ...order: Parameters<typeof attempt>) =>
  new TextDecoder().decode((await keeper.forAttempt(attempt(...order))).redact(utf8.encode(text)).bytes);

beforeEach(() => env.DB.prepare("DELETE FROM secrets").run());

describe("a sealed text", () => {
  const sealing = async () => {
    const keyring = createKeyring(key(1), []);
    return { keyring, sealed: await keyring.seal(Uint8Array.from(utf8.encode(VALUE)), "owner") };
  };

  it("is opened with its key, for its owner", async () => {
    const { keyring, sealed } = await sealing();
    expect(new TextDecoder().decode((await keyring.open(sealed, "owner")) ?? undefined)).toBe(VALUE);
  });

  it("is not opened for another owner, with another key, or changed by a bit", async () => {
    const { keyring, sealed } = await sealing();
    expect(await keyring.open(sealed, "another")).toBeNull();
    expect(await createKeyring(key(2), []).open(sealed, "owner")).toBeNull();
    // As if the other key had its name.
    const other = createKeyring(key(2), []);
    const { keyId } = await other.seal(new Uint8Array(1), "owner");
    expect(await other.open({ ...sealed, keyId }, "owner")).toBeNull();
    for (const part of ["iv", "ciphertext"] as const) {
      const changed = sealed[part].slice();
      changed[0] = (changed[0] as number) ^ 1;
      expect(await keyring.open({ ...sealed, [part]: changed }, "owner")).toBeNull();
    }
  });

  it("is another each time", async () => {
    const [first, second] = [await sealing(), await sealing()];
    expect(first.sealed.ciphertext).not.toEqual(second.sealed.ciphertext);
    expect(first.sealed.iv).not.toEqual(second.sealed.iv);
  });
});

describe("the secrets of an attempt", () => {
  it("are those of its plan's time, whoever asks and whatever was set since", async () => {
    let now = 1000;
    const keeper = keeperWith(key(1), [], () => now);
    await keeper.set(ORG, "A", "the first value");
    now = 2000;
    await keeper.set(ORG, "A", "\ufeffthe second value");
    expect(await given(keeper, { X: "A", Y: "A" }, 1500)).toEqual(["X=the first value", "Y=the first value"]);
    expect(await given(keeper, { X: "A" }, 2000)).toEqual(["X=\ufeffthe second value"]);
    // By clocks that disagree a run can be older than its secrets.
    expect(await given(keeper, { X: "A" }, 1)).toEqual(["X=the first value"]);
    const order = attempt({ X: "A" }, 1500);
    const again = keeperWith(key(1), []);
    expect((await again.forAttempt(order)).given).toEqual((await keeper.forAttempt(order)).given);
    const elsewhere = await keeper.forAttempt({ ...order, machineName: "mayfly-1-2" });
    expect(elsewhere.given?.pad).not.toEqual((await keeper.forAttempt(order)).given?.pad);
  });

  it("do not bring with them what was in force at other times", async () => {
    let now = 1_000_000;
    const keeper = keeperWith(key(1), [], () => now);
    for (const value of ["value number 1", "value number 2", "value number 3"]) {
      await keeper.set(ORG, "A", value);
      now += 3_600_000;
    }
    const text = "value number 1, value number 2, value number 3";
    const stars = "*".repeat(14);
    expect(await masks(keeper, text, { X: "A" }, 5_000_000)).toBe(`value number 1, ${stars}, ${stars}`);
  });

  it("are masked in output, also where they were replaced or removed since", async () => {
    const keeper = keeperWith(key(1));
    await keeper.set(ORG, "A", VALUE);
    await keeper.set(ORG, "A", "another value");
    await keeper.remove(ORG, "A");
    expect(await masks(keeper, `it is ${VALUE}, or another value.`, { X: "A" })).toBe(
      `it is ${"*".repeat(VALUE.length)}, or ${"*".repeat(13)}.`,
    );
  });

  it("can not be had once one is removed", async () => {
    const keeper = keeperWith(key(1));
    await keeper.set(ORG, "A", VALUE);
    await keeper.remove(ORG, "A");
    const { given, problem } = await keeper.forAttempt(attempt({ X: "A" }));
    expect([given, problem]).toEqual([null, expect.stringContaining("the secret A was removed")]);
  });

  it("can not be had where no key opens one, and then nothing of the output is shown", async () => {
    await keeperWith(key(1)).set(ORG, "A", VALUE);
    const keeper = keeperWith(key(2), [key(3)]);
    const { given, problem } = await keeper.forAttempt(attempt({ X: "A" }));
    expect([given, problem]).toEqual([null, expect.stringContaining("the secret A can not be opened")]);
    expect(problem).not.toContain(VALUE);
    expect(await masks(keeper, "some output\n", { X: "A" })).toBe("***********\n");
  });

  it("of a row that was moved to another name can not be had", async () => {
    const keeper = keeperWith(key(1));
    await keeper.set(ORG, "A", VALUE);
    await env.DB.prepare("UPDATE secrets SET name = 'B'").run();
    expect((await keeper.forAttempt(attempt({ X: "B" }))).given).toBeNull();
  });
});

describe("a key's replacement", () => {
  it("leaves what is in use as it is, and a sweep takes the old key out of what is stored", async () => {
    const [before, during, after] = [
      keeperWith(key(1)),
      keeperWith(key(2), [key(9), key(1)]),
      keeperWith(key(2)),
    ];
    await before.set(ORG, "A", VALUE);
    const order = attempt({ X: "A" });
    const halfGiven = (await before.forAttempt(order)).given;
    expect((await during.forAttempt(order)).given).toEqual(halfGiven);
    await expect(given(after, { X: "A" })).rejects.toThrow("can not be opened");
    await during.tend();
    expect(await given(after, { X: "A" })).toEqual([`X=${VALUE}`]);
    expect((await after.forAttempt(order)).given).toEqual(halfGiven);
    await expect(given(before, { X: "A" })).rejects.toThrow("can not be opened");
  });

  it("has what is set meanwhile under the new key", async () => {
    await keeperWith(key(2), [key(1)]).set(ORG, "A", VALUE);
    expect(await given(keeperWith(key(2)), { X: "A" })).toEqual([`X=${VALUE}`]);
  });
});

it("what no key opens keeps nothing else from being encrypted anew", async () => {
  for (let index = 0; index < SECRETS_RESEALED_PER_SWEEP; index++)
    await keeperWith(key(5)).set(ORG, `LOST_${index}`, VALUE);
  await keeperWith(key(1)).set(ORG, "Z", VALUE);
  // The lost key has its name, and not its bytes.
  const { keyId } = await createKeyring(key(3), []).seal(new Uint8Array(1), "owner");
  await env.DB.prepare("UPDATE secrets SET key_id = ? WHERE name <> 'Z'").bind(keyId).run();
  const keeper = keeperWith(key(2), [key(1), key(3)]);
  await keeper.tend();
  await keeper.tend();
  expect(await given(keeperWith(key(2)), { X: "Z" })).toEqual([`X=${VALUE}`]);
});

it("keys of before that are none are named by the deployment's complaint", () => {
  expect(readConfig({ ...env, ENCRYPTION_KEYS_OLD: ` ${key(1)},${key(2)}, ` }).oldEncryptionKeys).toEqual([
    key(1),
    key(2),
  ]);
  expect(() => readConfig({ ...env, ENCRYPTION_KEYS_OLD: `${key(1)},short` })).toThrow(
    "ENCRYPTION_KEYS_OLD is not a list of keys",
  );
});

it("the minute's cron encrypts anew what is under an old key", async () => {
  await keeperWith(key(1)).set(ORG, "A", VALUE);
  const bindings = { ...env, ENCRYPTION_KEY: key(2), ENCRYPTION_KEYS_OLD: key(1) };
  await worker.scheduled(createScheduledController(), bindings);
  expect(await given(keeperWith(key(2)), { X: "A" })).toEqual([`X=${VALUE}`]);
});

it("what was retired is kept for as long as a machine can have it, and then forgotten", async () => {
  let now = 1_000_000;
  const keeper = keeperWith(key(1), [], () => now);
  await keeper.set(ORG, "A", "the first value");
  now += 1000;
  await keeper.set(ORG, "A", "the second value");
  const count = async () =>
    (await env.DB.prepare("SELECT count(*) AS n FROM secrets").first<{ n: number }>())?.n;
  now += SECRET_RETIRED_KEPT_MS;
  await keeper.tend();
  expect(await count()).toBe(2);
  now += 1;
  await keeper.tend();
  expect(await count()).toBe(1);
  expect(await keeper.list(ORG)).toMatchObject([{ name: "A", version: 2 }]);
});

describe("the values of what senders sign with", () => {
  it("are those that can be opened, and for nothing at all something is opened, too", async () => {
    const keeper = keeperWith(key(1));
    await keeper.set(ORG, "A", "first");
    await keeper.set(ORG, "B", "second");
    const sealed = await store.inForce(ORG, ["A", "B"], 0, 0);
    expect((await keeper.values(ORG, sealed)).toSorted()).toEqual(["first", "second"]);
    expect(await keeper.values("another", sealed)).toEqual([]);
    expect(await keeperWith(key(2)).values(ORG, sealed)).toEqual([]);
    const keyring = createKeyring(key(1), []);
    let opened = 0;
    const open: typeof keyring.open = (...sealed) => {
      opened += 1;
      return keyring.open(...sealed);
    };
    const counted = createSecretKeeper({ store, keyring: { ...keyring, open }, clock: { now: Date.now } });
    expect(await counted.values(ORG, [])).toEqual([]);
    expect(opened).toBe(1);
    await counted.values(ORG, sealed.slice(0, 1));
    expect(opened).toBe(2);
  });
});
