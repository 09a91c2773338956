/** A port as an option's value. */

import { InvalidArgumentError } from "commander";

/** @throws InvalidArgumentError for what is no port; 0 means any that is free */
export function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535)
    throw new InvalidArgumentError("It must be a port from 0 to 65535.");
  return Number(text);
}
