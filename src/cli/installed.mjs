/** Whether node_modules is what package-lock.json says. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Compares the lockfile with the one that npm leaves in node_modules.
 * @param {string} root
 * @returns {string | null} why an install is needed, or null where none is
 */
export function missingInstall(root) {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const present = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (present === null) return "the dependencies are not installed yet";
  for (const [path, entry] of Object.entries(wanted ?? {})) {
    if (path === "") continue;
    const found = present[path];
    // Packages for other platforms are optional and stay away.
    if (found ? !same(found, entry) : !entry.optional && !entry.devOptional)
      return "package-lock.json has changed since the last install";
  }
  return null;
}

function same(found, wanted) {
  return found.version === wanted.version && found.integrity === wanted.integrity;
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
  } catch {
    return null;
  }
}
