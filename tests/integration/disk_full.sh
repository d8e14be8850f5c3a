#!/usr/bin/env bash
# A session whose data directory is on a disk that fills up, a file system of its own in memory:
# growth stops first while an operator's closing orders still go, the end is one sentence, nothing is
# half written, and once there is room it goes on.
set -eu -o pipefail
binary="$1"

skip() {
  echo "SKIPPED: a full disk: $*"
  exit 77
}

# Where mounting is not allowed, a user's own namespace may allow it.
if [ -z "${TRADEWIND_DISK_FULL_INSIDE:-}" ] && [ "$(id -u)" -ne 0 ]; then
  unshare --user --map-root-user --mount true 2>/dev/null ||
    skip 'this machine lets nobody but root mount a file system'
  TRADEWIND_DISK_FULL_INSIDE=1 exec unshare --user --map-root-user --mount "$0" "$binary"
fi

work="$(mktemp -d)"
disk="$work/disk"
mkdir "$disk"
exchange='' session=''
cleanup() {
  [ -z "$session" ] || kill "$session" 2>/dev/null || true
  [ -z "$exchange" ] || kill "$exchange" 2>/dev/null || true
  wait
  umount "$disk" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
mount -t tmpfs -o size=16m tmpfs "$disk" 2>/dev/null || skip 'this machine lets nobody mount a file system'

fail() {
  echo "FAILED: $*"
  echo '-- the last lines of the session:'
  tail -n 20 "$work/session.err" || true
  exit 1
}

json() { # a value out of the JSON object on standard input, as a Python expression over it
  python3 -c "import json, sys; it = json.load(sys.stdin); print($1)"
}

until_true() { # WHAT COMMAND...: waits until the command succeeds, half a minute at most
  local what="$1" tries=150
  shift
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "$what did not happen"
    sleep 0.2
  done
}

status_is() { # EXPRESSION VALUE: of the running session
  [ "$("$binary" status --json --data-dir "$disk/d" 2>/dev/null | json "$1" 2>/dev/null)" = "$2" ]
}

fill() { # takes every block that is left
  cat /dev/zero >>"$disk/filler" 2>/dev/null || true
}

start() { # starts the session in the background
  "$binary" paper --json --data-dir "$disk/d" --symbols SYNA,SYNB --set exchange.speed=600 \
    --set risk.entry_time_to_live_s=120 "$@" >"$work/session.out" 2>"$work/session.err" &
  session=$!
}

command -v python3 >/dev/null || skip 'reading answers needs python3'
"$binary" exchange --listen 127.0.0.1:0 --symbols SYNA,SYNB --speed 600 --key KEY --secret SECRET \
  >"$work/exchange.out" 2>"$work/exchange.err" &
exchange=$!
until_true 'the start of the exchange' grep -q 'listening on' "$work/exchange.out"
url="$(sed -n 's/^listening on //p' "$work/exchange.out")"
export APCA_API_KEY_ID=KEY APCA_API_SECRET_KEY=SECRET APCA_API_BASE_URL="$url" \
  APCA_API_DATA_URL="$url" APCA_API_STREAM_URL="${url/http/ws}"

start
until_true 'a position' status_is 'len(it["positions"]) > 0' True

fill
until_true 'the end of growth on a full disk' status_is 'it["trading"]' reducing
"$binary" flatten 'the disk is full' --data-dir "$disk/d" >/dev/null || fail 'it could not be told to flatten'
until_true 'closing everything on a full disk' status_is '[len(it["positions"]), len(it["open_orders"])]' '[0, 0]'

# What was kept back for the way out goes as well.
fill
code=0
wait "$session" || code=$?
session=''
[ "$code" -eq 1 ] || fail "it ended with $code where the disk was full, not with 1"
sentences="$(grep -c '^tradewind: ' "$work/session.err")"
[ "$sentences" -eq 1 ] || fail "it said $sentences sentences at its end"
grep '^tradewind: ' "$work/session.err" | grep -q 'is full: free space on it' ||
  fail 'its last sentence does not say what to do'

rm "$disk/filler"
"$binary" journal verify --data-dir "$disk/d" || fail 'the journal is not good'
"$binary" journal dump --data-dir "$disk/d" >"$work/dump"
python3 - "$work/dump" <<'PYTHON' || fail 'something grew on a full disk'
import json, sys

full, grown = False, 0
for line in open(sys.argv[1]):
    record = json.loads(line)
    payload = record["payload"]
    if record["kind"] == "alert_raised" and payload.get("code") == "journal_room_full":
        full = True
    if full and record["kind"] == "order_approved" and payload.get("grows"):
        grown += 1
print("the disk was told of as full:", full, "and orders that grow were approved after it:", grown)
sys.exit(not full or grown > 0)
PYTHON

# It goes on with the same session, which flattening had halted, and trades again.
start
until_true 'the restart' status_is 'it["trading"]' halted
"$binary" resume 'there is room again' --data-dir "$disk/d" >/dev/null || fail 'it could not be resumed'
until_true 'a new position' status_is 'len(it["positions"]) > 0' True
kill -TERM "$session"
code=0
wait "$session" || code=$?
session=''
[ "$code" -eq 0 ] || fail "it ended with $code once there was room"
[ "$(json 'it["broker"]["cash"] == it["cash"]' <"$work/session.out")" = True ] ||
  fail 'the books differ from the account'
"$binary" journal verify --data-dir "$disk/d"
"$binary" replay --verify --data-dir "$disk/d"
