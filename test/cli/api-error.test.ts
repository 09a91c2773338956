import { describe, expect, it, test } from "vitest";
import { ApiError } from "../../src/cli/api-error.ts";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import { stubMayfly } from "./support/stub-mayfly.ts";

it("tells all that the API says is wrong, a line for each, and nothing that a terminal obeys", () => {
  const { message } = new ApiError("POST /v1/runs", 422, {
    code: "invalid_input",
    message: "is missing",
    path: "image",
    others: [
      { path: "tags.a", message: "must be text, not \u001b[2J\n" },
      { path: null, message: "the body is odd" },
    ],
    others_left_out: 3,
    request_id: "r",
  });
  expect(message.split("\n").map((line) => line.trim())).toEqual([
    "image: is missing",
    expect.stringMatching(/^tags\.a: must be text, not [^\u001b]*$/),
    "the body is odd",
    "and 3 more",
  ]);
});

describe("an id or a name that a URL's path has no room for is refused as it was typed, and nobody is asked:", () => {
  const commands = [
    ["runs", "show"],
    ["runs", "logs"],
    ["runs", "cancel"],
    ["runs", "rerun"],
    ["jobs", "run"],
    ["jobs", "show"],
    ["jobs", "versions"],
    ["jobs", "diff"],
    ["jobs", "pause"],
    ["jobs", "resume"],
    ["jobs", "delete"],
    ["secrets", "set"],
    ["secrets", "remove"],
    ["webhooks", "show"],
    ["webhooks", "edit", "--description", "x"],
    ["webhooks", "test"],
    ["webhooks", "notifications"],
    ["webhooks", "disable"],
    ["webhooks", "enable"],
    ["webhooks", "rotate"],
    ["webhooks", "delete"],
    ["webhooks", "notification", "wh_1"],
    ["webhooks", "resend", "wh_1"],
    ["hooks", "delivery", "deploy/github"],
    ["hooks", "resend", "deploy/github"],
    ["hooks", "report", "deploy/github"],
    ["hooks", "resend-report", "deploy/github"],
  ];
  test.each(commands.map((words) => [words.join(" "), words] as const))("%s", async (_, words) => {
    for (const id of ["", ".", ".."]) await refused([...words, id], `"${id}" is no id or name`);
  });

  test("schedules run, of either part", async () => {
    await refused(["schedules", "run", "./x"], '"." is no id or name');
    await refused(["schedules", "pause", "x/.."], '".." is no id or name');
  });

  async function refused(words: string[], says: string): Promise<void> {
    const stub = await stubMayfly();
    const io = fakeIo({ stdin: "a secret of some length" });
    const { exitCode, stderr } = await mayfly(words, stub, io);
    expect([exitCode, stderr, stub.seen]).toEqual([2, expect.stringContaining(says), []]);
    await stub.close();
  }
});
