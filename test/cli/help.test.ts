import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { imagesArgs } from "../../src/cli/commands/images/images.ts";
import { imagesCommand } from "../../src/cli/commands/images/options.ts";
import { machinesArgs } from "../../src/cli/commands/machines/machines.ts";
import { machinesCommand } from "../../src/cli/commands/machines/options.ts";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";

test("the help of run is what README and habits rely on", async () => {
  const { exitCode, stdout, stderr } = await mayfly(["run", "--help"], null, fakeIo({ columns: 100 }));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  await expect(stdout).toMatchFileSnapshot("golden/run-help.txt");
});

test.each([
  [[]],
  [["run"]],
  [["runs"]],
  [["runs", "list"]],
  [["runs", "show"]],
  [["runs", "logs"]],
  [["runs", "cancel"]],
  [["runs", "rerun"]],
  [["jobs"]],
  [["jobs", "run"]],
  [["jobs", "list"]],
  [["jobs", "show"]],
  [["jobs", "versions"]],
  [["jobs", "diff"]],
  [["jobs", "rollback"]],
  [["jobs", "pause"]],
  [["jobs", "resume"]],
  [["jobs", "delete"]],
  [["jobs", "export"]],
  [["hooks"]],
  [["hooks", "list"]],
  [["hooks", "deliveries"]],
  [["hooks", "delivery"]],
  [["hooks", "resend"]],
  [["hooks", "try"]],
  [["hooks", "rotate"]],
  [["validate"]],
  [["diff"]],
  [["apply"]],
  [["import"]],
  [["import", "crontab"]],
  [["secrets"]],
  [["secrets", "set"]],
  [["webhooks"]],
  [["webhooks", "create"]],
  [["webhooks", "edit"]],
  [["webhooks", "notifications"]],
  [["webhooks", "resend"]],
  [["start"]],
  [["machines"]],
  [["doctor"]],
  [["images"]],
])("%j --help explains itself and ends with 0", async (command) => {
  const { exitCode, stdout, stderr } = await mayfly([...command, "--help"], null, fakeIo({ columns: 100 }));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toContain(`Usage: ${["mayfly", ...command].join(" ")}`);
  if (command.join(" ") !== "runs") expect(stdout).toMatch(/Examples?:/);
});

test("help machines says the same as machines --help", async () => {
  const asked = await mayfly(["help", "machines"], null, fakeIo({ columns: 100 }));
  expect(asked.stdout).toContain("--isolation <level>");
  expect(asked.stdout).toBe((await mayfly(["machines", "--help"], null, fakeIo({ columns: 100 }))).stdout);
});

test("--version is the version of package.json", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(await mayfly(["--version"])).toMatchObject({
    exitCode: 0,
    stdout: `mayfly ${version}\n`,
    stderr: "",
  });
});

test("machines hands on what was given and nothing else", async () => {
  const handedOn = async (...args: string[]) => {
    let given: string[] = [];
    await machinesCommand(async (options) => {
      given = machinesArgs(options);
    }).parseAsync(args, { from: "user" });
    return given;
  };
  expect(await handedOn()).toEqual([]);
  expect(await handedOn("--rate-limits")).toEqual(["--rate-limits"]);
  expect(await handedOn("--port", "0", "--isolation=process", "--state", "--odd", "--token", "t")).toEqual([
    "--port=0",
    "--state=--odd",
    "--isolation=process",
    "--token=t",
  ]);
  expect(await handedOn("--no-limits")).toEqual(["--no-limits"]);
  expect(await handedOn("--any-token")).toEqual(["--any-token"]);
});

test("images takes the folder of a start in place of the API's own", async () => {
  const handedOn = async (...args: string[]) => {
    let given: string[] = [];
    await imagesCommand(async (call) => {
      given = imagesArgs(call);
    }).parseAsync(args, { from: "user" });
    return given;
  };
  expect(await handedOn("list", "--dir", "D")).toEqual(["list", "--state=D/machines", "--"]);
  expect(await handedOn("add", "x.tar", "--as", "a:1", "--dir=D")).toEqual([
    "add",
    "--state=D/machines",
    "--as=a:1",
    "--",
    "x.tar",
  ]);
  expect(await handedOn("remove", "a:1", "--state", "S")).toEqual(["remove", "--state=S", "--", "a:1"]);
  await expect(handedOn("list", "--dir", "D", "--state", "S")).rejects.toThrow("give one of them");
});

test.each([
  [["machines", "--port", "x"], "from 0 to 65535"],
  [["machines", "--isolation", "some"], "auto, sandbox, process"],
  [["machines", "--prot", "1"], "--port"],
  [["machines", "extra"], "too many arguments"],
])("%j ends with 2 and names what is accepted", async (args, named) => {
  const { exitCode, stderr } = await mayfly(args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(named);
});
