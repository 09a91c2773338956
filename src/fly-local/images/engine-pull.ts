/** A pull by a container engine, with its own registries, mirrors and passwords. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { endOf } from "../processes/child.ts";
import { type Engine, reasonIn, SAID_MAX } from "../processes/container/engine.ts";
import { engineName } from "./engine-inspect.ts";
import { ImageError } from "./error.ts";
import { PROGRESS_EACH_MS } from "./limits.ts";
import type { Reference } from "./reference.ts";

export interface Pull {
  /** Settles once it is known that there is such an image. Rejects with an ImageError, as `done` does. */
  readonly found: Promise<void>;
  readonly done: Promise<void>;
}

/** What engines say when they have the manifest and begin with the layers. One that says it otherwise is waited for longer. */
const HAS_MANIFEST = /Copying blob|Getting image source|Pulling fs layer|Already exists|Pulling from/;
/** As docker does it by itself: a registry on this computer needs no TLS. */
const OWN_REGISTRY = /^(localhost|127\.[\d.]+)(:|$)/;

/** @param say told of its beginning, its steps, one each second, and its end */
export function pullBy(
  engine: Engine,
  reference: Reference,
  say: (line: string) => void,
  signal: AbortSignal,
): Pull {
  const began = Date.now();
  const isPlain = engine.kind === "podman" && OWN_REGISTRY.test(reference.registry);
  const args = ["pull", ...(isPlain ? ["--tls-verify=false"] : []), engineName(reference)];
  const child = spawn(engine.program, args, { stdio: ["ignore", "pipe", "pipe"], signal });
  child.on("error", () => {});
  const { promise: found, resolve: isThere, reject: isNot } = Promise.withResolvers<void>();
  let said = "";
  let saidAt = 0;
  const hear = (line: string) => {
    if (line.trim() === "") return;
    said = `${said}${line}\n`.slice(-SAID_MAX);
    if (HAS_MANIFEST.test(line)) isThere();
    if (Date.now() - saidAt < PROGRESS_EACH_MS) return;
    saidAt = Date.now();
    say(`pulling ${reference.name} by ${engine.program}: ${line.trim()}`);
  };
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream as Readable }).on("line", hear);
  const done = endOf(child, "close").then((exit) => {
    if (exit.code === 0 && exit.signal === null) {
      say(`pulled ${reference.name} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
      return;
    }
    const why = signal.aborted ? "the server is ending" : reasonIn(said);
    say(`pulling ${reference.name} failed: ${why}`);
    throw new ImageError(why);
  });
  done.then(isThere, isNot);
  found.catch(() => {});
  return { found, done };
}
