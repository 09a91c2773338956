/** The program behind `mayfly images`: adds images to the store of a local Machines API, lists and removes them. The server may run meanwhile. */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { addImages } from "./images/add-images.ts";
import { ImageError } from "./images/error.ts";
import { imageTable } from "./images/image-table.ts";
import { openStoreIn } from "./images/open-images.ts";
import { parseReference } from "./images/reference.ts";
import { removeImage } from "./images/remove-image.ts";

const INTERRUPTED = 130;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { state: { type: "string", default: ".mayfly/machines" }, as: { type: "string" } },
  });
  const [verb = "", subject = ""] = positionals;
  const state = resolve(values.state);
  const store = openStoreIn(state);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  try {
    if (verb === "list") print(imageTable(store.list()));
    else if (verb === "add")
      for (const line of await addImages(store, resolve(subject), values.as ?? null, stop.signal))
        print(line);
    else if (verb === "remove") print(await removeImage(store, parseReference(subject), state));
    else throw new ImageError("add, list or remove is expected");
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    process.stderr.write(`mayfly: ${error.message}\n`);
    process.exitCode = stop.signal.aborted ? INTERRUPTED : 1;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
