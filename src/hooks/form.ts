/** Bodies of web forms, in which GitHub and Gitea send their JSON if they are told to. */

import { utf8Bytes } from "./encodings.ts";

/** Both send this field alone. No JSON begins so. */
const FIELD = "payload=";
const START = utf8Bytes(FIELD);

/**
 * The field `payload` of a form; null where the body is none. The bytes alone say what they are: a content type is signed by nobody, and who
 * has seen JSON signed that somebody could write a part of could have it read as the form that is in that part.
 */
export function formPayload(rawBody: Uint8Array): string | null {
  if (!START.every((byte, at) => rawBody[at] === byte)) return null;
  return new URLSearchParams(new TextDecoder().decode(rawBody)).get(FIELD.slice(0, -1));
}
