/**
 * The runner: the POSIX sh program that runs a job's command inside its Machine and keeps its output until it is
 * fetched. Plain sh (tried with dash, bash and busybox ash) and few processes: each one costs a run about a millisecond.
 *
 * What whoever reads the script should know:
 * - Everything stands in one directory, which comes with the script: `stdout`, `stderr`, `state` (a record), `early`, and as
 *   needed `at`, `cats`, `missing`, `oom`. A user of the image who may not write there has a directory of that name and `.own`. The
 *   files are the runner's alone. The record has its full length from the start and is written over in place, so that the
 *   end of a job that filled the disk can still be told.
 * - The first moment of a run, 30 ms, is for commands that end in it: a reader waits for its end without a process, by the
 *   FIFO `moment`, which the watchdog or the runner fills. `early` is empty from then on.
 * - Later a waiting reader makes a FIFO `wake.<pid>` and blocks on it. The runner writes to each of them at the end; a signal
 *   would not do, for the image's user may not signal root's readers. FIFOs are opened for reading and writing, which
 *   never blocks on Linux, so that one whose reader is gone does no harm. A reader that is killed may leave its FIFO.
 * - The command writes to two FIFOs, `1` and `2`, which two `cat` copy into the files: a job may open /dev/stderr by
 *   name, which would empty a file. The runner holds the files open as descriptors 8 and 9, those that `cat` writes to, and
 *   so knows from the kernel how long they have become; where there is no /proc it counts. Both `cat` end with the command unless a
 *   child of it holds a stream open. They ignore signals, since a job may send one to its process group, which is theirs.
 * - Once the record tells the end, USR1 lets the runner exit; before, it is the command's like any other signal.
 * - A run of steps has the steps program as its command (`steps-program.ts`), which shares the descriptors 8 and 9 and keeps a record of
 *   its own. A step's mark is the command's with two digits behind it.
 * - `_flaw` is 1 where there was no command to run and 2 where the disk had no room for all of the output.
 * - The watchdog, one background shell with one `sleep` at a time, ends the first moment and sends ALRM to the runner when a
 *   time limit passes. A run that was shorter than the moment lingers on its first `sleep`.
 * - The command and all that it starts have a mark: a soft limit of file locks that no other runner gives. Linux has kept that limit
 *   since 2.4 and looked at it nowhere; it is inherited through sessions, empty environments, other users and the death of
 *   parents, it can be read of every process, and the runner's own processes and readers do not have it. So a shell finds all
 *   of it in /proc without a process, also where Machines see each other's.
 * - A command that was told to stop, by a TERM or the run limit, is left alone with that: it may need what it started to end well. What
 *   it has left when it has ended gets TERM, the rest of the stop limit, and KILL, and then the end is told. What is left by a command
 *   that ended by itself gets KILL once the runner has lingered for its first seconds.
 * - A reader tells short and plain text as it is, which takes no process; all else as base64 or hex.
 * - Where `sleep` knows no fractions a poller looks each second.
 * - A file of the runner's that is there already is an error: nothing is run twice into the same streams.
 *
 * What it does not do:
 * - A background command of a shell ignores INT and QUIT (POSIX), and so do the programs that it starts unless they set
 *   handlers. INT and QUIT that reach the runner are passed on as TERM. `env --default-signal` could restore them, but
 *   finding out whether an image's `env` knows it costs a process.
 * - Signals go to the command alone, as they would without a runner.
 * - What a command that ended by itself has left may go on for those seconds, or until its Machine ends before. What that writes is not told.
 * - It finds nothing that it started where there is no /proc or no such limit (gVisor), and not a process that sets the limit anew, as PAM can at
 *   a log-in, one that is the command of another runner inside it, and one whose first thread has ended before the others. It can not
 *   signal another user's unless it is root. All of it ends with the Machine.
 * - A signal that reaches the runner in its first milliseconds, more where the Machine is busy, ends it, and with it the Machine. One that reaches the
 *   command's process before it is the command can be lost; after a lost TERM the stop limit holds all the same.
 * - A shell can not tell `exit 137` from death by SIGKILL in a way that dash, bash and busybox share.
 * - The kernel counts its OOM kills as a whole. The local server puts each Machine's own count in its place, and a
 *   container has its own in its cgroup. Where Machines share a kernel and have neither, a SIGKILL that somebody sent
 *   while any process of the computer was killed for want of memory is taken for one.
 * - A background child that keeps a stream open is waited for a third of a second, then what it writes is not told.
 * - Where the image has no mkfifo or no cat the streams are the files themselves, and a job that opens /dev/stdout or
 *   /dev/stderr by name and not for appending empties them.
 */
const SOURCE = `# Mayfly's runner: runs one command, keeps its output and tells it to readers.
#   run DIR RUN_SECONDS STOP_SECONDS LINGER_SECONDS COMMAND [ARG...]
#   read DIR STDOUT_OFFSET STDERR_OFFSET MAX_BYTES WAIT_SECONDS [FACTS_OF_STEPS]
# Variables begin with _ so that none is the command's own. DIR has no blanks.

# Sets _state to running, ended or, where there is no record, nothing. DIR.own is of a user who may not write to DIR.
read_state() {
  _state='' _whole=''
  [ -s "$_dir/state" ] || { [ -s "$_dir.own/state" ] && _dir=$_dir.own; } || return
  read -r _state _code _timed_out _oom_killed _flaw _out _err _whole <"$_dir/state"
  [ "$_state$_whole" = ended. ] || _state=running
}

# Sets _out and _err. Busybox's wc reads all that it counts; elsewhere wc is the quicker one.
read_sizes() {
  _out=0 _err=0
  [ -s "$_dir/stdout" ] || [ -s "$_dir/stderr" ] || return
  set --
  [ ! -e /bin/busybox ] || set -- $(stat -c '%s -' "$_dir/stdout" "$_dir/stderr")
  [ "$3" ] || set -- $(wc -c "$_dir/stdout" "$_dir/stderr")
  _out=$1 _err=$3
}

problem() {
  echo "mayfly 1 problem $1"
  exit
}

begun() {
  read_state
  [ "$_state" ]
}

count_facts() {
  [ ! -s "$_dir/steps" ] || read -r _facts _ <"$_dir/steps"
  case $_facts in '' | *[!0-9]* | ????*) _facts=0 ;; esac
}

# True at the end, and where there are bytes beyond the offsets, or facts beyond those that are known. Where facts come while sizes are
# taken it looks again, so that what is beyond the last step that is told was written by the next one alone.
news() {
  read_state
  count_facts
  [ "$_state" = running ] || return 0
  for _line in 1 2 3 4 5; do
    _counted=$_facts
    read_sizes
    count_facts
    [ "$_facts" != "$_counted" ] || break
  done
  _facts=$_counted
  [ "$_out" -ne "$_from_out" ] || [ "$_err" -ne "$_from_err" ] || [ "$_facts" -gt "\${_known:-$_facts}" ]
}

# Waits $2 seconds for $1 to be true, looking each 5 ms at first and later each 500 ms. Ends with its reader.
poll() {
  _left=$(($2 * 1000)) _round=0
  until "$1" || [ "$_left" -le 0 ] || ! kill -0 "$$"; do
    _round=$((_round + 1)) _nap=0.5 _ms=500
    [ "$_round" -gt 40 ] || _nap=0.1 _ms=100
    [ "$_round" -gt 20 ] || _nap=0.02 _ms=20
    [ "$_round" -gt 3 ] || _nap=0.005 _ms=5
    _left=$((_left - _ms))
    sleep "$_nap" &
    wait "$!" || { sleep 1 && _left=$((_left - 1000)); } || break
  done
}

is_early() {
  [ -p "$_dir/moment" ] && [ -s "$_dir/early" ]
}

# Blocks until the run's first moment or the command is over. Looks again once it has the FIFO, which then keeps what comes
# to it, and hands that on to the next.
await_moment() {
  exec 3<>"$_dir/moment"
  is_early && read -r _line <&3 && echo >&3
  exec 3<&-
  read_state
}

# For a command that is about to end: one reply costs less than two.
wait_a_moment() {
  for _nap in 0.005 0.01; do
    [ "$_state" = running ] || return
    is_early && { await_moment; return; }
    sleep "$_nap" || return
    read_state
  done
}

# A FIFO brings the end from the runner and the rest from a poller.
wait_for_news() {
  _fifo=$_dir/wake.$$
  mkfifo -m 666 "$_fifo"
  [ -p "$_fifo" ] || { poll news "$1"; return; }
  exec 3<>"$_fifo"
  {
    _before=$!
    trap '[ "$!" = "$_before" ] || kill -KILL "$!"; rm -f "$_fifo"; exit' TERM
    poll news "$1"
    echo >&3
    rm -f "$_fifo"
  } >/dev/null &
  read -r _line <&3
  kill "$!"
}

# Shares MAX_BYTES: a stream under half of it is told in full, however much the other has.
share() {
  _n_out=$((_out - $1)) _n_err=$((_err - $2)) _half=$(($3 / 2))
  [ "$((_n_out + _n_err))" -gt "$3" ] || return
  if [ "$_n_out" -le "$_half" ]; then
    _n_err=$(($3 - _n_out))
  else
    [ "$_n_err" -le "$_half" ] || _n_err=$_half
    _n_out=$(($3 - _n_err))
  fi
}

# Prints $3 bytes of stream $1 from byte $2 on, $4 being its size: the first dd only moves the offset.
print_bytes() {
  if [ "$_state$_facts" = ended0 ] && [ "$2" -eq 0 ] && [ "$3" -eq "$4" ]; then
    [ "$3" -eq 0 ] || $_encode <"$_dir/$1"
  elif [ "$3" -gt 0 ]; then
    {
      [ "$2" -eq 0 ] || dd bs=1 skip="$2" count=0
      dd bs="$3" count=1 | $_encode
    } <"$_dir/$1"
  fi
  echo .
}

# Sets _text to all of stream $1, if that is $2 bytes and all of them ASCII that can be printed, tabs and line feeds.
read_text() {
  _text='' _line=''
  [ "$2" -gt 0 ] || return 0
  while IFS= read -r _line; do _text=$_text$_line$_feed; done <"$_dir/$1"
  _text=$_text$_line
  [ "\${#_text}" -eq "$2" ] || return
  case $_text in *[!"$_plain"!-~]*) return 1 ;; esac
}

# Text that is short is told as it is: reading it costs a shell less than a process up to some 1000 bytes.
is_short_text() {
  [ "$_state$1$2" = ended00 ] && [ -p "$_dir/2" ] && [ "$_n_out" -eq "$_out" ] && [ "$_n_err" -eq "$_err" ] &&
    [ "$_out" -le 512 ] && [ "$_err" -le 512 ] && read_text stderr "$_err" && _text_err=$_text && read_text stdout "$_out"
}

# The Machine's clock, in hundredths of a second, and the facts of steps from the one after $1 on. A step can write there, too: nothing
# that is longer than a fact is told.
tell_facts() {
  read -r _line _ </proc/uptime && _line=$((\${_line%.*} * 100 + 1\${_line#*.} - 100)) || _line=$(date +%s)00
  echo "steps $_line $_facts"
  [ "$_facts" = 0 ] || {
    read -r _line
    _n_facts=0
    while [ "$((_n_facts += 1))" -le "$_facts" ] && read -r _line; do
      [ "$_n_facts" -le "$1" ] || [ "\${#_line}" -gt 99 ] || echo "$_line"
    done
  } <"$_dir/steps"
  echo .
}

do_read() {
  _from_out=$1 _from_err=$2 _known=$5 _facts=0 LC_ALL=C
  exec 2>/dev/null
  begun || poll begun "$((1 + ($4 > 0) * 4))"
  [ "$_state" ] || problem "there is no record in $_dir: the runner did not start, or could not write there"
  wait_a_moment
  news || [ "$4" -eq 0 ] || { wait_for_news "$4"; news; }
  [ "$_out" -ge "$1" ] && [ "$_err" -ge "$2" ] ||
    problem "offsets $1 and $2 are beyond the streams, which have $_out and $_err bytes"
  share "$1" "$2" "$3"
  _form=base64 _encode=base64 _at=-
  if is_short_text "$1" "$2"; then
    _form=text
  else
    command -v base64 >/dev/null || _form=hex _encode='od -An -v -tx1'
  fi
  _line=''
  if [ "$_state" = ended ]; then
    [ ! -s "$_dir/at" ] || read -r _at <"$_dir/at"
    [ "$_flaw" != 1 ] || IFS= read -r _line <"$_dir/missing"
  else
    _code=0 _timed_out=0 _oom_killed=0 _flaw=0
  fi
  echo "mayfly 1 $_state $_out $_err $_code $_timed_out $_oom_killed $_flaw $_at $_form $_n_out $_n_err"
  printf '%s\\n' "$_line"
  if [ "$_form" = text ]; then
    printf '%s.\\n' "$_text" "$_text_err"
  else
    print_bytes stdout "$1" "$_n_out" "$_out"
    print_bytes stderr "$2" "$_n_err" "$_err"
  fi
  [ ! "$5" ] || tell_facts "$5"
}

_feed='
'
_plain=" \t$_feed"

# A reader needs nothing of what follows, and is spared its parsing.
_do=$1 _dir=$2
shift 2
[ "$_do" != read ] || { do_read "$@"; exit; }

give_up() {
  echo "mayfly runner: can not write to $_dir" >&2
  exit 125
}

# Nobody else may read the output. With -C a file that is there already is an error. What umask tells in a file costs no process.
make_record() {
  [ -w "$_dir" ] || { _dir=$_dir.own; mkdir -m 700 "$_dir" || give_up; }
  set -C
  umask >"$_dir/early" && read -r _umask <"$_dir/early" || give_up
  umask 077
  printf '' >"$_dir/stdout" && printf '' >"$_dir/stderr" || give_up
  printf 'running\\n%-71s\\n' '' >"$_dir/state" || give_up
  umask "$_umask"
  set +C
}

# Sets _missing where $1 can not be executed. "command -v" finds builtins too.
look_for() {
  case $1 in
    '') _code=127 _missing='the command is empty' ;;
    */*) look_at "$1" ;;
    *) look_in_path "$1" ;;
  esac
}

look_at() {
  if [ -d "$1" ]; then
    _code=126 _missing="$1 is a directory, not a program"
  elif [ ! -e "$1" ]; then
    _code=127 _missing="there is no file $1 in the image"
    case $1 in /*) ;; *) _missing="$_missing (working directory: $PWD)" ;; esac
  elif [ ! -x "$1" ]; then
    _code=126 _missing="$1 is not executable"
  fi
}

look_in_path() {
  _code=127 _missing="there is no program $1 in the image's PATH ($PATH)"
  set -f
  IFS=:
  for _try in $PATH; do
    _try=\${_try:-.}/$1
    [ -f "$_try" ] || continue
    [ -x "$_try" ] && _missing='' && break
    _code=126 _missing="$_try is not executable"
  done
  unset IFS
  set +f
}

# Sets _oom to how many processes the kernel had killed for want of memory, by its counters or a note of them, which has
# also where it is from.
read_oom() {
  while read -r _key _oom _from; do
    [ "$_key" = oom_kill ] && return
  done <"$1"
}

# Where a Machine sees its own count that is in the first lines. The kernel's is far behind, and as shells read byte by byte a
# process takes less time to keep all of it. In between are containers, which have their own cgroup there: that of all has no
# such file, or in version 1 a release_agent, and does not count for those below it.
note_oom() {
  _lines=0
  while [ "$((_lines += 1))" -le 6 ] && read -r _key _oom; do
    [ "$_key" = oom_kill ] && echo "$_key $_oom /proc/vmstat" >"$_dir/oom" && return
  done </proc/vmstat
  for _file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r "$_file" ] && [ ! -e "\${_file%/*}/release_agent" ] && read_oom "$_file" &&
      echo "oom_kill $_oom $_file" >"$_dir/oom" && return
  done
  cat /proc/vmstat >"$_dir/oom"
}

look_whether_oom() {
  read_oom "$_dir/oom" && _before=$_oom && read_oom "\${_from:-/proc/vmstat}" && [ "$_oom" -gt "$_before" ] && _oom_killed=1
}

# Lets readers go that wait for a moment. Who comes to the FIFO from now on sees that it is not early any more.
end_moment() {
  printf '' >"$_dir/early"
  [ ! -p "$_dir/moment" ] || printf '\\n\\n\\n' 1<>"$_dir/moment"
}

# What drain leaves to the watchdog, which looks after the moment's end, and drain before.
close_streams() {
  sleep 0.3 &
  wait "$!" || { sleep 1 & wait "$!"; }
  read_state
  [ "$_state" = running ] && read -r _cats <"$_dir/cats" && kill -KILL $_cats
}

# Sends ALRM to the runner after $1 seconds, and after the first $2, where given, ends the moment. TERM ends it with its sleep; one
# before the trap is not lost, as the end is on record by then. KILL, as a sleep that is not exec'd yet has the trap.
watch() {
  {
    _before=$!
    trap '[ "$!" = "$_before" ] || kill -KILL "$!"; exit' TERM
    read_state
    if [ "$_state" = running ] && [ "$2" ]; then
      note_oom
      sleep "$2" &
      wait "$!"
      end_moment
      read_state
      [ "$_state" = running ] && [ -s "$_dir/cats" ] && close_streams
    fi
    [ "$_state" = running ] || exit
    sleep "$1" &
    wait "$!" && kill -ALRM "$$"
  } </dev/null >/dev/null 2>&1 &
  _watchdog=$!
}

# After the first TERM the stop limit runs; the next can come between any two commands, so they are counted in one. Starts
# no process once the command is reaped: the shell would forget its status.
pass_on() {
  _caught=1
  kill -"$1" "$_pid" && [ "$1" = TERM ] && [ "$((_stops += 1))" = 1 ] || return
  kill "$_watchdog"
  end_moment
  watch "$_stop"
}

# The run limit passed, or the stop limit.
limit_passed() {
  _caught=1
  [ "$((_stops += 1))" = 1 ] || { kill -KILL "$_pid"; _killed=1; return; }
  kill -TERM "$_pid" || return
  _timed_out=1
  watch "$_stop"
}

# A caught signal interrupts the wait, or comes just after it.
await() {
  while :; do
    _caught=''
    wait "$_pid"
    _code=$?
    [ "$_caught" ] || return
    kill -0 "$_pid" || break
  done
  wait "$_pid"
  _code=$?
}

# Becomes the command, marked: what has a mark hands it on to all that it starts. The second is bash's. Steps share the files.
become() {
  [ -e "$_steps" ] || exec 8>&- 9>&-
  ulimit -S -w "$_mark" 2>&- || ulimit -S -x "$_mark" 2>&-
  exec "$@"
}

# Sends $1 to all that is marked and uses memory, which what is dead and the kernel's own do not. True where there was one.
tell_marked() {
  _found=''
  for _proc in /proc/[0-9]*; do
    read -r _got _ <"$_proc/statm" && [ "$_got" != 0 ] || continue
    while read -r _ _ _key _got _ && [ "$_key" != locks ]; do :; done <"$_proc/limits"
    case $_got in "$_mark" | "$_mark"??) kill -"$1" "\${_proc#/proc/}" && _found=1 ;; esac
  done
  [ "$_found" ]
}

# Until there is none, and $2 times at most.
insist() {
  _left=$2
  while tell_marked "$1" && [ "$((_left -= 1))" -gt 0 ]; do sleep 0.1 || sleep 1; done
}

# What a command that was told to stop has left gets TERM, what is left of the stop limit, and KILL.
stop_marked() {
  trap '_left=0' ALRM
  [ "$_killed" ] || { tell_marked TERM && insist 0 "$((_stop * 10))"; }
  insist KILL 20
}

# Where exec fails the shell says so in the command's place, and begins with the runner's path.
look_whether_started() {
  IFS= read -r _line <"$_dir/stderr"
  case $_line in
    "$0: "*) _missing="$1 can not be started: no interpreter or loader for it, or not for this processor" ;;
  esac
}

# The sizes by where the copies stand in their files, as the kernel tells of the descriptors that the runner has of them too.
read_positions() {
  [ "$_cats" ] && read -r _key _out <"/proc/$$/fdinfo/8" && [ "$_key" = pos: ] &&
    read -r _key _err <"/proc/$$/fdinfo/9" && [ "$_key" = pos: ]
}

# The watchdog of a run that was over within the moment ends by itself.
tell_end() {
  read_positions || read_sizes
  [ "$_missing" ] && _flaw=1 && printf '%s\\n' "$_missing" >"$_dir/missing"
  printf 'ended %s\\n' "$_code $_timed_out $_oom_killed $_flaw $_out $_err ." 1<>"$_dir/state"
  [ -s "$_dir/early" ] || [ ! "$_watchdog" ] || kill "$_watchdog"
  end_moment
  for _fifo in "$_dir"/wake.*; do
    [ -p "$_fifo" ] && echo 1<>"$_fifo"
  done
}

let_go() {
  [ ! "$_watchdog" ] || kill "$_watchdog"
  [ "$!" = "$_last" ] || kill -KILL "$!"
  exit "$_code"
}

# Until a release, which may have come already and mostly comes before the watchdog's first sleep is over. Notes the time for
# late readers.
linger() {
  _last=$!
  trap let_go USR1
  [ ! "$_released" ] || let_go
  [ ! "$_watchdog" ] || wait "$_watchdog"
  _watchdog=''
  sleep 1 &
  wait "$!"
  echo "$(($(date +%s) - 1))" >"$_dir/at"
  insist KILL 20
  sleep "$(($1 - 1))" &
  wait "$!"
  exit "$_code"
}

# Copies FIFO $1 to descriptor $2.
copy() {
  {
    trap '' HUP INT QUIT TERM USR1 USR2 ALRM
    exec cat <"$1" >&"$2"
  } &
}

# Waits until the files have all, which mostly they have at once. A stream that somebody else keeps open is closed after a
# while, by the watchdog where that still is in its first sleep. A cat that failed had no room to write to.
drain() {
  _closer=''
  echo "$_cats" >"$_dir/cats" && [ -s "$_dir/early" ] || {
    { sleep 0.3 || sleep 1; kill -KILL $_cats; } &
    _closer=$!
  }
  for _cat in $_cats; do
    wait "$_cat"
    [ "$?" != 1 ] || _flaw=2
  done
  [ ! "$_closer" ] || kill -KILL "$_closer"
}

# A signal that comes before the command keeps it from being started: it would have ended it. Number and name.
note_signals() {
  trap '_noted=15:TERM' TERM INT QUIT
  trap '_noted=1:HUP' HUP
  trap '_noted=10:USR1' USR1
  trap '_noted=12:USR2' USR2
}

pass_on_signals() {
  trap 'pass_on TERM' TERM INT QUIT
  trap 'pass_on HUP' HUP
  trap 'pass_on USR1' USR1
  trap 'pass_on USR2' USR2
  trap limit_passed ALRM
  [ ! "$_noted" ] || pass_on "\${_noted#*:}"
}

run_command() {
  # First: a child of a shell that has traps can swallow a signal, and the watchdog may be told to end.
  watch "$_limit" 0.03
  note_signals
  mkfifo -m 666 "$_dir/1" "$_dir/2" "$_dir/moment"
  read -r _line </proc/sys/kernel/random/uuid && _mark=$((0x\${_line##*-}))
  [ ! "$_noted" ] || { _code=$((128 + \${_noted%:*})); return; }
  if [ -p "$_dir/2" ] && command -v cat >/dev/null; then
    exec 8>>"$_dir/stdout" 9>>"$_dir/stderr"
    copy "$_dir/1" 8
    _cats=$!
    copy "$_dir/2" 9
    _cats="$_cats $!"
    become "$@" </dev/null >"$_dir/1" 2>"$_dir/2" &
  else
    become "$@" </dev/null >>"$_dir/stdout" 2>>"$_dir/stderr" &
  fi
  _pid=$!
  exec </dev/null >/dev/null 2>&1
  pass_on_signals
  await
  trap '' TERM HUP INT QUIT USR1 USR2 ALRM
  [ "$_code$_killed" != 137 ] || look_whether_oom
  [ "$_stops" = 0 ] || stop_marked
  [ ! "$_cats" ] || drain
  [ ! -e "$_dir/whole" ] || [ -s "$_dir/whole" ] || _flaw=2
  case $_code in
    126 | 127) look_whether_started "$1" ;;
  esac
}

do_run() {
  _limit=$1 _stop=$2 _linger=$3 _steps=$_dir/steps.sh
  _mark=none _cats='' _watchdog='' _noted='' _killed='' _missing='' _released='' _stops=0 _flaw=0 _timed_out=0 _oom_killed=0
  shift 3
  make_record
  look_for "$1"
  [ "$_missing" ] || run_command "$@"
  trap '' TERM HUP INT QUIT USR2 ALRM
  trap '_released=1' USR1
  tell_end
  exec </dev/null >/dev/null 2>&1
  linger "$_linger"
}

do_run "$@"
`;

/** As it travels with every Machine: without comments and empty lines, for whoever meets it there a word of where they are. */
export const RUNNER_SCRIPT = `# Mayfly's runner; src/core/runner.ts explains it.\n${SOURCE.replace(/^ *#.*\n/gm, "").replace(/^ +|^\n/gm, "")}`;
