/**
 * Secrets: set, listed, removed, and brought to attempts. Values are in clear only here and on their way to a Machine, never in
 * what is stored, answered or logged.
 */

import { AppError } from "../core/error.ts";
import {
  RUN_SECRETS_MAX_BYTES,
  SECRET_RETIRED_KEPT_MS,
  SECRETS_MAX_COUNT,
  SECRETS_RESEALED_PER_SWEEP,
} from "../core/limits.ts";
import { redactAll, redactorOf } from "../core/redactor.ts";
import { isRedacted } from "../core/secret-forms.ts";
import { secretsContent } from "../core/secret-giving.ts";
import type { SealedSecret, SecretInfo, SecretKeeper, SecretStore } from "../flow/ports/secrets.ts";
import type { Clock } from "../flow/ports.ts";
import type { Keyring } from "./keyring.ts";
import { mask } from "./mask.ts";

/** In front of each value, encrypted with it: what pads derive from. */
const SEED_BYTES = 16;
/** As long as what senders sign with usually is. */
const DECOY_BYTES = 32;
/** As far as the clocks that tell of a plan and of a secret can be apart. */
const CLOCKS_APART_MS = 60_000;
/** Writers of one name that may come first before this one gives up. */
const TRIES = 5;

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

interface Clear {
  seed: Uint8Array;
  value: string;
}

export function createSecretKeeper(ports: {
  store: SecretStore;
  keyring: Keyring;
  clock: Clock;
}): SecretKeeper {
  const { store, keyring, clock } = ports;

  const opened = async (orgId: string, secret: SealedSecret): Promise<Clear | null> => {
    const bytes = await keyring.open(secret, ownerOf(orgId, secret));
    return bytes && { seed: bytes.slice(0, SEED_BYTES), value: text.decode(bytes.slice(SEED_BYTES)) };
  };

  /** What is opened where there is nothing to open. */
  let decoy: Promise<SealedSecret> | null = null;
  const sealDecoy = async (): Promise<SealedSecret> => {
    const info = { name: "", version: 0, redacted: false, createdAt: 0, setAt: 0, size: 0, retiredAt: null };
    const payload = crypto.getRandomValues(new Uint8Array(SEED_BYTES + DECOY_BYTES));
    return { ...info, ...(await keyring.seal(payload, ownerOf("", info))) };
  };

  return {
    async set(orgId, name, value) {
      const bytes = utf8.encode(value);
      const payload = new Uint8Array(SEED_BYTES + bytes.length);
      crypto.getRandomValues(payload.subarray(0, SEED_BYTES));
      payload.set(bytes, SEED_BYTES);
      for (let tries = 0; tries < TRIES; tries++) {
        const before = await store.latest(orgId, name);
        const current = before?.retiredAt === null ? before : null;
        if (!current && (await store.list(orgId)).length >= SECRETS_MAX_COUNT)
          throw new AppError(
            "invalid_input",
            `there are ${SECRETS_MAX_COUNT} secrets, which is as many as there can be; remove one first`,
            "path.name",
          );
        // Later than the version before it, whatever the clocks of two computers say.
        const setAt = Math.max(clock.now(), (before?.setAt ?? 0) + 1);
        const info: SecretInfo = {
          name,
          version: (before?.version ?? 0) + 1,
          redacted: isRedacted(value),
          createdAt: current?.createdAt ?? setAt,
          setAt,
        };
        const sealed = await keyring.seal(payload, ownerOf(orgId, info));
        const secret = { ...info, ...sealed, size: bytes.length, retiredAt: null };
        if (await store.put(orgId, secret)) return { secret: info, isNew: !current };
      }
      throw new AppError("unavailable", "the secret is being set by others right now; try again");
    },

    list: (orgId) => store.list(orgId),

    async values(orgId, sealed) {
      decoy ??= sealDecoy();
      const nothing = await decoy;
      const isDecoy = sealed.length === 0;
      const kept = isDecoy ? [nothing] : sealed;
      const values = await Promise.all(kept.map((secret) => opened(isDecoy ? "" : orgId, secret)));
      return isDecoy ? [] : values.flatMap((clear) => (clear === null ? [] : clear.value));
    },

    remove: (orgId, name) => store.retire(orgId, name, clock.now()),

    async value(orgId, name) {
      const latest = await store.latest(orgId, name);
      if (latest === null || latest.retiredAt !== null) return null;
      return (await opened(orgId, latest))?.value ?? null;
    },

    async complaints(orgId, variables, inForce) {
      const current = inForce ?? (await store.sizes(orgId, Object.values(variables)));
      const complaints: { variable: string | null; message: string }[] = [];
      let bytes = 0;
      for (const [variable, name] of Object.entries(variables)) {
        const secret = current.find((each) => each.name === name);
        if (secret) bytes += variable.length + secret.size + 2;
        else
          complaints.push({
            variable,
            message: `there is no secret ${name}; set it first (PUT /v1/secrets/${name})`,
          });
      }
      return bytes <= RUN_SECRETS_MAX_BYTES
        ? complaints
        : [...complaints, { variable: null, message: TOO_LARGE }];
    },

    async forAttempt({ orgId, machineName, plannedAt, variables }) {
      const names = Object.values(variables);
      const kept = await store.inForce(
        orgId,
        names,
        plannedAt - CLOCKS_APART_MS,
        plannedAt + CLOCKS_APART_MS,
      );
      const clear = new Map<SealedSecret, Clear>();
      for (const secret of kept) {
        const one = await opened(orgId, secret);
        if (one) clear.set(secret, one);
      }
      let problem: string | null = null;
      let isUnknown = false;
      const pairs: [string, string][] = [];
      const seeds: Uint8Array[] = [];
      for (const [variable, name] of Object.entries(variables)) {
        const versions = kept.filter((each) => each.name === name);
        const secret = asOf(versions, plannedAt);
        const one = secret && clear.get(secret);
        if (!versions.some(({ retiredAt }) => retiredAt === null)) problem ??= removed(name);
        if (secret && !one) {
          isUnknown = true;
          problem ??= unopened(name);
        }
        if (one) {
          pairs.push([variable, one.value]);
          seeds.push(one.seed);
        }
      }
      const content = Uint8Array.from(secretsContent(pairs));
      if (content.length > RUN_SECRETS_MAX_BYTES) problem ??= `the run's secrets: ${TOO_LARGE}`;
      return {
        given: problem === null ? await mask(content, seeds, machineName) : null,
        problem,
        // More than what was given does no harm: a version of just before or after is looked for, too.
        redact: isUnknown ? redactAll : redactorOf([...clear.values()].map(({ value }) => value)),
      };
    },

    async tend() {
      await store.forgetRetired(clock.now() - SECRET_RETIRED_KEPT_MS);
      const old = await keyring.oldIds();
      if (old.length === 0) return;
      for (const { orgId, secret } of await store.nextUnderKeys(
        old,
        SECRETS_RESEALED_PER_SWEEP,
        clock.now(),
      )) {
        const owner = ownerOf(orgId, secret);
        const bytes = await keyring.open(secret, owner);
        if (bytes !== null)
          await store.reseal(orgId, secret, { ...secret, ...(await keyring.seal(bytes, owner)) });
      }
    },
  };
}

const TOO_LARGE = `can be at most ${RUN_SECRETS_MAX_BYTES} bytes together, with the names of their variables`;

function removed(name: string): string {
  return `the secret ${name} was removed before the machine was given it; set it anew and run again`;
}

function unopened(name: string): string {
  return `the secret ${name} can not be opened: the key that it was encrypted with is neither ENCRYPTION_KEY nor one of ENCRYPTION_KEYS_OLD; add that key, or set the secret anew`;
}

function ownerOf(orgId: string, { name, version }: Pick<SecretInfo, "name" | "version">): string {
  return JSON.stringify([orgId, name, version]);
}

/** The version that was in force at a time; where none was by the clocks that tell, the first that came after it. */
function asOf(versions: SealedSecret[], at: number): SealedSecret | undefined {
  const ordered = versions.toSorted((a, b) => a.version - b.version);
  return ordered.findLast(({ setAt }) => setAt <= at) ?? ordered[0];
}
