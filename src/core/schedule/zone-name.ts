/** Names of time zones, as people write them: which ones there are, and which one was meant. */

/**
 * Abbreviations that Intl takes for a zone though they are not in the IANA database, and though most mean several: it takes BST for
 * Bangladesh (ICU, legacy time zone ids).
 */
const ABBREVIATIONS = new Set(
  "ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST".split(
    " ",
  ),
);
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/;
const NAME_MAX_CHARS = 64;
/** Letters that may be wrong in what is taken for a slip of the pen. */
const SLIPS_MAX = 3;
const SUGGESTIONS_MAX = 3;

/** Why the text is no time zone, as a sentence about it; null where it is one. */
export function zoneComplaint(text: string): string | null {
  if (text.length > NAME_MAX_CHARS || !NAME.test(text))
    return `must be the name of an IANA time zone, such as Europe/Berlin or UTC${meantBy(text)}`;
  if (ABBREVIATIONS.has(text.toUpperCase()))
    return "is short for several zones; name a place instead, such as Europe/London or America/Los_Angeles";
  if (!text.startsWith("SystemV/") && isKnownToIntl(text)) return null;
  return `is no IANA time zone, such as Europe/Berlin or UTC${meantBy(text)}`;
}

function meantBy(text: string): string {
  const suggestions = text.length > NAME_MAX_CHARS ? [] : similarZones(text.trim().replaceAll(" ", "_"));
  return suggestions.length > 0 ? `; did you mean ${suggestions.join(" or ")}?` : "";
}

function isKnownToIntl(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** The zones that may have been meant, nearest first: by the place, or by few wrong letters. */
function similarZones(text: string): string[] {
  const wanted = text.toLowerCase();
  const place = placeOf(wanted);
  return Intl.supportedValuesOf("timeZone")
    .map((zone) => {
      const known = zone.toLowerCase();
      const slips =
        placeOf(known) === place
          ? 0
          : Math.min(slipsBetween(wanted, known), slipsBetween(place, placeOf(known)));
      return { zone, slips };
    })
    .filter(({ slips }) => slips <= Math.min(SLIPS_MAX, place.length / 3))
    .sort((a, b) => a.slips - b.slips)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ zone }) => zone);
}

const placeOf = (zone: string) => zone.slice(zone.lastIndexOf("/") + 1);

/** Letters to put in, take out or change to make one text of the other (Levenshtein). */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > SLIPS_MAX) return SLIPS_MAX + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++)
      next.push(
        Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (b[j] === letter ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
