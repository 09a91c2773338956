import { expect, test } from "vitest";
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
  [["start"]],
])("%j --help explains itself and ends with 0", async (command) => {
  const { exitCode, stdout, stderr } = await mayfly([...command, "--help"], null, fakeIo({ columns: 100 }));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toContain(`Usage: ${["mayfly", ...command].join(" ")}`);
  if (command.join(" ") !== "runs") expect(stdout).toMatch(/Examples?:/);
});
