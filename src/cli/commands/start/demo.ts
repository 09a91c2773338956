/** The first job: submitted and followed like any other, so that a start shows what Mayfly does. */

import type { RunBody } from "../../../api/run-schema.ts";
import type { RunSpecInput } from "../../../api/spec-schema.ts";
import type { Client } from "../../api-client.ts";
import { endSentence } from "../../exit-code.ts";
import { follow } from "../../follow.ts";
import type { Io } from "../../io.ts";
import { plain } from "../../plain.ts";
import { span } from "../../spans.ts";
import type { Steps } from "./steps.ts";

const SCRIPT = `echo "Hello from a machine of its own, $(hostname)."
for second in 1 2 3; do echo "working … $second of 3"; sleep 0.2; done
echo "This line went to stderr." >&2
`;

const DEMO: RunSpecInput = {
  image: "debian:12",
  command: ["sh", "-c", SCRIPT],
  name: "hello",
  timeouts: { run: "30s" },
};

/** Submits it, shows its output as it comes, then how and when it ended. */
export async function showDemo(steps: Steps, io: Io, client: Client, signal: AbortSignal): Promise<void> {
  await steps.say("submitting a first job: mayfly run --image debian:12 -- sh -c …");
  const accepted = await client.submit(DEMO, crypto.randomUUID(), signal);
  const lines = new ShownLines(steps);
  await follow(
    client,
    io,
    accepted.id,
    { onOutput: (line, bytes) => lines.take(line.stream, bytes) },
    signal,
  );
  if (signal.aborted) return;
  await lines.end();
  await steps.add(ending(await client.show(accepted.id, signal)));
}

/** Output in whole lines behind a bar, marked where it is of stderr. */
class ShownLines {
  readonly #steps: Steps;
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  readonly #begun = { stdout: "", stderr: "" };

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  async take(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void> {
    const lines = (this.#begun[stream] + this.#decoders[stream].decode(bytes, { stream: true })).split("\n");
    this.#begun[stream] = lines.pop() ?? "";
    for (const line of lines) await this.#show(stream, line);
  }

  async end(): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const)
      if (this.#begun[stream] !== "") await this.#show(stream, this.#begun[stream]);
  }

  async #show(stream: "stdout" | "stderr", line: string): Promise<void> {
    await this.#steps.add(`${stream === "stdout" ? "│" : "┆"} ${plain(line)}`);
  }
}

/** "exit code 0; machine created +12 ms, …": each moment counted from acceptance, as everywhere. */
function ending(run: RunBody): string {
  const attempt = run.attempts.at(-1);
  const moments: [string, string | null | undefined][] = [
    ["accepted", run.accepted_at],
    ["machine created", attempt?.created_at],
    ["started", attempt?.started_at],
    ["first output", attempt?.first_output_at],
    ["exited", attempt?.exited_at],
    ["stored", run.settled_at],
  ];
  const start = Date.parse(run.accepted_at);
  const known = moments
    .filter((moment): moment is [string, string] => typeof moment[1] === "string")
    .slice(1);
  const times = known.map(([what, at]) => `${what} +${span(Date.parse(at) - start)}`).join(", ");
  const end = endSentence(run) ?? `exit code ${run.exit_code ?? "unknown"}`;
  return `${plain(end)}${times === "" ? "" : `; ${times}`}`;
}
