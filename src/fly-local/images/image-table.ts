/** `mayfly images list`. */

import { megabytes } from "./pull-log.ts";
import type { NamedImage, StoredImage } from "./store.ts";

/** Lines under a heading, columns below each other. */
export function imageTable(images: readonly (NamedImage & StoredImage)[]): string {
  const rows = images
    // A name by digest stands beside the one by tag, and says no more than it.
    .filter(
      ({ name, id }) =>
        !name.includes("@") || !images.some((other) => other.id === id && !other.name.includes("@")),
    )
    .map(({ name, id, unpackedBytes, addedAt }) => [
      name,
      id.slice(0, 19),
      megabytes(unpackedBytes),
      new Date(addedAt).toISOString().replace(/\.\d+Z$/, "Z"),
    ]);
  if (rows.length === 0) return "no images; mayfly images add takes one in, and machines pull what they need";
  const all = [["IMAGE", "ID", "SIZE", "ADDED"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}
