/** No images: machines see this computer's own programs and files, and the name of an image is only kept. */

import { commandsOf } from "../machines/processes.ts";
import { checkCommand, type Images } from "./images.ts";

export const hostImages: Images = {
  kind: "host",
  admit: async (config) => {
    for (const command of commandsOf(config, null)) checkCommand(command);
  },
  known: () => null,
  prepare: async () => null,
  close: async () => {},
};
