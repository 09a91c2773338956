/** Names and passwords of registries, where `docker login` and `podman login` leave them. Helper programs are not asked. */

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ImageError } from "./error.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What docker calls its hub in there. */
const HUB_KEYS = ["https://index.docker.io/v1/", "index.docker.io", "docker.io"];

/** Where docker keeps its settings. */
export function dockerConfigPath(): string {
  return join(process.env.DOCKER_CONFIG ?? join(homedir(), ".docker"), "config.json");
}

/** What the file says for a registry, or null. @throws ImageError where the file is none of docker's */
export function credentialsFor(registry: string, file: string): Credentials | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  let auths: Record<string, { auth?: string } | undefined>;
  try {
    ({ auths = {} } = JSON.parse(text) as { auths?: typeof auths });
  } catch {
    throw new ImageError(`${file} is not JSON`);
  }
  const keys =
    registry === "registry-1.docker.io" ? [...HUB_KEYS, registry] : [registry, `https://${registry}`];
  const auth = keys.map((key) => auths[key]?.auth).find((found) => found);
  const [, username, password] =
    /^([^:]+):(.*)$/s.exec(Buffer.from(auth ?? "", "base64").toString("utf8")) ?? [];
  return username === undefined || password === undefined ? null : { username, password };
}
