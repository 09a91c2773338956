import { expect, it } from "vitest";
import { ApiError } from "../../src/cli/api-error.ts";

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
