/** OpenSSH's own server, of this test alone: for what a stand-in for ssh would take as it comes. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

/** It starts itself anew for each connection, and wants to be called by its whole path. */
const SSHD = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/opt/homebrew/sbin/sshd"].find(existsSync);
const IS_ROOT = process.getuid?.() === 0;

/** Why there can be none here; null where there can. */
export const NO_SSHD =
  SSHD === undefined
    ? "not here: apt-get install openssh-server"
    : IS_ROOT && isLocked()
      ? "not here: root is locked (passwd), and may not sign in"
      : null;

if (NO_SSHD !== null) {
  const missing = `checkout: sshd is ${NO_SSHD}; deploy keys are not tried with it`;
  if (process.env.CI) throw new Error(missing);
  console.warn(missing);
}

export interface SshServer {
  /** ssh://USER@127.0.0.1:PORT, behind which a path of this computer comes. */
  url: string;
  /** "[127.0.0.1]:PORT", as it is called in a file of known hosts. */
  host: string;
  /** Its own key, as such a file has it. */
  hostKey: string;
  /** Makes a key that is let in; gives the private half. */
  key(...options: string[]): string;
  /** A private key that is not let in. */
  strangersKey(): string;
  close(): Promise<void>;
}

/** Lets this process's own user in, by keys alone. */
export async function sshServer(): Promise<SshServer> {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-ssh-"));
  const made = (name: string, ...options: string[]) => {
    const path = join(dir, name);
    const type = options.includes("-t") ? [] : ["-t", "ed25519"];
    const passphrase = options.includes("-N") ? [] : ["-N", ""];
    execFileSync("ssh-keygen", ["-q", "-C", "", "-f", path, ...type, ...passphrase, ...options]);
    return { key: readFileSync(path, "utf8"), public: readFileSync(`${path}.pub`, "utf8") };
  };
  const hostKey = made("host").public.trim();
  const keys = join(dir, "keys");
  writeFileSync(keys, "");
  // Where it leaves its rights, without which it does not start as root; a service's start makes it else.
  if (IS_ROOT) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const port = await freePort();
  const settings = [
    ...["ListenAddress 127.0.0.1", `Port ${port}`, `HostKey ${join(dir, "host")}`, "PidFile none"],
    ...[`AuthorizedKeysFile ${keys}`, "StrictModes no", "PermitRootLogin yes", "UsePAM no"],
    ...["PasswordAuthentication no", "KbdInteractiveAuthentication no"],
  ];
  const child = spawn(SSHD ?? "", ["-D", "-e", "-f", "/dev/null", ...settings.flatMap(asOption)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await listening(child);
  let count = 0;
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    host: `[127.0.0.1]:${port}`,
    hostKey,
    key(...options) {
      const { key, public: half } = made(`key${count++}`, ...options);
      writeFileSync(keys, half, { flag: "a" });
      return key;
    },
    strangersKey: () => made(`key${count++}`).key,
    async close() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      if (child.kill()) await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function asOption(setting: string): string[] {
  return ["-o", setting.replace(" ", "=")];
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let told = "";
    child.stderr?.on("data", (data: Buffer) => {
      told += data;
      if (told.includes("listening on")) resolve();
    });
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`sshd ended with ${code}: ${told}`)));
  });
}

/** Without PAM, whoever's password is locked is not let in by a key either. */
function isLocked(): boolean {
  try {
    return /^root:!/m.test(readFileSync("/etc/shadow", "utf8"));
  } catch {
    return false;
  }
}
