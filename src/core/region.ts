/**
 * Fly's region expressions: one or more, separated by commas, of a region's code, an alias of several regions, or `any`
 * (https://fly.io/docs/machines/guides-examples/machine-placement/). New regions open, so every code of three letters may be one.
 */

const ALIASES = ["any", "apac", "eu", "na", "sa", "us", "usa"];

/** Why the text is no region expression, as a sentence about it; null where it is one. */
export function regionComplaint(text: string): string | null {
  const wrong = text.split(",").find((word) => !/^[a-z]{3}$/.test(word) && !ALIASES.includes(word));
  return wrong === undefined
    ? null
    : `must be a Fly region's code of three small letters, such as "ams", or one of ${ALIASES.join(", ")}`;
}
