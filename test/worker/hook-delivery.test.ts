import { describe, expect, it } from "vitest";
import { judge } from "../../src/core/hook/filter.ts";
import { fill } from "../../src/core/hook/map.ts";
import { readDelivery } from "../../src/hooks/read-delivery.ts";

describe("inside Cloudflare's runtime, which makes no code of texts", () => {
  it("a delivery is read, judged by globs and an expression, and fills what its run is given", async () => {
    const body = {
      ref: "refs/heads/main",
      after: "a".repeat(40),
      commits: [{ id: "a", added: ["src/ü.ts"], modified: [], removed: [] }],
      repository: { clone_url: "https://git.example/o/r.git", full_name: "o/r", private: false },
    };
    const delivery = await readDelivery(
      "github",
      { signature: null, dedupe: null },
      new Headers({ "X-GitHub-Event": "push", "X-GitHub-Delivery": "1" }),
      new TextEncoder().encode(JSON.stringify(body)),
    );
    if ("complaint" in delivery) throw new Error(delivery.complaint);
    const filter = {
      branches: ["ma[i]n+"],
      paths: ["src/**", "!**.md"],
      if: 'payload.commits.exists(c, c.added.exists(f, f.matches("^src/\\\\p{L}[.]ts$")))',
    };
    const judged = judge(filter, delivery);
    expect(judged).toMatchObject({ verdict: "take", change: { branch: "main", paths: ["src/ü.ts"] } });
    const env = { SHA: "change.sha.substring(0, 7)", COUNT: "payload.commits.size()" };
    expect(fill({ env, input: "change.paths" }, delivery, delivery.changes[0] ?? null)).toEqual({
      env: { SHA: "aaaaaaa", COUNT: "1" },
      input: ["src/ü.ts"],
    });
  });

  it("the id of a delivery without one is the same for the same body", async () => {
    const read = (text: string) =>
      readDelivery(
        "generic",
        { signature: null, dedupe: null },
        new Headers(),
        new TextEncoder().encode(text),
      );
    expect(await read("{}")).toMatchObject({
      deliveryId: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    });
    expect(await read("{} ")).not.toEqual(await read("{}"));
  });
});
