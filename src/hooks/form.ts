/** Bodies of web forms, in which GitHub and Gitea send their JSON if they are told to. */

/** The field `payload`; null where the body is no form, or one without it: curl says of all that it posts that it is a form. */
export function formPayload(headers: Headers, rawBody: Uint8Array): string | null {
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers.get("content-type") ?? "")) return null;
  return new URLSearchParams(new TextDecoder().decode(rawBody)).get("payload");
}
