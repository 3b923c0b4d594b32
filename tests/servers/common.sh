# Shared by the scripts beside it; sourced, never run.
#
# Real XMPP, OAuth and DNS servers on loopback, for the tests of `--features peers`. `up` is the entry point.
# Every server has an address of its own in 127.0.0.0/8 and the same ports; everything it writes lies in one
# data folder; every process is started in a group of its own and ended by the number in its pid file.

SERVERS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
CACHE="${BUTTY_TESTS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/butty-tests}"
SERVER_LOG="${SERVER_LOG:-info}" # or debug: how much Prosody and ejabberd write
PYTHON="$CACHE/venv/bin/python"
ALL_SERVERS=(dns prosody12 prosody13 ejabberd jabberd2 oidc proxies)
PEOPLE=(juliet romeo admin)

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# data_folder DIR: makes the folder and sets DATA to its full path. The servers run as users of their own, so it
# must be reachable by others.
data_folder() {
  [ -n "${1:-}" ] || die "which data folder?"
  mkdir -p "$1/pids" "$1/log"
  DATA="$(realpath "$1")"
  chmod 755 "$DATA" "$DATA/pids" "$DATA/log"
  setpriv --reuid nobody --clear-groups test -x "$DATA" 2>/dev/null ||
    die "$DATA lies where other users cannot look; the servers run as users of their own. Take a folder under /tmp."
}

# run_as USER COMMAND…: replaces this shell by the command, run as that user.
run_as() {
  local user="$1"; shift
  exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
}

# launch NAME COMMAND…: starts a server in a process group of its own; output to log/NAME.out, number to pids/NAME.pid.
launch() {
  local name="$1"; shift
  setsid "$@" </dev/null >"$DATA/log/$name.out" 2>&1 &
  printf '%s\n' $! >"$DATA/pids/$name.pid"
}

alive() { [ -s "$DATA/pids/$1.pid" ] && kill -0 "$(cat "$DATA/pids/$1.pid")" 2>/dev/null; }

is_open() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# free_port ADDRESS PORT: refuses to start where somebody already listens.
free_port() {
  ! is_open "$1" "$2" || die "$1:$2 is taken. Are the servers of another run still up? (tests/servers/down DATA)"
}

# await NAME ADDRESS PORT SECONDS: until the port is open. A dead process or a late one shows the end of its log.
await() {
  local name="$1" end=$((SECONDS + $4))
  until is_open "$2" "$3"; do
    alive "$name" || { tail_of "$name"; die "$name ended while starting"; }
    [ "$SECONDS" -lt "$end" ] || { tail_of "$name"; die "$name did not open $2:$3 within $4 s"; }
    sleep 0.05
  done
}

# tail_of NAME: the last lines of every log of that server.
tail_of() {
  local file
  for file in "$DATA/log/$1".*; do
    [ -s "$file" ] || continue
    say "--- end of $file"
    tail -n 25 "$file" >&2
  done
}

# finish NAME: ends what launch started, politely first, by the number of its process group.
finish() {
  local file="$DATA/pids/$1.pid" pid tries
  [ -s "$file" ] || return 0
  pid="$(cat "$file")"
  kill -TERM "$pid" 2>/dev/null || true
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 -- "-$pid" 2>/dev/null || break
    [ "$tries" -ne 20 ] || kill -TERM -- "-$pid" 2>/dev/null || true
    sleep 0.05
  done
  kill -KILL -- "-$pid" 2>/dev/null || true
  rm -f "$file"
}
