/**
 * A path on this site to go to, taken from a request; "/" for everything else. Browsers read "//host" and "/\host" as
 * another site and drop tabs and line ends, so none of those get through.
 */
export function localPath(text: string | undefined): string {
  if (text === undefined || text.length > 512) return "/";
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\")) return "/";
  const url = new URL(text, "http://here.invalid");
  return url.host === "here.invalid" && !url.pathname.startsWith("//") ? url.pathname + url.search : "/";
}
