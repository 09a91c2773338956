import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { hasSandbox } from "./processes/levels.ts";
import { type Api, api, LIVES, machines, stateDir } from "./support.ts";

const MAIN = new URL("../../src/fly-local/main.ts", import.meta.url).pathname;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Started {
  readonly fly: Api;
  /** All that it said at the start. */
  readonly said: string;
  /** The status of a call with this token, or with none. */
  asked(path: string, token?: string, method?: string): Promise<number>;
}

async function start(
  state: string,
  flags: string[] = [],
  env: Record<string, string> = {},
): Promise<Started> {
  const args = [MAIN, "--port", "0", "--images", "host", "--state", state, ...flags];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  ends.push(async () => {
    const exit = once(child, "exit");
    child.kill();
    await exit;
  });
  const said = String((await once(child.stdout, "data"))[0]);
  const url = /http:\/\/\S+/.exec(said)?.[0] ?? "";
  return {
    fly: api(url),
    said,
    asked: async (path, token, method = "GET") => {
      const headers: Record<string, string> = { "content-type": "application/json" };
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      return (await fetch(url + path, { method, headers })).status;
    },
  };
}

/** What a start that is refused says. */
async function refusal(...flags: string[]): Promise<string> {
  const child = spawn(process.execPath, [MAIN, "--port", "0", "--state", stateDir(), ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  expect((await once(child, "close"))[0]).toBe(1);
  return said;
}

const PATHS = [machines, "/v1/apps/test/secrets?show_secrets=true", "/_control/calls", "/_control/faults"];

describe("the program, told nothing of a token,", () => {
  it("makes one, keeps it for its owner alone and answers to nobody without it", async () => {
    const state = stateDir();
    const { asked } = await start(state, ["--isolation", "process"]);
    const file = join(state, "token");
    const token = readFileSync(file, "utf8").trim();
    expect(token).toMatch(/^local-[0-9a-f]{48}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const path of PATHS) {
      expect(await asked(path), path).toBe(401);
      expect(await asked(path, "any"), path).toBe(401);
      expect(await asked(path, token), path).toBe(200);
    }
    expect(await asked("/_control/faults", undefined, "DELETE")).toBe(401);
  });

  it("says what to paste, which finds the server and opens it", async () => {
    const state = join(stateDir(), "it's a folder");
    const { asked, said } = await start(state, ["--isolation", "process"]);
    const exports = said.split("\n").filter((line) => line.startsWith("  export "));
    const script = `${exports.join("\n")}\nprintf '%s %s' "$FLY_API_TOKEN" "$FLY_API_BASE_URL"`;
    const [token = "", url] = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split(" ");
    expect(url).toBe(/ready on (\S+)/.exec(said)?.[1]);
    expect(said).not.toContain(token);
    expect(await asked(machines, token)).toBe(200);
  });

  it("takes the same one at its next start", async () => {
    const state = stateDir();
    await start(state, ["--isolation", "process"]);
    const token = readFileSync(join(state, "token"), "utf8").trim();
    await ends.pop()?.();
    expect(await (await start(state, ["--isolation", "process"])).asked(machines, token)).toBe(200);
  });

  it("does not start where what is kept is none", async () => {
    const state = stateDir();
    writeFileSync(join(state, "token"), "\n");
    expect(await refusal("--state", state)).toContain(`${join(state, "token")} holds no token`);
  });

  it.skipIf(!hasSandbox)("lets a machine neither read it nor drive the server", async () => {
    const state = stateDir();
    const { fly, said } = await start(state, ["--isolation", "sandbox"]);
    const token = readFileSync(join(state, "token"), "utf8").trim();
    const as = { headers: { authorization: `Bearer ${token}`, "content-type": "application/json" } };
    const config = { image: "alpine", init: { exec: LIVES } };
    const { body } = await fly.call<{ id: string }>("POST", machines, { config }, as);
    await fly.call("GET", `${machines}/${body.id}/wait?state=started`, undefined, as);
    const script = `grep -rs ${token} ${state} /proc/1/environ /proc/self/environ; ls -A ${state}`;
    const command = ["sh", "-c", script];
    const inside = await fly.call("POST", `${machines}/${body.id}/exec`, { command }, as);
    expect(inside.body).toMatchObject({ stdout: "" });
    expect(said).not.toContain(token);
  });
});

it("the token that is given is the only one, by option and by environment", async () => {
  const byOption = await start(stateDir(), ["--isolation", "process", "--token", "right"]);
  const byEnvironment = await start(stateDir(), ["--isolation", "process"], {
    MAYFLY_MACHINES_TOKEN: "right",
  });
  for (const { asked } of [byOption, byEnvironment])
    for (const path of PATHS) {
      expect(await asked(path), path).toBe(401);
      expect(await asked(path, "wrong"), path).toBe(401);
      expect(await asked(path, "right"), path).toBe(200);
    }
});

describe("--any-token", () => {
  it("lets in whatever token comes, and leaves none in the state folder", async () => {
    const state = stateDir();
    const flags = ["--isolation", "process", "--any-token"];
    const { asked } = await start(state, flags, { MAYFLY_MACHINES_TOKEN: "right" });
    expect(await asked(machines, "whatever")).toBe(200);
    expect(await asked("/_control/calls")).toBe(200);
    expect(() => statSync(join(state, "token"))).toThrow("ENOENT");
  });

  it.each(["0.0.0.0", "::", "192.0.2.7", "127.evil.example"])(
    "is refused where others reach %s",
    async (host) => {
      expect(await refusal("--any-token", "--host", host)).toContain(
        `whoever reaches ${host} could run programs`,
      );
    },
  );
});

it.each(["two words", "a,b", "naïve"])(
  'refuses "%s", which no header could carry as a token',
  async (token) => {
    expect(await refusal("--token", token)).toContain("visible ASCII characters without commas");
  },
);
