import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { checked } from "../../src/api/checked.ts";
import { AppError } from "../../src/core/error.ts";

describe("a body that its schema can not be compared with", () => {
  const text = z.object({ names: z.array(z.string().max(3)) });

  it("is refused where it has an object with a length of its own", () => {
    const body = { names: [{ length: { valueOf: 1, toString: 1 } }] };
    let thrown: unknown;
    try {
      checked(text, body, null);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AppError);
  });

  it("is not blamed for a mistake of the schema's own", () => {
    const broken = z.object({
      a: z.string().transform(() => {
        throw new TypeError("a bug");
      }),
    });
    expect(() => checked(broken, { a: "x" }, null)).toThrow("a bug");
  });
});
