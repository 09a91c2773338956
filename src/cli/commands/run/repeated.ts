/** Options that may be given again: what becomes of what was given before. */

import { InvalidArgumentError } from "commander";
import { plain } from "../../plain.ts";

/** Reads one value of an option, with those before it. */
type Collector<T> = (text: string, before?: T[]) => T[];

/** All of them, in order. */
export function collect<T>(read: (text: string) => T): Collector<T> {
  return (text, before = []) => [...before, read(text)];
}

/** All of them, where one name can not mean two things. @throws InvalidArgumentError that names what is given twice */
export function collectDistinct<T>(read: (text: string) => T, nameOf: (value: T) => string): Collector<T> {
  return (text, before = []) => {
    const value = read(text);
    if (before.some((other) => nameOf(other) === nameOf(value)))
      throw new InvalidArgumentError(`"${plain(nameOf(value))}" is given twice.`);
    return [...before, value];
  };
}

/** The last of each name, as docker-run(1) takes --env: a script's own choice can stand before its caller's. */
export function collectLast<T>(read: (text: string) => T, nameOf: (value: T) => string): Collector<T> {
  return (text, before = []) => {
    const value = read(text);
    const index = before.findIndex((other) => nameOf(other) === nameOf(value));
    return index < 0 ? [...before, value] : before.with(index, value);
  };
}
