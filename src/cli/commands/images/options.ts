/** `mayfly images`: from the command line to what is asked for. */

import { Command } from "commander";
import type { ImagesCall } from "./images.ts";

interface Options {
  state?: string;
  dir?: string;
  as?: string;
}

export function imagesCommand(act: (call: ImagesCall) => Promise<void>): Command {
  const verb = (name: ImagesCall["verb"], summary: string) =>
    new Command(name)
      .summary(summary)
      .option("--state <folder>", "where the local Machines API keeps its things (default: .mayfly/machines)")
      .option("--dir <folder>", "in place of that: the --dir of a `mayfly start` on this computer");
  return new Command("images")
    .summary("add, list and remove images of the local Machines API")
    .description(
      "The images that machines on this computer are started from, where they have real ones (mayfly start --images real, mayfly machines).",
    )
    .addCommand(
      verb("add", "take in an image from a file or a directory")
        .description(
          "Takes in what docker save or podman save wrote, or an OCI layout as a directory or a tar, compressed or not.",
        )
        .argument("<path>", "the file or directory")
        .option("--as <image>", "call it so, in place of the names that it has in there")
        .action((subject: string, options: Options) => act({ verb: "add", subject, ...options })),
    )
    .addCommand(
      verb("list", "list the images that are there").action((options: Options) =>
        act({ verb: "list", ...options }),
      ),
    )
    .addCommand(
      verb("remove", "remove an image, or one of its names")
        .argument("<image>", "its name, such as debian:12")
        .action((subject: string, options: Options) => act({ verb: "remove", subject, ...options })),
    )
    .addHelpText("after", EXAMPLES);
}

const EXAMPLES = `
Examples:
  docker save debian:12 -o debian.tar && mayfly images add debian.tar
  mayfly images add ./layout --as acme/build:1
  mayfly images list
  mayfly images remove acme/build:1
`;
