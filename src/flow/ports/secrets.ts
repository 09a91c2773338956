/** Secrets: where they are kept, encrypted, and who gives their values to Machines. */

import type { Redactor } from "../../core/redactor.ts";
import type { MaskedSecrets } from "../../core/secret-giving.ts";

/** What is told of a secret. */
export interface SecretInfo {
  name: string;
  version: number;
  /** Whether it is long enough to be looked for in output. */
  redacted: boolean;
  /** When a secret of this name was first set. */
  createdAt: number;
  /** When this version was. */
  setAt: number;
}

/** A version of a secret as it is stored. Immutable, but for the key that it is encrypted with. */
export interface SealedSecret extends SecretInfo {
  /** Names the key. */
  keyId: string;
  iv: Uint8Array<ArrayBuffer>;
  ciphertext: Uint8Array<ArrayBuffer>;
  /** Bytes of the value. */
  size: number;
  /** Since when another version is in force, or none; null while this one is. */
  retiredAt: number | null;
}

/** How many bytes one in force has. */
export interface SecretSize {
  name: string;
  size: number;
}

/** A version and whose it is. */
export interface OwnedSecret {
  orgId: string;
  secret: SealedSecret;
}

/** Where secrets are kept. It sees no value. */
export interface SecretStore {
  /** Stores the next version and retires the one before, both or neither. False where that version exists. */
  put(orgId: string, secret: SealedSecret): Promise<boolean>;
  /** Those in force, by name. */
  list(orgId: string): Promise<SecretInfo[]>;
  /** The last version of a name, in force or not; null where none is kept. */
  latest(orgId: string, name: string): Promise<SealedSecret | null>;
  /** Bytes of those in force of these names. */
  sizes(orgId: string, names: string[]): Promise<SecretSize[]>;
  /** Versions of these names that are in force now, or were at any moment from one time to another. */
  inForce(orgId: string, names: string[], from: number, to: number): Promise<SealedSecret[]>;
  /** Leaves no version of a name in force. False where none was. */
  retire(orgId: string, name: string, at: number): Promise<boolean>;
  /** Removes versions that were retired before a time. */
  forgetRetired(before: number): Promise<void>;
  /**
   * Versions under one of these keys, at most `limit`: those after the ones that the call before gave, and from the start once
   * there are no more, so that some that stay as they are keep no others from their turn.
   */
  nextUnderKeys(keyIds: string[], limit: number, at: number): Promise<OwnedSecret[]>;
  /** Replaces what is stored of a version by the same under another key, unless somebody else has. */
  reseal(orgId: string, before: SealedSecret, after: SealedSecret): Promise<void>;
}

/** The secrets of one attempt. */
export interface AttemptSecrets {
  /** Null where they can not be had; `problem` is why, as a sentence that has no value in it. */
  given: MaskedSecrets | null;
  problem: string | null;
  /** Masks in output all that this attempt's Machine can have been given. */
  redact: Redactor;
}

/** The values of secrets, for those who bring them to a Machine. */
export interface Secrets {
  /**
   * Those of an attempt, as they were when it was planned: whoever asks is answered the same.
   * @param variables names of secrets by the variables that they are given in
   */
  forAttempt(attempt: {
    orgId: string;
    machineName: string;
    plannedAt: number;
    variables: Record<string, string>;
  }): Promise<AttemptSecrets>;
}

/** Setting, showing and removing secrets, and keeping them under the current key. */
export interface SecretKeeper extends Secrets {
  set(orgId: string, name: string, value: string): Promise<{ secret: SecretInfo; isNew: boolean }>;
  list(orgId: string): Promise<SecretInfo[]>;
  /** False where there was none. */
  remove(orgId: string, name: string): Promise<boolean>;
  /**
   * The values of some versions, but for those that can not be opened. For nobody at all it takes as long as for one, so that its time
   * does not tell what there is.
   */
  values(orgId: string, sealed: SealedSecret[]): Promise<string[]>;
  /** The value in force, for calls of our own; null where there is none, or no key opens it. */
  value(orgId: string, name: string): Promise<string | null>;
  /**
   * Why a run can not be given these; nothing where it can. `variable` is one that is wrong, null where all of them together are.
   * @param inForce those that are, by whoever has just read them
   */
  complaints(
    orgId: string,
    variables: Record<string, string>,
    inForce?: readonly SecretSize[],
  ): Promise<{ variable: string | null; message: string }[]>;
  /** A bounded part of what is to be done now and then: forgets what was retired long ago, and encrypts anew what is under old keys. */
  tend(): Promise<void>;
}
