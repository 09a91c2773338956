/** What an image says of how it is to be run (OCI image specification, config.md; docker's form has the same fields). */

import { z } from "zod";
import { ImageError } from "./error.ts";

/** Arguments, variables and paths reach the kernel as C strings. */
const text = z.string().refine((value) => !value.includes("\0"), "holds a NUL character");
const words = z.array(text).nullish();

const configBlob = z.looseObject({
  os: z.string().nullish(),
  architecture: z.string().nullish(),
  config: z
    .looseObject({
      Entrypoint: words,
      Cmd: words,
      Env: words,
      User: text.nullish(),
      WorkingDir: text.nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  rootfs: z.looseObject({ diff_ids: z.array(z.string()).nullish() }).nullish(),
});

export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** "", "app", "app:staff", "1000", "1000:1000" */
  readonly user: string;
  readonly workdir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly os: string | null;
  readonly architecture: string | null;
}

export interface ReadConfig {
  readonly config: ImageConfig;
  /** The digest of each layer's tar, from the lowest up. */
  readonly diffIds: readonly string[];
}

/** Reads a config blob. @throws ImageError where it is none */
export function readConfig(json: string): ReadConfig {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ImageError("the image's config is not JSON");
  }
  const parsed = configBlob.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ImageError(`the image's config: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { config, os, architecture, rootfs } = parsed.data;
  return {
    config: {
      entrypoint: config?.Entrypoint ?? [],
      cmd: config?.Cmd ?? [],
      env: variables(config?.Env ?? []),
      user: config?.User ?? "",
      workdir: config?.WorkingDir || "/",
      labels: config?.Labels ?? {},
      os: os ?? null,
      architecture: architecture ?? null,
    },
    diffIds: rootfs?.diff_ids ?? [],
  };
}

function variables(lines: readonly string[]): Record<string, string> {
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf("=");
    return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ""));
}
