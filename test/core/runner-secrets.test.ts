import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { expect, it } from "vitest";
import { RUN_SECRETS_MAX_BYTES } from "../../src/core/limits.ts";
import { giveCommands, secretFiles } from "../../src/core/secret-giving.ts";
import { underEachShell } from "./runner/each-shell.ts";
import { masked } from "./runner/masked.ts";

const AS_ROOT = process.getuid?.() === 0;
const GIVEN = "mayfly 1 given\n";
/** Bytes that a shell could take for something: quotes, escapes, blanks at both ends, lines, and more than ASCII. */
const ODD = ` 'a' "b" \\n %s $(id) \`id\` * \t\nsecond line\r\n\u00e4\u20ac\u{1f600}\u0001\u007f \n\n`;

/** Prints a variable as it is. */
const print = (name: string) => `printf %s "$${name}"`;

underEachShell("the runner is given secrets", (world) => {
  it.each([
    ["a token", "s3cret-token-1234"],
    ["a text of odd bytes", ODD],
    ["a text of several lines of bytes", "x".repeat(199) + "\u00e4".repeat(900)],
  ])("and its command has them as they were: %s", async (_what, value) => {
    const { box } = world;
    const secrets = masked(["FIRST", "one"], ["VALUE", value], ["LAST", ""]);
    const run = box.run({
      script: `${print("VALUE")}; ${print("FIRST")} >&2; echo "$\{LAST-unset}" >&2`,
      secrets,
    });
    expect(new Set(await box.give(secrets))).toEqual(new Set([GIVEN]));
    const reply = await box.drain();
    expect(Buffer.from(reply.stdout).toString()).toBe(value);
    expect(Buffer.from(reply.stderr).toString()).toBe("one\n");
    expect(await world.letGo(run)).toBe(0);
  });

  it("whatever stands in its environment, and without any of its own variables", async () => {
    const { box } = world;
    const value = "s3cret-token-1234".repeat(40);
    const secrets = masked(["VALUE", value]);
    const own = ["_text", "_pair", "_octal", "_words", "_part_1", "_part_2", "_pad_1", "_token", "_key"];
    const env = { PATH: process.env.PATH ?? "", ...Object.fromEntries(own.map((name) => [name, "mine"])) };
    const run = box.run({ script: "env", secrets, env });
    await box.give(secrets);
    const printed = Buffer.from((await box.drain()).stdout).toString();
    expect(printed).toContain(`VALUE=${value}\n`);
    expect(printed.replace(`VALUE=${value}\n`, "")).not.toMatch(
      /s3cret|^_(?:text|pair|part_\d|token|key)=./m,
    );
    await world.letGo(run);
  });

  it("and what they were combined with is off the disk before its command starts", async () => {
    const { box } = world;
    const secrets = masked(["VALUE", "x"]);
    const run = box.run({ script: `ls ${box.dir}`, secrets });
    await box.give(secrets);
    expect(
      Buffer.from((await box.drain()).stdout)
        .toString()
        .split("\n"),
    ).not.toContain("pad");
    await world.letGo(run);
  });

  it("and not those of another pad, which would come out as nothing that anybody has set", async () => {
    const { box } = world;
    const secrets = masked(["VALUE", "x"]);
    const run = box.run({ script: print("VALUE"), secrets });
    expect(await box.give(masked(["VALUE", "y"]))).toEqual([""]);
    await box.give(secrets);
    expect(Buffer.from((await box.drain()).stdout).toString()).toBe("x");
    expect(await world.letGo(run)).toBe(0);
  });

  it("also where its machine was made by code before pads had names", async () => {
    const { box } = world;
    const secrets = masked(["VALUE", "as before"]);
    const run = box.run({ script: print("VALUE"), secrets });
    rmSync(`${box.dir}/give-${secrets.padName}`);
    expect(await box.give(secrets)).toEqual([GIVEN]);
    expect(Buffer.from((await box.drain()).stdout).toString()).toBe("as before");
    await world.letGo(run);
  });

  it("as large as they can be", async () => {
    const { box } = world;
    const value = "0123456789abcde\n".repeat((RUN_SECRETS_MAX_BYTES - 1024) / 16);
    const secrets = masked(["VALUE", value]);
    const run = box.run({ script: print("VALUE"), secrets });
    await box.give(secrets);
    // To put so much together takes a shell longer than a read waits.
    await box.started();
    expect(Buffer.from((await box.drain()).stdout).toString()).toBe(value);
    await world.letGo(run);
  });

  it("before its command starts, however often they are given and by how many at once", async () => {
    const { box } = world;
    const value = randomBytes(3000).toString("base64");
    const secrets = masked(["VALUE", value]);
    box.putFiles(print("VALUE"), secrets);
    const early = box.give(secrets);
    const run = box.run({ script: print("VALUE"), secrets });
    const answers = await Promise.all([early, box.give(secrets), box.give(secrets)]);
    expect(new Set([...answers.flat(), ...(await box.give(secrets))])).toEqual(new Set([GIVEN]));
    expect(Buffer.from((await box.drain()).stdout).toString()).toBe(value);
    await world.letGo(run);
  });

  it("that stand in no file and no command line", async () => {
    const { box } = world;
    const value = "a-value-that-is-nowhere-else";
    const secrets = masked(["VALUE", value]);
    const gate = box.gate();
    const run = box.run({ script: `read -r _ <${gate.path}; exit 3`, secrets });
    await box.give(secrets);
    await box.started();
    for (const folder of [box.dir, `${box.dir}.secrets`])
      for (const name of readdirSync(folder))
        if (statSync(`${folder}/${name}`).isFile())
          expect(readFileSync(`${folder}/${name}`, "latin1"), name).not.toContain(value);
    expect(box.commandLines().join(" ")).not.toContain(value);
    const sent = JSON.stringify([secretFiles(box.name, secrets), giveCommands(box.name, secrets)]);
    expect(sent).not.toContain(value);
    expect(sent).not.toContain(Buffer.from(value).toString("base64"));
    gate.open();
    expect((await box.drain()).end?.exit.code).toBe(3);
    await world.letGo(run);
  });

  it("and ends with 125 where nobody comes with them", async () => {
    const { box } = world;
    const secrets = masked(["VALUE", "x"]);
    // The wait is the boot limit and the time that a finished machine lingers.
    const run = box.run({ script: "echo ran", secrets, bootMs: -599_000 });
    const ended = await run.ended;
    expect(ended).toMatchObject({ code: 125, stdout: "" });
    expect(ended.stderr).toContain("nobody came with the secrets");
  });

  it("and is ended by a signal while it waits for them", async () => {
    const { box } = world;
    world.leaves(2);
    const run = box.run({ script: "echo ran", secrets: masked(["VALUE", "x"]) });
    const ready = () => {
      try {
        return readdirSync(`${box.dir}.secrets`).includes("ready");
      } catch {
        return false;
      }
    };
    while (!ready()) await new Promise((resolve) => setTimeout(resolve, 5));
    run.child.kill("SIGTERM");
    expect((await run.ended).signal).toBe("SIGTERM");
  });

  it.runIf(AS_ROOT)("as a user of the image who may not write beside them", async () => {
    const { box } = world;
    const secrets = masked(["VALUE", "of another user"]);
    const run = box.run({ script: print("VALUE"), secrets, uid: 65534 });
    expect(await box.give(secrets)).toEqual([GIVEN]);
    expect(Buffer.from((await box.drain()).stdout).toString()).toBe("of another user");
    await world.letGo(run);
  });
});
