/** Identifiers shaped like Fly's: clients check their lengths and alphabets. */

import { randomBytes, randomInt } from "node:crypto";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ADJECTIVES = ["aged", "bold", "calm", "damp", "falling", "green", "little", "misty", "quiet", "spring"];
const NOUNS = ["bird", "brook", "cloud", "dawn", "field", "leaf", "pond", "river", "sky", "wind"];

/** A ULID: 26 characters that sort by time (instance ids, event ids, request ids). */
export function ulid(nowMs: number): string {
  let time = "";
  for (let rest = nowMs, digit = 0; digit < 10; digit++, rest = Math.floor(rest / 32))
    time = CROCKFORD.charAt(rest % 32) + time;
  let random = "";
  for (const byte of randomBytes(16)) random += CROCKFORD.charAt(byte & 31);
  return time + random;
}

/** A Machine id: 14 lower-case hex characters. */
export function machineId(): string {
  return randomBytes(7).toString("hex");
}

/** A name for a Machine that was given none: `adjective-noun-NNNN`, drawn until it is free. There are 900,000. */
export function machineName(isTaken: (name: string) => boolean): string {
  while (true) {
    const name = `${ADJECTIVES[randomInt(ADJECTIVES.length)]}-${NOUNS[randomInt(NOUNS.length)]}-${randomInt(1000, 10_000)}`;
    if (!isTaken(name)) return name;
  }
}

/** A private address as Fly writes them, made of the Machine's id. No interface has it. */
export function privateIp(id: string): string {
  const parts = id.match(/.{1,4}/g) ?? [];
  return `fdaa:0:0:a7b:${parts.slice(0, 3).join(":")}:2`;
}
