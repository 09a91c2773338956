/** Layers and images made in a test. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type Header, pack } from "tar-stream";
import { BUSYBOX } from "./busybox.ts";

export type LayerEntry = Partial<Omit<Header, "name">> & { name: string; text?: string | Buffer };

/** A tar of these entries, in this order. */
export async function tarOf(entries: readonly LayerEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { text, ...header } of entries) {
    const isDirectory = header.name.endsWith("/");
    tar.entry(
      {
        mtime: new Date(1e12),
        mode: isDirectory ? 0o755 : 0o644,
        ...(isDirectory && { type: "directory" }),
        ...header,
      },
      Buffer.from(text ?? ""),
    );
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as unknown as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export interface TestLayer {
  tar: Buffer;
  /** As it is stored, gzip by default. */
  blob: Buffer;
}

export async function layer(
  entries: readonly LayerEntry[],
  compress: (tar: Buffer) => Buffer = gzipSync,
): Promise<TestLayer> {
  const tar = await tarOf(entries);
  return { tar, blob: compress(tar) };
}

/** Every path that images under test need, around a static busybox. */
export async function busyboxLayer(more: readonly LayerEntry[] = []): Promise<TestLayer> {
  const tools = [
    "sh",
    "cat",
    "echo",
    "env",
    "id",
    "ls",
    "pwd",
    "sleep",
    "stat",
    "touch",
    "true",
    "test",
    "mkdir",
    "rm",
    "mkfifo",
    "head",
    "tail",
    "dd",
    "wc",
    "kill",
    "chmod",
    "mv",
    "grep",
    "hostname",
  ];
  return layer([
    { name: "bin/" },
    { name: "bin/busybox", mode: 0o755, text: existsSync(BUSYBOX) ? readFileSync(BUSYBOX) : "" },
    ...tools.map((tool): LayerEntry => ({ name: `bin/${tool}`, type: "symlink", linkname: "busybox" })),
    { name: "etc/" },
    { name: "etc/passwd", text: "root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345:App:/home/app:/bin/sh\n" },
    { name: "etc/group", text: "root:x:0:\nstaff:x:77:app\n" },
    { name: "root/", mode: 0o700 },
    { name: "home/app/", uid: 1234, gid: 2345 },
    ...more,
  ]);
}

export interface TestImage {
  layers: TestLayer[];
  config: Buffer;
  manifest: Buffer;
  digest: string;
  id: string;
}

const ARCHITECTURE = process.arch === "x64" ? "amd64" : process.arch;

export function image(layers: TestLayer[], config: object = {}, more: object = {}): TestImage {
  const configBytes = Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture: ARCHITECTURE,
      config,
      rootfs: { type: "layers", diff_ids: layers.map(({ tar }) => sha256(tar)) },
      ...more,
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest: sha256(configBytes),
        size: configBytes.length,
      },
      layers: layers.map(({ blob }) => ({
        mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
        digest: sha256(blob),
        size: blob.length,
      })),
    }),
  );
  return { layers, config: configBytes, manifest, digest: sha256(manifest), id: sha256(configBytes) };
}

/** An index of images, each for a platform such as "linux/arm64". */
export function indexOf(images: Record<string, TestImage>): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: Object.entries(images).map(([platform, { manifest, digest }]) => {
        const [os, architecture, variant] = platform.split("/");
        return {
          mediaType: "application/vnd.oci.image.manifest.v1+json",
          digest,
          size: manifest.length,
          platform: { os, architecture, ...(variant && { variant }) },
        };
      }),
    }),
  );
}

export const HERE = `linux/${ARCHITECTURE}`;
