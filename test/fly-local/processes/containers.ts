/** Level container beside the others, where an engine works, and the image that its machines have in tests. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStoreIn } from "../../../src/fly-local/images/open-images.ts";
import { parseReference } from "../../../src/fly-local/images/reference.ts";
import { probeContainers } from "../../../src/fly-local/processes/container/container-probe.ts";
import { BUSYBOX, hasBusybox } from "../images/busybox.ts";
import { busyboxLayer, image, type LayerEntry, sha256 } from "../images/layers.ts";
import { levels } from "./levels.ts";

const directory = mkdtempSync(join(tmpdir(), "fly-local-containers-"));
const probe = await probeContainers(directory, true);
rmSync(directory, { recursive: true, force: true });

export const hasContainers = probe.kind === "able" && hasBusybox;
if (!hasContainers) {
  const reason = probe.kind === "able" ? `${BUSYBOX} is not static` : probe.reason;
  const missing = `level container is not tried: ${reason}; apt-get install podman runc busybox-static, and CONTAINERS_CONF=.ci/containers.conf where podman may not raise limits`;
  if (process.env.CI) throw new Error(missing);
  console.warn(missing);
}

/** All that this computer can be tested with. */
export const everyLevel: ("sandbox" | "process" | "container")[] = hasContainers
  ? [...levels, "container"]
  : levels;

/** Where machines share no files with this computer. */
export const isolatedLevels = everyLevel.filter((level) => level !== "process");

/** What `support.ts` calls its machines' image. */
const NAME = "alpine";

/**
 * Gives a server's state an image with busybox's programs, as `mayfly images add` would. The engine keeps it after the
 * tests, under one name for all of them, "localhost/mayfly:<digest>".
 */
export async function addTestImage(state: string, name = NAME, more: LayerEntry[] = []): Promise<void> {
  const names = execFileSync(BUSYBOX, ["--list"], { encoding: "utf8" }).trim().split("\n");
  const tools = names.filter((name) => name !== "busybox");
  const layer = await busyboxLayer([
    ...tools.map((tool) => ({ name: `bin/${tool}`, type: "symlink", linkname: "busybox" }) as const),
    { name: "usr/" },
    { name: "tmp/", mode: 0o1777 },
    ...more,
  ]);
  const { id } = image([layer]);
  const config = {
    entrypoint: [],
    cmd: [],
    env: {},
    user: "",
    workdir: "/",
    labels: {},
    os: null,
    architecture: null,
  };
  const fetch = async (place: string) => {
    writeFileSync(place, layer.tar);
    return place;
  };
  const layers = [{ diffId: sha256(layer.tar), bytes: layer.tar.length, fetch }];
  const store = openStoreIn(state);
  await store.put({ id, digest: null, config, layers }, [parseReference(name)], new AbortController().signal);
}
