/**
 * The steps program: the POSIX sh program that runs a job's steps one after the other, as the runner's command, and keeps a record of
 * where in the output each of them begins and ends. Tried with dash, bash and busybox ash, like the runner.
 *
 * What whoever reads the script should know:
 * - The record is the file `steps` beside the runner's. Its first line says how many facts there are, and each has a line: `s STEP TIME`
 *   (started), `e STEP CODE TIMED-OUT MILLISECONDS STDOUT STDERR` (ended, with the sizes of both streams by then), `k STEP` (skipped). It has
 *   its full length from the start and is written over in place, so that it can be told on a full disk.
 * - Times are hundredths of a second since the Machine's start, out of /proc/uptime, which costs no process. A reader tells the same clock.
 * - A step writes to two FIFOs of its own, which two `cat` copy to the runner's files, by the descriptors 8 and 9 that it shares with the
 *   runner: so the kernel counts the bytes, nothing stands in the output that a step has not written, and the end of both `cat` says that all of
 *   it is there. A background child that keeps a stream open is waited for a third of a second; what it writes later comes into the sections of
 *   the steps then under way, until the last one is over. Its own messages would be the job's output: it has none.
 * - `cat` holds the runner's stderr too, so that the runner waits for it where this program is killed.
 * - `whole` becomes empty where the disk had no room for all of the output. The runner looks at that.
 * - Where the image has no mkfifo or no cat, steps write to the runner's files themselves, as its command does.
 * - A step has a mark of its own, which begins with the runner's: see there. What a step that was told to stop has left gets TERM, the
 *   rest of the stop limit, and KILL. What is left by a step that ended by itself goes on: it can be a server for the steps behind it.
 * - TERM, which the runner sends for a cancel and for the run limit, goes to the step under way. Behind it only those run that always do, in what
 *   the runner leaves of the stop limit.
 * - ALRM is the step's own time limit, and URG the end of the wait for its streams. Whoever sends them looks, once it listens, whether
 *   the step is over by the count of facts: a child of a shell that has traps can swallow a signal.
 * - A checkout's secrets are with a process that waits to be asked for them (`secret-giving.ts`). The checkout asks, and is the first step; what is
 *   left of that step and of them is ended before the next one. That process is the runner's child and ends once it was asked, so its
 *   number can be another's by then: it is told by its start, which costs no process. Where there is no /proc the number has to do.
 * - The exit code is that of the first step that failed; 124 where its time limit passed and it ended well all the same, and 143 where none
 *   failed and a stop kept some from being run.
 */
const SOURCE = `# Mayfly's steps: runs each and keeps a record of them.
#   sh DIR/steps.sh DIR STOP_SECONDS CONDITION:SECONDS...
# Variables begin with _ so that none is a step's own. DIR has no blanks.
_home=$1 _dir=$1 _stop=$2
shift 2
[ -w "$_dir" ] || _dir=$_dir.own
exec 5>&1 6>&2 </dev/null >/dev/null 2>&1

give_up() {
  echo "mayfly: can not write to $_dir" >&6
  exit 125
}

# Sets _now, in hundredths of a second.
tell_time() {
  if read -r _now _ </proc/uptime; then
    _now=$((\${_now%.*} * 100 + 1\${_now#*.} - 100))
  else
    _now=$(date +%s)00
  fi
}

# Sets _out and _err to what the runner's files have.
read_sizes() {
  if [ "$_piped" ]; then
    read -r _name _out <"/proc/$$/fdinfo/8" && [ "$_name" = pos: ] &&
      read -r _name _err <"/proc/$$/fdinfo/9" && [ "$_name" = pos: ] && return
  fi
  set --
  [ ! -e /bin/busybox ] || set -- $(stat -c '%s -' "$_dir/stdout" "$_dir/stderr")
  [ "$3" ] || set -- $(wc -c "$_dir/stdout" "$_dir/stderr")
  _out=\${1:-0} _err=\${3:-0}
}

# In place: the fact first, and then that it is there.
tell() {
  echo "$*" >&7
  _facts=$((_facts + 1))
  printf '%-4s' "$_facts" 1<>"$_dir/steps"
}

# Sends $1 to this program after $2 seconds, or $3 where sleep knows no fractions, unless another fact is told before.
watch() {
  {
    _before=$!
    trap '[ "$!" = "$_before" ] || kill -KILL "$!"; exit' TERM
    read -r _now _ <"$_dir/steps"
    [ "$_now" = "$_facts" ] || exit
    sleep "$2" &
    wait "$!" || { sleep "\${3:-$2}" & wait "$!"; } && kill -"$1" "$$"
  } 5>&- 6>&- 7>&- 8>&- 9>&- &
  _watchdogs="$_watchdogs $!"
}

# Before a stop is told to a step it counts: so each is told once, to the step that it came in.
on_stop() {
  _caught=1 _stops=$((_stops + 1))
  hand_on_stop
}

hand_on_stop() {
  [ "$_pid" ] && [ "$_told" != "$_stops" ] || return
  _told=$_stops _is_told=1
  kill -TERM "$_pid"
}

hand_on() {
  _caught=1
  [ ! "$_pid" ] || kill -"$1" "$_pid"
}

# The step's time limit passed, or the stop limit after it. It can be the signal of a step before, which was late.
on_limit() {
  _caught=1
  [ "$_pid" ] || { _left=0; return; }
  [ ! "$_timed_out" ] || { kill -KILL "$_pid"; _killed=1; return; }
  tell_time
  [ "$_limit" != 0 ] && [ "$((_now - _began))" -ge "$((_limit * 100 - 50))" ] || return
  kill -TERM "$_pid" || return
  _timed_out=1
  watch ALRM "$_stop"
}

# Sets _status. A caught signal interrupts the wait, or comes just after it. Starts no process once $1 is reaped: the shell
# would forget its status.
await() {
  while :; do
    _caught=''
    wait "$1"
    _status=$?
    [ "$_caught" ] || return
    [ "$_pid" ] || [ ! "$_late" ] || return
    kill -0 "$1" || break
  done
  wait "$1"
  _status=$?
}

# The second is bash's. Tells the limit where $1 is none.
limit_locks() {
  ulimit -S -w $1 || ulimit -S -x $1
}

# Copies FIFO $1 to descriptor $2. It is not the step's, and does not end with it.
copy() {
  {
    trap '' HUP INT QUIT TERM USR1 USR2 ALRM URG
    [ ! "$_mark" ] || limit_locks unlimited
    exec cat <"$_dir/$1" >&"$2" 5>&- 7>&- 8>&- 9>&-
  } &
  _cats="$_cats $!"
}

# Becomes the step.
begin() {
  exec 2>&3 3>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  [ ! "$_mark" ] || limit_locks "$_mark" 2>/dev/null
  set -- "$_home/step.$_n"
  [ ! -e "$1.env" ] || . "$1.env"
  exec /bin/sh -e "$1"
}

# As the runner has it, for one step.
tell_marked() {
  _found=''
  for _proc in /proc/[0-9]*; do
    read -r _got _ <"$_proc/statm" && [ "$_got" != 0 ] || continue
    while read -r _ _ _name _got _ && [ "$_name" != locks ]; do :; done <"$_proc/limits"
    [ "$_got" = "$_mark" ] && kill -"$1" "\${_proc#/proc/}" && _found=1
  done
  [ "$_found" ]
}

insist() {
  _left=$2
  while tell_marked "$1" && [ "$((_left -= 1))" -gt 0 ]; do sleep 0.1 || sleep 1; done
}

stop_marked() {
  [ "$_mark" ] || return
  [ "$_killed" ] || { tell_marked TERM && insist 0 "$((_stop * 10))"; }
  insist KILL 20
}

# Waits until the runner's files have all of the step's output, unless somebody else keeps its streams open.
drain() {
  [ "$_cats" ] || return
  _late=''
  watch URG 0.3 1
  for _cat in $_cats; do
    [ "$_late" ] || await "$_cat"
    if [ "$_late" ]; then
      _held="$_held $_cat"
    else
      [ "$_status" != 1 ] || printf '' >"$_dir/whole"
    fi
  done
}

# Runs step _n with a limit of $1 seconds. _told is what of the stops it need not hear of.
run_step() {
  tell_time
  _began=$_now _limit=$1 _timed_out='' _killed='' _is_told='' _cats='' _watchdogs='' _pid='' _mark=''
  [ ! "$_run_mark" ] || _mark=$_run_mark$(($_n / 10))$(($_n % 10))
  tell "s $_n $_now"
  # First: a child of a shell that has traps can swallow a signal.
  [ "$1" = 0 ] || watch ALRM "$1"
  if [ "$_piped" ]; then
    copy "out.$_n" 8
    copy "err.$_n" 9
    begin >"$_dir/out.$_n" 3>"$_dir/err.$_n" &
  else
    begin >&5 3>&6 &
  fi
  _pid=$!
  hand_on_stop
  await "$_pid"
  _code=$_status _pid=''
  [ ! "$_timed_out$_is_told" ] || stop_marked
  drain
  tell_time
  read_sizes
  tell "e $_n $_code \${_timed_out:-0} $((_now > _began ? (_now - _began) * 10 : 0)) $_out $_err"
  [ ! "$_watchdogs" ] || kill $_watchdogs
  [ "$_code\${_timed_out:-0}" = 00 ] || [ "$_failed" ] || _failed=$_code
  [ "$_failed" != 0 ] || _failed=124
}

# Sets _start to when the process with the holder's number was started, the 22nd word of its line; the second, in brackets, can have blanks.
tell_start() {
  _line=''
  read -r _line <"/proc/$_holder/stat"
  set -- \${_line##*[)] }
  _start=\${20}
}

is_holder() {
  tell_start
  [ "$_start" = "$_holder_start" ]
}

# Before any step but the checkout nobody has what that was given: not who held it for the checkout, and not what git has left, which
# has it in its environment.
forget() {
  [ ! "$_mark" ] || insist KILL 20
  while is_holder && kill -KILL "$_holder" && read -r _got _ <"/proc/$_holder/statm" && [ "$_got" != 0 ]; do sleep 0.01 || sleep 1; done
  rm -rf "$_home.secrets/ssh" "$_home.secrets/token" "$_home.secrets/key"
  _holder=''
}

# True where the step of this condition is to be run.
is_due() {
  case $1 in
    always) return 0 ;;
    success) [ ! "$_failed" ] ;;
    *) [ "$_failed" ] ;;
  esac && {
    [ "$_told" = 0 ] || { _kept_off=143; false; }
  }
}

_facts=0 _stops=0 _told=0 _n=0 _failed='' _kept_off='' _held='' _pid='' _piped='' _caught='' _late='' _mark='' _holder=''
[ ! -s "$_home.secrets/holder" ] || { read -r _holder <"$_home.secrets/holder"; tell_start; _holder_start=$_start; }
_run_mark=$(limit_locks)
case $_run_mark in '' | *[!0-9]*) _run_mark='' ;; esac
_names=''
for _step; do
  _n=$((_n + 1))
  _names="$_names $_dir/out.$_n $_dir/err.$_n"
done
if [ -p "$_dir/2" ] && command -v cat; then
  mkfifo -m 666 $_names || give_up
  _piped=1
fi
# Nobody else may read it. What umask tells in a file costs no process.
umask >"$_dir/whole" && read -r _umask <"$_dir/whole" || give_up
umask 077
printf "%-$((5 + _n * 128))s" 0 >"$_dir/steps" || give_up
umask "$_umask"
exec 7<>"$_dir/steps"
printf '%-4s\\n' 0 >&7
trap on_stop TERM INT QUIT
trap on_limit ALRM
trap '_caught=1 _late=1' URG
for _name in HUP USR1 USR2; do trap "hand_on $_name" "$_name"; done
_n=0
for _step; do
  _n=$((_n + 1)) _told=$_stops
  if is_due "\${_step%%:*}"; then
    run_step "\${_step#*:}"
  else
    tell "k $_n"
  fi
  [ ! "$_holder" ] || forget
done
[ ! "$_held" ] || kill -KILL $_held
exit "\${_failed:-\${_kept_off:-0}}"
`;

/** As it travels with a Machine: without comments and empty lines, like the runner. */
export const STEPS_SCRIPT = `# Mayfly's steps; src/core/steps-program.ts explains it.\n${SOURCE.replace(/^ *#.*\n/gm, "").replace(/^ +|^\n/gm, "")}`;
