/** The programs of images under test: a static busybox, which runs in a root with nothing else in it. */

import { existsSync, readFileSync } from "node:fs";
import { hasSandbox } from "../processes/levels.ts";

export const BUSYBOX = "/bin/busybox";
/** Whether it can be an image's only file. */
export const hasBusybox = existsSync(BUSYBOX) && !readFileSync(BUSYBOX).includes("/ld-linux");

if (!hasBusybox) {
  const missing = `machines with images are not tried: ${BUSYBOX} is not there or not static; apt-get install busybox-static`;
  if (process.env.CI) throw new Error(missing);
  console.warn(missing);
}

/** Whether machines with images can be tried here. */
export const hasImages = hasSandbox && hasBusybox;
