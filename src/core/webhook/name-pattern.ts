/** Names with `*` in them, for any characters. Matching takes as many steps as pattern and name have characters, multiplied, at most. */

export function matchesName(pattern: string, name: string): boolean {
  let [inPattern, inName] = [0, 0];
  /** Where the last star stands, and what of the name it has taken so far: only the last one is ever tried again. */
  let [star, taken] = [-1, 0];
  while (inName < name.length) {
    if (pattern[inPattern] === "*") {
      star = inPattern++;
      taken = inName;
    } else if (pattern[inPattern] === name[inName]) {
      inPattern++;
      inName++;
    } else if (star >= 0) {
      inPattern = star + 1;
      inName = ++taken;
    } else return false;
  }
  while (pattern[inPattern] === "*") inPattern++;
  return inPattern === pattern.length;
}
