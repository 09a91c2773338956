/**
 * Runs another program in this one's place: the same terminal, signals pass through, the same end. Plain JavaScript
 * without dependencies, since it also runs under the oldest Node that may start Mayfly.
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/**
 * @param {string} program
 * @param {string[]} args
 * @param {{ env?: Record<string, string | undefined> }} [options]
 * @returns {Promise<number>} the exit code, 128 + number for a signal
 */
export function forward(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit", env: options.env ?? process.env });
    // A terminal sends its signals to both processes, so the child may get one twice; it counts those as one press.
    const passOn = PASSED_ON.map((signal) => [signal, () => void child.kill(signal)]);
    for (const [signal, listener] of passOn) process.on(signal, listener);
    const done = () => {
      for (const [signal, listener] of passOn) process.off(signal, listener);
    };
    child.on("error", (error) => {
      done();
      reject(error);
    });
    child.on("exit", (code, signal) => {
      done();
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
