import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasImages } from "../fly-local/images/busybox.ts";
import { busyboxLayer, image, type LayerEntry, layer } from "../fly-local/images/layers.ts";
import { registry } from "../fly-local/images/registry.ts";
import { type Stack, startStack } from "../support/stack.ts";

describe.runIf(hasImages)("a run on one computer with real images", async () => {
  const server = await registry();
  const base = await busyboxLayer();
  const push = async (name: string, config: object, more: LayerEntry[] = []) => {
    server.push(name, "1", image([base, await layer(more)], config));
    return `${server.host}/${name}:1`;
  };
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ images: "real" });
  });
  afterAll(() => stack?.close());
  const text = async (id: string) => new TextDecoder().decode(await stack.output(id, "stdout"));

  it("has the image's programs, files, user and environment, and the run's own", async () => {
    const reference = await push(
      "acme/app",
      { User: "app", WorkingDir: "/home/app", Env: ["FROM=image", "PATH=/bin:/opt"], Entrypoint: ["/never"] },
      [
        {
          name: "opt/hello",
          mode: 0o755,
          text: '#!/bin/sh\necho "$FROM $OWN $(id -un) $(pwd) $HOME $(cat /in)"; exit 7\n',
        },
      ],
    );
    const submitted = await stack.submit({
      image: reference,
      command: ["hello"],
      env: { OWN: "run" },
      files: [{ path: "/in", content: "file" }],
    });
    const run = await stack.final(submitted.id);
    expect(run).toMatchObject({ status: "failed", reason: "exit_code", exit_code: 7 });
    expect(await text(run.id)).toBe("image run app /home/app /home/app file\n");
  });

  it("that keeps no output runs the image as it is", async () => {
    const reference = await push(
      "acme/as-is",
      { Entrypoint: ["sh", "-c"], Cmd: ["test -e /mark && exit 9"] },
      [{ name: "mark" }],
    );
    const submitted = await stack.submit({ image: reference, capture: "none" });
    expect(await stack.final(submitted.id)).toMatchObject({ reason: "exit_code", exit_code: 9 });
  });

  it("ends as image_unavailable where the image is in no registry, or can not be unpacked", async () => {
    const damaged = await layer([{ name: "../up", text: "" }]);
    server.push("acme/damaged", "1", image([damaged]));
    const runs = await Promise.all([
      stack.submit({ image: `${server.host}/acme/none:1`, command: ["true"] }),
      stack.submit({ image: `${server.host}/acme/damaged:1`, command: ["true"] }),
    ]);
    const [none, bad] = await Promise.all(runs.map(({ id }) => stack.final(id, 120_000)));
    expect(none).toMatchObject({ status: "failed", reason: "image_unavailable" });
    expect(none?.detail).toContain("MANIFEST_UNKNOWN: manifest unknown");
    expect(bad).toMatchObject({ status: "failed", reason: "image_unavailable" });
  });
});
