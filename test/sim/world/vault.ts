/** The secrets of the simulated world: the product's own keeper and keys over a store in memory, and what only the world knows of them. */

import type { SealedSecret, SecretKeeper, SecretStore } from "../../../src/flow/ports/secrets.ts";
import type { Clock } from "../../../src/flow/ports.ts";
import { createSecretKeeper } from "../../../src/secrets/keeper.ts";
import { createKeyring, type Keyring } from "../../../src/secrets/keyring.ts";
import { MemorySecretStore } from "../../support/memory-secret-store.ts";
import type { RealWork } from "../real-work.ts";

const key = (fill: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(fill)));
/** Their keys are derived once for all seeds. */
const KEYRINGS = {
  first: createKeyring(key(1), []),
  changed: createKeyring(key(2), [key(1)]),
  /** The old key was taken away, maybe too soon. */
  changedAlone: createKeyring(key(2), []),
};

/** In front of each value that is encrypted. */
const SEED_BYTES = 16;

export class Vault {
  readonly store = new MemorySecretStore();
  /** All values that were ever encrypted. */
  readonly values = new Set<string>();
  /** Whether there was ever a key too few. */
  wasLocked = false;
  #keys: keyof typeof KEYRINGS = "first";
  readonly #work: RealWork;
  /** By initialization vector, which is another each time. */
  readonly #valueOf = new Map<string, string>();
  readonly #keyring: Keyring = {
    oldIds: () => KEYRINGS[this.#keys].oldIds(),
    open: (sealed, owner) => KEYRINGS[this.#keys].open(sealed, owner),
    seal: async (bytes, owner) => {
      const sealed = await KEYRINGS[this.#keys].seal(bytes, owner);
      const value = Buffer.from(bytes.subarray(SEED_BYTES)).toString();
      this.values.add(value);
      this.#valueOf.set(sealed.iv.join(), value);
      return sealed;
    },
  };

  constructor(work: RealWork) {
    this.#work = work;
  }

  /** From now on these keys are the deployment's. */
  useKeys(keys: keyof typeof KEYRINGS): void {
    this.#keys = keys;
    this.wasLocked ||= keys === "changedAlone";
  }

  /** What a stored version has in it. */
  valueOf({ iv }: SealedSecret): string {
    const value = this.#valueOf.get(iv.join());
    if (value === undefined) throw new Error("a secret is stored that was never encrypted");
    return value;
  }

  /**
   * The keeper as one life has it. Its encryption takes real time; while it waits for the store the world goes on.
   * @param store as that life reaches it
   */
  keeper(store: SecretStore, clock: Clock): SecretKeeper {
    const call = async (name: string, args: unknown[]) => {
      let end = await this.#work.turn();
      const awaited = async (ask: () => Promise<unknown>) => {
        end();
        try {
          return await ask();
        } finally {
          end = await this.#work.turn();
        }
      };
      const ports = { store: each(store, (_, ask) => awaited(ask)), keyring: this.#keyring, clock };
      try {
        const keeper = createSecretKeeper(ports);
        return await Reflect.apply(Reflect.get(keeper, name), keeper, args);
      } finally {
        end();
      }
    };
    return each({} as SecretKeeper, (name, _, args) => call(name, args));
  }
}

/** A port each call of which is made in another way. */
function each<T extends object>(
  port: T,
  make: (name: string, ask: () => Promise<unknown>, args: unknown[]) => Promise<unknown>,
): T {
  return new Proxy(port, {
    get:
      (target, name) =>
      (...args: unknown[]) =>
        make(
          String(name),
          () => Reflect.apply(Reflect.get(target, name) as () => Promise<unknown>, target, args),
          args,
        ),
  });
}
