/**
 * Stands for the worker: listens on a port, and in each of its lives does what the list says for that one, the last for all that
 * follow. "well" answers; "dies" answers its first question and ends; "mute" answers its first question and cuts all others.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const [port, livesFile, ...lives] = process.argv.slice(2);
appendFileSync(livesFile, `${process.pid}\n`);
const life = readFileSync(livesFile, "utf8").trimEnd().split("\n").length;
const kind = lives[Math.min(life, lives.length) - 1];
console.log(`life ${life}, ${kind}`);
let asked = 0;
createServer((request, response) => {
  if (request.url === "/healthz") asked += 1;
  if (kind === "mute" && asked > 1) return void request.socket.destroy();
  response.setHeader("connection", "close").end("{}", () => {
    if (kind === "dies" && asked > 0) process.exit(1);
  });
}).listen(Number(port), "127.0.0.1");
