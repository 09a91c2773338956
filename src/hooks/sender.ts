/** What is known of each sender of deliveries: how it proves that it sent one, and what it says. */

import type { Change } from "../core/hook/change.ts";
import type { Json } from "../core/hook/delivery.ts";
import type { HookOptions, HookRules, HookSignature } from "../core/hook/spec.ts";

/** What a call claims to be proved by. */
export interface Claim {
  algorithm: HookSignature["algorithm"];
  /** The bytes that are signed, in parts. */
  signed: readonly Uint8Array[];
  /** Signatures of which one must fit; none where there is none that can be read. */
  signatures: readonly Uint8Array[];
  /** The key that a secret stands for. */
  keyOf(secret: string): Uint8Array;
  /** When it was signed, epoch seconds. Null: the sender does not say; not a number: it should have. */
  signedAtS: number | null;
  /** The secret itself, where the sender shows it in place of a signature. Absent: it never does. */
  token?: { shown: string | null; isShown(secret: string): boolean };
}

/** What one sender says in its own way. */
export interface Message {
  /** Null: the SHA-256 of `idPart` and the body has to do. */
  deliveryId: string | null;
  /** What a sender without ids of deliveries tells of one all the same. */
  idPart?: string | null;
  event: string;
  action: string | null;
  changes: readonly Change[];
  isPing: boolean;
}

export interface Sender {
  claim(headers: Headers, rawBody: Uint8Array, options: HookOptions): Claim;
  read(headers: Headers, payload: Json, options: HookOptions): Message | { complaint: string };
  /** Says which headers are kept with a delivery of a hook, by their names in small letters. None of them may be a secret. */
  kept(options: HookOptions, rules: HookRules): (header: string) => boolean;
  /** True of those that send a form if they are told to. Of all others what is no JSON is not read. */
  sendsForms?: true;
}
