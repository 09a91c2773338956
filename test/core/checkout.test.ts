import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PullRequest } from "../../src/core/hook/change.ts";
import type { RunChange } from "../../src/core/hook/run-delivery.ts";
import type { HookSource } from "../../src/core/hook/spec.ts";
import type { MaskedSecrets } from "../../src/core/secret-giving.ts";
import {
  CHECKOUT_PATH,
  CHECKOUT_TOKEN_VARIABLE,
  type Checkout,
  checkedOutChange,
  checkoutOfChange,
  DEPLOY_KEY_VARIABLE,
  isOfOtherRepository,
  repositoryComplaint,
} from "../../src/core/step/checkout.ts";
import { GIT_ADVICE, GIT_MISSING_CODE, SSH_ADVICE } from "../../src/core/step/checkout-script.ts";
import { stepFiles } from "../../src/core/step/files.ts";
import { tokenHostComplaint } from "../../src/core/step/token-host.ts";
import { aStepsSpec } from "../support/a-steps-spec.ts";
import { type GitServer, gitServer, HAS_GIT } from "../support/git-server.ts";
import { NO_SSHD, type SshServer, sshServer } from "../support/ssh-server.ts";
import { drainSteps, type StepsOutcome, sectionOf } from "./runner/a-steps-run.ts";
import { until } from "./runner/box.ts";
import { underEachShell, underOneShell, type World } from "./runner/each-shell.ts";
import { masked } from "./runner/masked.ts";

const AS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;
const RSA_PEM = ["-t", "rsa", "-b", "2048", "-m", "PEM"];
const TOKEN = "ghs_a-token-of-the-test";

function aCheckout(change: Partial<Checkout>): Checkout {
  return {
    repository: null,
    ref: null,
    path: CHECKOUT_PATH,
    depth: 1,
    submodules: "none",
    token: null,
    deployKey: null,
    ...change,
  };
}

const left = HAS_GIT ? "" : " (not here: apt-get install git)";

describe.skipIf(!HAS_GIT)(`a checkout${left}`, () => {
  let git: GitServer;
  beforeEach(async () => {
    git = await gitServer();
  });
  afterEach(() => git.close());

  /** Runs a checkout and steps behind it; gives how they went. */
  const inWorld = (world: World) =>
    async function checkOut(
      change: Partial<Checkout>,
      {
        steps = ["cat file"],
        env = {},
        secrets,
      }: { steps?: string[]; env?: Record<string, string>; secrets?: MaskedSecrets } = {},
    ): Promise<StepsOutcome & { path: string }> {
      const { box } = world;
      const path = box.path("work");
      const checkout = aCheckout({ repository: `${git.url}/acme/site`, path, ...change });
      const run = box.run({
        steps: aStepsSpec(steps, { checkout }),
        env: { PATH: process.env.PATH ?? "", HOME: "/nowhere", ...env },
        ...(secrets && { secrets }),
      });
      if (secrets) await box.give(secrets);
      const outcome = await drainSteps(box);
      await world.letGo(run);
      return { ...outcome, path };
    };

  underEachShell("by a script", (world) => {
    it("brings in a commit with a token", async () => {
      const commit = git.commit("acme/site", { file: "one\n" });
      git.password = TOKEN;
      const secrets = masked([CHECKOUT_TOKEN_VARIABLE, TOKEN]);
      const outcome = await inWorld(world)({ token: "TOKEN", ref: commit }, { secrets });
      expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0"]);
      expect(sectionOf(outcome, 2)[0]).toBe("one\n");
    });

    it.each([
      ["of which a process is left", 0, () => "sleep 1000 &", ["1 succeeded 0", "2 succeeded 0"]],
      [
        "of another user, which is killed",
        NOBODY,
        (script: string) =>
          `for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline) in *" ${script} ") kill -KILL "\${p#/proc/}"; sleep 1000 ;; esac; done`,
        ["1 failed 137", "2 succeeded 0"],
      ],
    ])(
      "leaves its secrets in no process and no file once it is over: one %s",
      async (_how, uid, does, told) => {
        const { box } = world;
        git.commit("acme/site", { file: "one\n" });
        const [token, key] = [randomBytes(20).toString("hex"), randomBytes(20).toString("hex")];
        const gate = box.gate();
        const bin = box.path("bin");
        mkdirSync(bin);
        // What ssh does here: whatever the test wants, and then it is the host.
        const serve = `for last; do :; done\ncd ${git.root} && eval "$(echo "$last" | sed "s,'/,'./,")"`;
        const ssh = ["#!/bin/sh", "echo asked >&2", does(`${box.dir}/step.1`), serve];
        writeFileSync(`${bin}/ssh`, ssh.join("\n"), { mode: 0o755 });
        const checkout = aCheckout({
          ...{ repository: "ssh://git@github.com/acme/site", path: box.path("work") },
          ...{ token: "TOKEN", deployKey: "KEY" },
        });
        const own = Object.fromEntries(
          ["_token", "_key", "_value", "_line", "_text"].map((name) => [name, "x"]),
        );
        const secrets = masked(
          ["MINE", "mine"],
          [CHECKOUT_TOKEN_VARIABLE, token],
          [DEPLOY_KEY_VARIABLE, `${key}\nof lines\n`],
        );
        const step = {
          run: `echo begun; read -r _ <${gate.path}`,
          if: "always" as const,
          workingDirectory: "/",
        };
        const run = box.run({
          steps: aStepsSpec([step], { checkout }),
          env: { PATH: `${bin}:${process.env.PATH}`, HOME: "/nowhere", ...own },
          secrets,
          ...(AS_ROOT && { uid }),
        });
        await box.give(secrets);
        const dir = AS_ROOT && uid !== 0 ? `${box.dir}.own` : box.dir;
        await until(() => readIfThere(`${dir}/stdout`).includes("begun"));
        expect(readIfThere(`${dir}/stderr`)).toContain("asked");
        for (const value of [token, key]) {
          expect(box.holding(value)).toEqual([]);
          expect(spawnSync("grep", ["-rl", value, ...box.folders()], { encoding: "utf8" }).stdout).toBe("");
        }
        expect(box.holding("begun")).not.toEqual([]);
        gate.open();
        const outcome = await drainSteps(box);
        expect(outcome.told).toEqual(told);
        await world.letGo(run);
      },
    );
  });

  underOneShell("brings in", (world) => {
    const checkOut = inWorld(world);

    it("a commit by its id and nothing of its history, in front of the steps, which are run in it", async () => {
      const first = git.commit("acme/site", { file: "one\n" }, { message: "The first" });
      git.commit("acme/site", { file: "two\n" });
      const outcome = await checkOut(
        { ref: first },
        { steps: ["cat file; pwd", "git rev-list --count HEAD"] },
      );
      expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0", "3 succeeded 0"]);
      expect(sectionOf(outcome, 1)[0]).toContain(`HEAD is ${first} The first\n`);
      expect(sectionOf(outcome, 2)[0]).toBe(`one\n${outcome.path}\n`);
      expect(sectionOf(outcome, 3)[0]).toBe("1\n");
    });

    it("a branch, a tag, a full ref or else the default branch, with as much history as was asked for", async () => {
      git.commit("acme/site", { file: "main\n" });
      git.commit("acme/site", { file: "main\n" }, { tag: "v1" });
      git.commit("acme/site", { file: "topic\n" }, { branch: "topic/1" });
      const count = "cat file; git rev-list --count HEAD";
      const told = async (change: Partial<Checkout>) =>
        sectionOf(await checkOut(change, { steps: [count] }), 2)[0]
          .replace("\n", " ")
          .trim();
      expect(await told({ ref: "topic/1", depth: 2 })).toBe("topic 2");
    });

    it("a tag, and all of the history", async () => {
      git.commit("acme/site", { file: "main\n" });
      git.commit("acme/site", { file: "tagged\n" }, { tag: "v1" });
      git.commit("acme/site", { file: "later\n" });
      const outcome = await checkOut(
        { ref: "v1", depth: 0 },
        { steps: ["cat file; git rev-list --count HEAD"] },
      );
      expect(sectionOf(outcome, 2)[0]).toBe("tagged\n2\n");
    });

    it("the default branch where nobody says which", async () => {
      git.commit("acme/site", { file: "main\n" });
      git.commit("acme/site", { file: "topic\n" }, { branch: "topic" });
      expect(sectionOf(await checkOut({}), 2)[0]).toBe("main\n");
    });

    it("a commit that its server gives only with its branch, as old ones do", async () => {
      const first = git.commit("acme/site", { file: "one\n" });
      git.commit("acme/site", { file: "two\n" });
      git.isOld = true;
      const outcome = await checkOut({ ref: first });
      expect(sectionOf(outcome, 2)[0]).toBe("one\n");
    });

    it("what takes a token, which nobody sees but its host", async () => {
      const { box } = world;
      const other = await gitServer();
      try {
        const part = other.commit("acme/part", { part: "part\n" });
        git.commit(
          "acme/site",
          { file: "one\n" },
          { submodules: { part: { url: `${other.url}/acme/part`, commit: part } } },
        );
        git.password = TOKEN;
        const trace = box.path("trace");
        const outcome = await checkOut(
          { token: "TOKEN", submodules: "top" },
          {
            steps: ["cat file part/part; env", 'cat "/proc/$PPID/cmdline" .git/config'],
            env: { GIT_TRACE: trace },
            secrets: masked([CHECKOUT_TOKEN_VARIABLE, TOKEN]),
          },
        );
        expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0", "3 succeeded 0"]);
        expect(sectionOf(outcome, 2)[0]).toMatch(/^one\npart\n/);
        const seen = [
          outcome.stdout.toString(),
          outcome.stderr.toString(),
          readFileSync(trace, "utf8"),
        ].join();
        expect(seen).toContain("git-remote-http");
        expect(seen).not.toContain(TOKEN);
        expect(new Set(git.authorizations)).toEqual(
          new Set(["", `Basic ${btoa(`x-access-token:${TOKEN}`)}`]),
        );
        expect(new Set(other.authorizations)).toEqual(new Set([""]));
      } finally {
        await other.close();
      }
    });

    it.each([
      ["a redirect before it is asked for", { password: null, isSent: true }],
      ["a redirect of whoever has shown it", { password: TOKEN, isSent: true }],
      ["a submodule", { password: TOKEN, isSent: false }],
    ])("nothing from another host that asks for the token, though %s leads there", async (_, at) => {
      const other = await gitServer();
      try {
        const part = other.commit("acme/part", { part: "part\n" });
        other.commit("acme/site", { file: "theirs\n" });
        const submodules = { part: { url: `${other.url}/acme/part`, commit: part } };
        git.commit("acme/site", { file: "one\n" }, { submodules });
        git.password = at.password;
        other.password = TOKEN;
        if (at.isSent) git.elsewhere = other.url;
        const secrets = masked([CHECKOUT_TOKEN_VARIABLE, TOKEN]);
        const outcome = await checkOut({ token: "TOKEN", submodules: "top" }, { secrets });
        expect(outcome.told).toEqual([expect.stringMatching(/^1 failed /), "2 skipped"]);
        expect(new Set(other.authorizations)).toEqual(new Set([""]));
        expect(git.authorizations.some((shown) => shown !== "")).toBe(at.password !== null);
      } finally {
        await other.close();
      }
    });

    it("nothing with a wrong token, which is said once: the steps behind it are not run", async () => {
      const commit = git.commit("acme/site", { file: "one\n" });
      git.password = TOKEN;
      const outcome = await checkOut(
        { token: "TOKEN", ref: commit },
        { secrets: masked([CHECKOUT_TOKEN_VARIABLE, "wrong-one"]) },
      );
      expect(outcome.told).toEqual(["1 failed 1", "2 skipped"]);
      expect(sectionOf(outcome, 1)[1].split("Authentication failed")).toHaveLength(2);
      expect(outcome.stderr.toString()).not.toContain("wrong-one");
    });

    it("what takes a deploy key, which is in a file for its owner alone and for no longer than the checkout", async () => {
      const { box } = world;
      const commit = git.commit("acme/site", { file: "one\n" });
      const note = box.path("note");
      const bin = box.path("bin");
      execFileSync("mkdir", [bin]);
      // What ssh does here: it looks at its key, and is the host.
      const ssh = [
        "#!/bin/sh",
        `echo "$*" >${note}`,
        'while [ "$1" != -i ]; do shift; done',
        `stat -c %a "$2" >>${note}; cat "$2" >>${note}; echo "$2" >>${note}.key`,
        `cut -d' ' -f1,2 "\${2%key}known_hosts" >${note}.hosts`,
        `for last; do :; done`,
        `cd ${git.root} && eval "$(echo "$last" | sed "s,'/,'./,")"`,
      ].join("\n");
      execFileSync("sh", ["-c", `cat >${bin}/ssh && chmod 755 ${bin}/ssh`], { input: ssh });
      const outcome = await checkOut(
        { repository: "ssh://git@github.com:22/acme/site", ref: commit, deployKey: "KEY" },
        {
          env: { PATH: `${bin}:${process.env.PATH}` },
          secrets: masked([DEPLOY_KEY_VARIABLE, "-----KEY\nof two lines"]),
          steps: ["cat file; env"],
        },
      );
      expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0"]);
      expect(outcome.stdout.toString()).not.toContain("-----KEY");
      expect(readFileSync(note, "utf8")).toMatch(
        /StrictHostKeyChecking=yes .*git@github.com .*\n600\n-----KEY\nof two lines\n$/,
      );
      // Those of submodules, too.
      expect(readFileSync(`${note}.hosts`, "utf8").trim().split("\n").toSorted()).toEqual([
        "bitbucket.org ssh-ed25519",
        "github.com ssh-ed25519",
        "gitlab.com ssh-ed25519",
      ]);
      expect(existsSync(readFileSync(`${note}.key`, "utf8").trim())).toBe(false);
    });

    describe.skipIf(NO_SSHD)(`of a real ssh server${NO_SSHD ? ` (${NO_SSHD})` : ""}`, () => {
      let ssh: SshServer;
      beforeAll(async () => {
        ssh = await sshServer();
      });
      afterAll(() => ssh.close());

      const checkOutWith = (key: string) =>
        checkOut(
          { repository: `${ssh.url}${git.root}/acme/site`, deployKey: "KEY" },
          { secrets: masked([DEPLOY_KEY_VARIABLE, key]) },
        );

      it.each<[string, string[], (key: string) => string]>([
        ["with lines as Windows has them", [], (key) => key.replaceAll("\n", "\r\n")],
        [
          "of RSA as PEM, indented and cut at its end",
          RSA_PEM,
          (key) => key.replace(/^/gm, "    ").trimEnd(),
        ],
      ])("what a deploy key opens: one %s", async (_how, options, written) => {
        git.commit("acme/site", { file: "one\n" });
        const outcome = await checkOutWith(written(ssh.key(...options)));
        expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0"]);
        expect(sectionOf(outcome, 1)[1]).toContain(`added '${ssh.host}'`);
        expect(sectionOf(outcome, 2)[0]).toBe("one\n");
      });

      it.each<[string, () => string, RegExp]>([
        [
          "has a passphrase",
          () => ssh.key("-N", "a passphrase"),
          /\nmayfly: the deploy key has a passphrase, which nobody types here; make one without \(ssh-keygen -N ''\)\n$/,
        ],
        [
          "is none",
          () => ssh.key().slice(0, -99),
          /\nmayfly: the secret of deploy_key is no private key that ssh can read; store the whole file, from BEGIN to END\n$/,
        ],
        ["is not let in", () => ssh.strangersKey(), /^(?!.*\nmayfly:).*Permission denied \(publickey\)/s],
      ])("nothing with a deploy key that %s, and says so", async (_what, key, why) => {
        git.commit("acme/site", { file: "one\n" });
        const outcome = await checkOutWith(key());
        expect(outcome.told).toEqual(["1 failed 1", "2 skipped"]);
        expect(sectionOf(outcome, 1)[1]).toMatch(why);
      });
    });

    it("submodules of submodules where that is asked for", async () => {
      const inner = git.commit("acme/inner", { inner: "inner\n" });
      const part = git.commit(
        "acme/part",
        { part: "part\n" },
        { submodules: { inner: { url: `${git.url}/acme/inner`, commit: inner } } },
      );
      git.commit(
        "acme/site",
        { file: "one\n" },
        { submodules: { part: { url: `${git.url}/acme/part`, commit: part } } },
      );
      const outcome = await checkOut(
        { submodules: "recursive" },
        { steps: ["cat file part/part part/inner/inner"] },
      );
      expect(sectionOf(outcome, 2)[0]).toBe("one\npart\ninner\n");
    });

    it("submodules that are named by ssh beside it, by its token, however that is written", async () => {
      const { hostname } = new URL(git.url);
      const part = git.commit("acme/part", { part: "part\n" });
      const places = [`git@${hostname}:acme/part`, `ssh://git@${hostname}/acme/part`];
      const submodules = [...places, `ssh://git@${hostname}:2222/acme/part`].map(
        (url, index) => [`part${index}`, { url, commit: part }] as const,
      );
      git.commit("acme/site", { file: "one\n" }, { submodules: Object.fromEntries(submodules) });
      git.password = TOKEN;
      const secrets = masked([CHECKOUT_TOKEN_VARIABLE, TOKEN]);
      const outcome = await checkOut(
        { token: "TOKEN", submodules: "top" },
        { steps: ["cat part?/part"], secrets },
      );
      expect(sectionOf(outcome, 2)[0]).toBe("part\n".repeat(3));
    });

    it("a command's or a script's repository, too, as a step before it", async () => {
      git.commit("acme/site", { file: "one\n" });
      const { box } = world;
      const checkout = aCheckout({ repository: `${git.url}/acme/site`, path: box.path("work") });
      const steps = {
        ...aStepsSpec([], { checkout }),
        command: ["sh", "-c", 'cat file; echo "$1"', "sh", "it's"],
      };
      const run = box.run({ steps });
      const outcome = await drainSteps(box);
      expect(outcome.told).toEqual(["1 succeeded 0", "2 succeeded 0"]);
      expect(sectionOf(outcome, 2)[0]).toBe("one\nit's\n");
      await world.letGo(run);
    });

    it("nothing where the image has no ssh for a deploy key, and says what to do", async () => {
      const { box } = world;
      const PATH = box.path("bin");
      mkdirSync(PATH);
      box.write("bin/git", "", 0o755);
      const checkout = aCheckout({ repository: "ssh://git@github.com/acme/site", deployKey: "KEY" });
      const secrets = masked([DEPLOY_KEY_VARIABLE, "a key"]);
      const run = box.run({ steps: aStepsSpec(["true"], { checkout, env: { PATH } }), secrets });
      await box.give(secrets);
      const outcome = await drainSteps(box);
      expect(outcome.told).toEqual(["1 failed 1", "2 skipped"]);
      expect(sectionOf(outcome, 1)[1]).toBe(
        `mayfly: the image has no ssh, which a deploy key needs; ${SSH_ADVICE}\n`,
      );
      await world.letGo(run);
    });

    it("nothing where the image has no git, says what to do, and runs steps of always in its folder", async () => {
      const { box } = world;
      const path = box.path("work");
      const checkout = aCheckout({ repository: `${git.url}/acme/site`, path });
      const PATH = box.path("bin");
      mkdirSync(PATH);
      symlinkSync("/bin/mkdir", `${PATH}/mkdir`);
      const steps = aStepsSpec(["true", { run: "pwd", if: "always" }], { checkout, env: { PATH } });
      const run = box.run({ steps });
      const outcome = await drainSteps(box);
      expect(outcome.told).toEqual([`1 failed ${GIT_MISSING_CODE}`, "2 skipped", "3 succeeded 0"]);
      expect(sectionOf(outcome, 3)[0]).toBe(`${path}\n`);
      expect(sectionOf(outcome, 1)[1]).toBe(
        `mayfly: the image has no git, which a checkout needs; ${GIT_ADVICE}\n`,
      );
      await world.letGo(run);
    });
  });
});

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "latin1") : "";
}

const pushed: RunChange = {
  ...{ kind: "push", ref: "refs/heads/main", branch: "main", tag: null, pullRequest: null },
  ...{ sha: "a".repeat(40), before: null, message: null, author: null },
  repository: { url: "https://github.com/acme/site", fullName: "acme/site", isPrivate: false },
};

describe("a checkout", () => {
  const change = checkedOutChange(pushed);

  it("takes what it does not say itself from the change that starts the run", () => {
    expect(checkoutOfChange(aCheckout({}), change)).toMatchObject({
      repository: change.repository.url,
      ref: change.sha,
    });
    expect(checkoutOfChange(aCheckout({ repository: "git@github.com:acme/site.git" }), change)).toMatchObject(
      {
        repository: "git@github.com:acme/site.git",
        ref: change.sha,
      },
    );
    expect(checkoutOfChange(aCheckout({ ref: "v1" }), { ...change, sha: null })).toMatchObject({ ref: "v1" });
    const other = aCheckout({ repository: "https://github.com/acme/other" });
    expect(checkoutOfChange(other, change)).toEqual(other);
  });

  it.each([
    "https://github.com/Acme/Site",
    "HTTPS://GitHub.com/acme/site.git/",
    "git@github.com:ACME/site.git",
    "ssh://git@github.com:22/acme/site",
  ])("is of the repository that has changed as %s, too", (repository) => {
    expect(checkoutOfChange(aCheckout({ repository }), change)).toMatchObject({
      repository,
      ref: change.sha,
    });
    expect(isOfOtherRepository(aCheckout({ repository }), { ...change, pullRequest: null })).toBe(false);
  });

  it("of a fork's pull request is of the fork where that alone has the commit, though it names the base", () => {
    const [base, fork] = ["https://bitbucket.org/acme/site.git", "https://bitbucket.org/eve/site.git"];
    const told = {
      ...{ repository: { url: base }, sha: "0123456789ab", ref: "refs/heads/fix" },
      pullRequest: { isFork: true, headRepository: { url: fork, fullName: "eve/site" } },
    };
    const claimed = { ...told, pullRequest: { ...told.pullRequest, isFork: false } };
    expect(checkedOutChange(claimed)).toMatchObject({ repository: { url: base } });
    const named = aCheckout({ repository: "git@bitbucket.org:Acme/site.git" });
    expect(checkoutOfChange(named, checkedOutChange(told))).toMatchObject({
      repository: fork,
      ref: told.ref,
    });
    expect(isOfOtherRepository(named, told)).toBe(false);
    const atTag = aCheckout({ repository: base, ref: "v1" });
    expect(checkoutOfChange(atTag, checkedOutChange(told))).toEqual(atTag);
    expect(checkoutOfChange({ ...atTag, repository: null }, checkedOutChange(told))).toEqual(atTag);
  });

  it("of another repository than the one that has changed says so where it is made", () => {
    const checkout = aCheckout({ repository: "https://github.com/acme/other" });
    const script = (asked: Checkout) =>
      stepFiles("m", aStepsSpec(["true"], { checkout: asked }), pushed)
        .map(({ base64 }) => atob(base64))
        .join();
    expect(isOfOtherRepository(checkout, pushed)).toBe(true);
    expect(script(checkout)).toContain(`_elsewhere='${change.repository.url}'`);
    expect(script(aCheckout({ repository: change.repository.url }))).toContain("_elsewhere=''");
  });

  it("is of the head's branch where a sender cuts the commit's name, which can not be fetched then", () => {
    const headRepository = { url: "https://bitbucket.org/stranger/site", fullName: "stranger/site" };
    const pullRequest = { headRepository, isFork: true } as PullRequest;
    const { repository } = pushed;
    const cut = { ...pushed, sha: "0123456789ab", pullRequest };
    expect(checkedOutChange(cut)).toEqual({
      repository: headRepository,
      base: repository,
      sha: null,
      ref: change.ref,
    });
    expect(checkedOutChange({ ...pushed, pullRequest })).toEqual({
      repository,
      base: repository,
      sha: change.sha,
      ref: change.ref,
    });
  });

  it.each([
    "file:///etc",
    "/etc",
    "ext::sh -c id",
    "--upload-pack=id",
    "https://",
    "https://u:p@host/x",
    "https://ghp_abc@github.com/a/b",
    "ssh://git:secret@host/x",
    "git@-oProxyCommand=x:y",
    "ssh://-oProxyCommand=x/y",
  ])("is of no repository %s", (url) => expect(repositoryComplaint(url)).not.toBeNull());

  const HOSTS = ["Git.Example.com", "http://127.0.0.1:3000", "https://git.example.com:8443", "[::1]:3000"];
  it.each<[string, HookSource | null, boolean]>([
    ["https://github.com/acme/site.git", "github", true],
    ["https://GitHub.com:443/acme/site.git", "github", true],
    ["https://gitlab.com/a/b/c.git", "gitlab", true],
    ["https://bitbucket.org/acme/site.git", "bitbucket", true],
    ["https://github.com/acme/site.git", "gitlab", false],
    ["https://github.com/acme/site.git", "gitea", false],
    ["https://github.com/acme/site.git", null, false],
    ["http://github.com/acme/site.git", "github", false],
    ["https://github.com:8443/acme/site.git", "github", false],
    ["https://github.com.evil.example/acme/site.git", "github", false],
    ["https://evil.example/github.com/site.git", "github", false],
    ["https://github.com./acme/site.git", "github", false],
    ["https://github.com\\.evil.example/acme/site.git", "github", false],
    ["https://github.com%2f.evil.example/acme/site.git", "github", false],
    ["https://github.com:0443/acme/site.git", "github", false],
    ["https://ｇithub.com/acme/site.git", "github", false],
    ["https://git.example.com/acme/site.git", "gitea", true],
    ["https://git.example.com:443/acme/site.git", null, true],
    ["https://git.example.com:8443/acme/site.git", "gitea", true],
    ["https://git.example.com:8444/acme/site.git", "gitea", false],
    ["http://git.example.com/acme/site.git", "gitea", false],
    ["http://127.0.0.1:3000/acme/site.git", "gitea", true],
    ["https://127.0.0.1:3000/acme/site.git", "gitea", false],
    ["http://127.1:3000/acme/site.git", "gitea", false],
    ["https://[::1]:3000/acme/site.git", "gitea", true],
    ["https://[::2]:3000/acme/site.git", "gitea", false],
    [`https://${"a".repeat(254)}/acme/site.git`, "gitea", false],
  ])("gives its token to %s, told by a hook of %s: %s", (repository, source, isGiven) => {
    const asked = { repository, token: "TOKEN", tokenHosts: HOSTS };
    expect(tokenHostComplaint(asked, null, source) === null).toBe(isGiven);
    // What somebody has written is given it wherever it is, and so is another repository there; and what takes no token is asked for without.
    expect(tokenHostComplaint(asked, repository, source)).toBeNull();
    expect(tokenHostComplaint({ ...asked, token: null }, null, source)).toBeNull();
  });

  it("gives its token at the host of the repository that the job names, and says what to write of another", () => {
    const asked = (repository: string) => ({ repository, token: "TOKEN" });
    const named = "https://git.example.com/acme/site";
    expect(tokenHostComplaint(asked("https://git.example.com/bot/site.git"), named, "bitbucket")).toBeNull();
    expect(tokenHostComplaint(asked("http://git.example.com:3000/acme/site.git"), named, "bitbucket")).toBe(
      'does not name http://git.example.com:3000, where the repository is that has changed; the token TOKEN is given to bitbucket.org and to the hosts that are named here alone: write token_hosts: ["http://git.example.com:3000"] beside token, if that host is yours',
    );
    expect(tokenHostComplaint(asked("https://git.example.com/acme/site"), null, "gitea")).toMatch(
      /^does not name git\.example\.com, .* is given to the hosts that are named here alone: write token_hosts: \["git\.example\.com"\]/,
    );
    expect(tokenHostComplaint(asked("https://github.com./acme/site"), null, "github")).toMatch(
      /^can not name the host of https:\/\/github\.com\.\/acme\/site, .*: say in repository where it is$/,
    );
  });
});
