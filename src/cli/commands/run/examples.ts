/** What stands at the end of `mayfly run --help`. */

import { COMMAND_ARG_MAX_BYTES, FILES_MAX_BYTES, OUTPUT_MAX_BYTES } from "../../../core/limits.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

export const RUN_EXAMPLES = `
Exit code:
  The command's own. 128 + number where a signal ended it, 124 where --timeout passed, 127 where there is no such
  command, 126 where there is one that can not be executed, 125 where the run could not be started (also where it was
  dropped or expired) or Mayfly could not be asked, 129, 130 or 143 where HUP, Ctrl-C or TERM cancelled it (143 too where
  somebody else or a newer run did), 141 where nobody read its output any more, 2 where an option is not accepted.

Limits:
  Files ${FILES_MAX_BYTES / KIB} KiB together, an argument ${COMMAND_ARG_MAX_BYTES / KIB} KiB; of the output ${OUTPUT_MAX_BYTES / MIB} MiB are kept and the rest is counted. Standard input is
  not passed on: the command reads an empty one.

Ctrl-C asks the run to cancel and waits for its end; a second one ends the waiting. TERM, HUP and a reader that went away
(mayfly run … | head) ask likewise. Where Mayfly is not reached any more this command says so and tries for ten minutes.
With --json stdout has the final run alone, and stderr what is said meanwhile.

Examples:
  mayfly run --image debian:12 -- sh -c 'echo out; echo err >&2; exit 7'
  mayfly run --image python:3.13 --file /in.csv:./in.csv --size performance-2x --timeout 2h -- python -c 'print(open("/in.csv").read())'
  mayfly run --image alpine --env TOKEN --script build.sh
  mayfly run --image alpine --concurrency deploy-prod --strategy cancel_running --script deploy.sh
  id=$(mayfly run --detach --image debian:12 --tag team=data -- sleep 60)
`;
