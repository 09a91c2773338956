/** A process that supervises the stubborn program until it is killed. */
import { Supervisor } from "../../../../src/cli/commands/start/supervisor.ts";

const [program, log] = process.argv.slice(2) as [string, string];
new Supervisor().start({ name: "the program", args: [program], cwd: process.cwd(), log });
