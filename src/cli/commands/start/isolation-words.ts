/** How the isolation of machines is put to whoever starts them. */

import { plain } from "../../plain.ts";
import type { Isolation } from "./ready.ts";

/** What each level means for whoever starts it. */
const ISOLATION: Record<string, string> = {
  sandbox: "machines: sandbox, each with namespaces and a private layer over its files",
  container: "machines: container, each one of docker's or podman's",
  process: "machines: process, which isolates nothing; they share this computer's files",
};

/** The line of the start that says how machines are kept apart and held to their size. @param isolation null where nobody says */
export function isolationWords(isolation: Isolation | null): string {
  const words = ISOLATION[isolation?.level ?? ""];
  if (isolation === null || words === undefined) return "the local Machines API is up";
  const limits = isolation.limits ?? "none";
  const size = limits === "none" ? "no limits on their size" : `held to their size by ${limits}`;
  const lack = isolation.lack === null ? "" : `; no sandboxes here: ${plain(isolation.lack)}`;
  return `${words}; ${size}${lack}`;
}
