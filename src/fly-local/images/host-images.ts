/** No images: machines see this computer's own programs and files, and the name of an image is only kept. */

import { commandOf } from "../machines/config.ts";
import { checkCommand, type Images } from "./images.ts";

export const hostImages: Images = {
  kind: "host",
  admit: async (config) => checkCommand(commandOf(config, null)),
  known: () => null,
  prepare: async () => null,
  close: async () => {},
};
