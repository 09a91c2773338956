/** What stands at the end of `mayfly run --help`. */

export const RUN_EXAMPLES = `
Exit code:
  The command's own. 128 + number where a signal ended it, 124 where --timeout passed, 127 where there is no such
  command, 130 or 143 where the run was cancelled, 125 where it could not be started or Mayfly could not be asked,
  2 where an option is not accepted.

Ctrl-C asks the run to cancel and waits for its end; a second one leaves it running. Where Mayfly is not reached any
more this command says so and tries for ten minutes. With --json nothing but the final run is printed, to stdout.

Examples:
  mayfly run --image debian:12 -- sh -c 'echo out; echo err >&2; exit 7'
  mayfly run --image python:3.13 --file /in.csv:./in.csv --size performance-2x --timeout 2h -- python -c 'print(open("/in.csv").read())'
  mayfly run --image alpine --env TOKEN --script build.sh
  id=$(mayfly run --detach --image debian:12 --tag team=data -- sleep 60)
`;
