/**
 * How a run's secrets get into its command's environment. A Machine's config and env can be read by whoever has the Machines
 * API's token, a command line shows in lists of processes and logs, and what is sent to an exec as stdin has been seen to arrive empty at
 * Fly. So the Machine gets two halves that are random each for itself: a pad, among its files, and once it is started, by exec, the
 * secrets combined with the pad (XOR, a one-time pad). The script here waits for the second half in front of
 * the runner, puts both together in its memory, exports the variables and becomes the runner. Nothing of it is written to a disk.
 *
 * What whoever reads the script should know:
 * - It stands beside the runner; its own directory, `.secrets` behind that one's name, has the FIFO and two marks: `ready`, once the
 *   FIFO is held open and keeps what is written, and `over`, once everything has come.
 * - A line is `NUMBER OF-HOW-MANY WORD…`, a word being a byte as a number, and is written at once. Lines can come twice and in any order.
 * - The secrets are `NAME=value` with a NUL behind each, and NULs to fill up with.
 * - The pad is read first, and whoever gives takes it off the disk: what is given again, and seen by a command, is nothing by itself.
 * - What is the checkout's alone is exported to nobody: a process holds it, which the checkout empties through two FIFOs, `token` and `key`,
 *   and the steps program ends before any other step. `holder` has its number.
 * - The script's own variables can stand in the environment, which would hand them on to the command: they are unset first.
 * - Whoever gives to a Machine that has everything is told that it is given.
 * - Who gives calls the script by the name of the pad, which is not there where the Machine has another: a secret that was set in the
 *   moment of a plan can be seen by one driver and not by the one before it, and both halves together would be nothing. A Machine of code
 *   before this has no such name at all, and takes what comes, as it did.
 * - Until then a signal ends it, as it would end any command. Where nobody comes it exits with 125, and the Machine ends; so it does where the
 *   image has no mkfifo.
 */

import { encodeBase64 } from "./base64.ts";
import {
  RUNNER_LINGER_MS,
  SECRET_LINE_BYTES,
  SECRET_LINES_PER_CALL,
  SECRET_PADDING_BYTES,
} from "./limits.ts";
import type { SpecFile } from "./run-spec.ts";
import { stateDir } from "./runner-protocol.ts";
import { CHECKOUT_TOKEN_VARIABLE, DEPLOY_KEY_VARIABLE } from "./step/checkout.ts";
import { utf8 } from "./utf8.ts";

const SCRIPT = `# Mayfly's way of secrets into an environment; src/core/secret-giving.ts explains it.
#   wait DIR SECONDS COMMAND [ARG...]
#   give DIR LINE...
_do=$1 _dir=$2 _in=$2.secrets
shift 2

if [ "$_do" = give ]; then
exec 2>/dev/null
_left=100
until [ -e "$_in/ready" ]; do
[ "$((_left -= 1))" -gt 0 ] || { echo "mayfly 1 problem nobody waits for secrets in $_in"; exit; }
sleep 0.05 || { sleep 1; _left=$((_left - 19)); }
done
[ ! -e "$_dir/pad" ] || rm -f "$_dir/pad"
if [ ! -e "$_in/over" ]; then
exec 4<>"$_in/fifo"
for _line; do printf '%s\\n' "$_line" >&4; done
fi
echo 'mayfly 1 given'
exit
fi

give_up() {
echo "mayfly: $1" >&2
exit 125
}

set +a +x
unset _words _known _pad _word _byte _octal _text _pair _token _key
_lines=0
while read -r _pad; do
_lines=$((_lines + 1))
unset "_pad_$_lines" "_part_$_lines"
eval "_pad_$_lines=\\$_pad"
done <"$_dir/pad"
mkdir -m 700 "$_in" && mkfifo -m 600 "$_in/fifo" || give_up "can not wait for secrets in $_in"
exec 3<>"$_in/fifo"
{
_before=$!
trap '[ "$!" = "$_before" ] || kill -KILL "$!"; exit' TERM
sleep "$1" &
wait "$!" && echo >&3
} </dev/null >/dev/null 2>&1 &
_timer=$!
shift
: >"$_in/ready"
_have=0 _all=1
while [ "$_have" -lt "$_all" ]; do
read -r _number _all _words <&3
[ "$_number" ] || give_up 'nobody came with the secrets'
eval "_known=\\$_part_$_number"
[ "$_known" ] || _have=$((_have + 1))
eval "_part_$_number=\\$_words"
done
: >"$_in/over"
exec 3<&-
kill "$_timer"
wait "$_timer"

put() {
_text=$(printf '%b.' "$_octal")
_pair=$_pair\${_text%.} _octal='' _bytes=0
}

take() {
case $1 in
${CHECKOUT_TOKEN_VARIABLE}=*) _token=\${1#*=} ;;
${DEPLOY_KEY_VARIABLE}=*) _key=\${1#*=} ;;
*) export "$1" ;;
esac
}

unmask() {
for _word in $_pad; do
_byte=$((_word ^ $1))
shift
if [ "$_byte" -eq 0 ]; then
[ ! "$_octal" ] || put
[ ! "$_pair" ] || take "$_pair"
_pair=''
else
_octal=$_octal\\\\0$((_byte >> 6))$((_byte >> 3 & 7))$((_byte & 7))
[ "$((_bytes += 1))" -lt 200 ] || put
fi
done
}

_number=0 _pair='' _octal='' _bytes=0
while [ "$((_number += 1))" -le "$_lines" ]; do
eval "_pad=\\$_pad_$_number; unmask \\$_part_$_number"
done
[ ! "$_token$_key" ] || {
mkfifo -m 600 "$_in/token" "$_in/key" || give_up "can not hand on the checkout's secrets in $_in"
{
trap '' HUP INT QUIT TERM USR1 USR2 ALRM
[ ! "$_token" ] || printf %s "$_token" >"$_in/token"
[ ! "$_key" ] || printf %s "$_key" >"$_in/key"
} </dev/null >/dev/null 2>&1 &
echo "$!" >"$_in/holder"
}
exec "$@"
`;

/** Goes by the name of the pad, and by the script itself where the Machine has no name of one. */
const GIVE = `_script=$0
[ -e "$_script" ] || {
for _name in "$2"/give-*; do [ ! -e "$_name" ] || exit 2; done
_script=$2/secrets.sh
}
. "$_script"`;

/** Secrets on their way: pad and masked bytes are of the same length, and each is random without the other. */
export interface MaskedSecrets {
  /** Tells this pad from others, and nothing else: a few letters and digits. */
  padName: string;
  pad: Uint8Array;
  masked: Uint8Array;
}

/** What is given, in clear: each variable with a NUL behind it, filled up so that its length tells little. */
export function secretsContent(variables: [name: string, value: string][]): Uint8Array {
  const bytes = utf8(variables.map(([name, value]) => `${name}=${value}\0`).join(""));
  const content = new Uint8Array(Math.ceil(bytes.length / SECRET_PADDING_BYTES) * SECRET_PADDING_BYTES);
  content.set(bytes);
  return content;
}

/** The files that a Machine needs for its secrets, besides the runner's. Of the secrets they tell nothing. */
export function secretFiles(machineName: string, { pad, padName }: MaskedSecrets): SpecFile[] {
  const padText = `${linesOf(pad).join("\n")}\n`;
  return [
    { path: scriptPath(machineName), base64: encodeBase64(utf8(SCRIPT)), mode: 0o644 },
    {
      path: giverPath(machineName, padName),
      base64: encodeBase64(utf8(`. ${scriptPath(machineName)}\n`)),
      mode: 0o644,
    },
    { path: `${stateDir(machineName)}/pad`, base64: encodeBase64(utf8(padText)), mode: 0o644 },
  ];
}

/**
 * The runner's command behind the wait for secrets.
 * @param bootMs after which nobody comes any more but for a last look
 */
export function withSecrets(machineName: string, bootMs: number, runner: string[]): string[] {
  const waitS = Math.ceil((bootMs + RUNNER_LINGER_MS) / 1000);
  return ["/bin/sh", scriptPath(machineName), "wait", stateDir(machineName), String(waitS), ...runner];
}

/** The execs that give a Machine its secrets, to be made one after the other. Any of them can be repeated. */
export function giveCommands(machineName: string, { masked, padName }: MaskedSecrets): string[][] {
  const lines = linesOf(masked);
  const numbered = lines.map((words, index) => `${index + 1} ${lines.length} ${words}`);
  const commands: string[][] = [];
  for (let from = 0; from < numbered.length; from += SECRET_LINES_PER_CALL)
    commands.push([
      ...["/bin/sh", "-c", GIVE, giverPath(machineName, padName), "give", stateDir(machineName)],
      ...numbered.slice(from, from + SECRET_LINES_PER_CALL),
    ]);
  return commands;
}

/** True where an exec's stdout says that what it brought is given. */
export function isGiven(stdout: string): boolean {
  return stdout === "mayfly 1 given\n";
}

function linesOf(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += SECRET_LINE_BYTES)
    lines.push(bytes.subarray(from, from + SECRET_LINE_BYTES).join(" "));
  return lines;
}

function giverPath(machineName: string, padName: string): string {
  return `${stateDir(machineName)}/give-${padName}`;
}

/** The script's own folder in the Machine, which is for the command's user alone. */
export function secretsDir(machineName: string): string {
  return `${stateDir(machineName)}.secrets`;
}

function scriptPath(machineName: string): string {
  return `${stateDir(machineName)}/secrets.sh`;
}
