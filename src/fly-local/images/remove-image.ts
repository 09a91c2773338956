/** `mayfly images remove`: takes a name away, and with its last name the image, unless a machine needs it. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../store.ts";
import { ImageError } from "./error.ts";
import { parseReference, type Reference } from "./reference.ts";
import type { ImageStore } from "./store.ts";

/**
 * @param state the server's directory, in which its machines are
 * @returns a line about it
 * @throws ImageError where there is no such image, or a machine has it
 */
export async function removeImage(store: ImageStore, reference: Reference, state: string): Promise<string> {
  const image = store.find(reference);
  const user = image === null ? null : machineWith(store, image.id, state);
  if (user !== null)
    throw new ImageError(`${reference.name} is the image of machine ${user}; destroy that first`);
  if (await store.remove(reference)) return `removed ${reference.name}`;
  throw new ImageError(`there is no image ${reference.name}; mayfly images list shows what there is`);
}

/** A machine that is not destroyed and has this image, also one that is stopped: it can be started again. */
function machineWith(store: ImageStore, id: string, state: string): string | null {
  if (!existsSync(join(state, "machines.sqlite"))) return null;
  const machines = openStore(state);
  try {
    const found = machines
      .undestroyed()
      .find((machine) => store.find(parseReference(machine.config.image))?.id === id);
    return found === undefined ? null : `${found.id} (${found.state})`;
  } finally {
    machines.close();
  }
}
