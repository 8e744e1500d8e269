#!/usr/bin/env bash
# live.validate - `validate caching` against servers that it starts itself: the document, the replay of its evidence, and that nothing
# stays behind after success, Ctrl-C, SIGKILL, a server that dies, or a failed start. How close prediction and measurement are is
# printed, not judged: the machine that runs the tests may be busy.
set -uo pipefail
program=$2
work=$(mktemp -d)
export HEADROOM_STORE=$work/runs.db TMPDIR=$work/tmp
mkdir "$work/tmp" "$work/bin"
chmod 755 "$work"; chmod 1777 "$work/tmp"      # servers run as another user when this runs as root
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 && command -v redis-server > /dev/null || { echo "PostgreSQL or Redis is not installed"; exit 77; }

nothing_left() { # within five seconds
    for _ in $(seq 50); do
        [ -z "$(ls -A "$TMPDIR")" ] && [ -z "$(servers)" ] && return 0
        sleep 0.1
    done
    ls -A "$TMPDIR"; servers
    fail "servers or files are left after $1"
}
servers() { grep -lza "$TMPDIR/[h]eadroom-bed" /proc/[0-9]*/cmdline 2>/dev/null || true; }      # [h]: grep does not find itself
server_pid() { # WORD: the main process of one of our servers
    for f in /proc/[0-9]*/cmdline; do
        if tr '\0' ' ' 2> /dev/null < "$f" | grep -q "$1.*$TMPDIR/[h]eadroom-bed"; then echo "$f" | cut -d/ -f3; return; fi
    done
}
wait_for_runs() { # PACK COUNT
    for _ in $(seq 600); do
        [ "$(ls "$1/runs" 2>/dev/null | wc -l)" -ge "$2" ] && return 0
        sleep 0.1
    done
    fail "no $2 runs after a minute"
}
too_busy() { grep -q 'load generator was late' "$1"; }

echo "--- loads that cannot be set are refused"
printf '0\n1\n' > "$work/trace.csv"
for load in 'users: 3' 'rate: 5/s, requests_per_session: 3' 'arrivals: trace(trace.csv)'; do
    sed "s/rate: 1200\/s/$(sed 's/[\/&]/\\&/g' <<<"$load")/" "$1/patterns/caching/scenario.yaml" > "$work/load.yaml"
    "$program" validate "$work/load.yaml" > "$work/out" 2>&1
    [ $? -eq 3 ] && grep -q 'loads are measured by open ones, with a `rate`' "$work/out" || { cat "$work/out"; fail "no refusal of $load"; }
done

echo "--- a quick validation"
for attempt in 1 2 3; do
    "$program" validate caching --quick --json --pack "$work/pack$attempt" > "$work/json" 2> "$work/err"
    status=$?
    too_busy "$work/err" || break
    [ "$attempt" -lt 3 ] || { cat "$work/err"; echo "this machine is too busy to measure on"; exit 77; }
done
pack=$work/pack$attempt
[ $status -le 2 ] || { cat "$work/err"; fail "validate ended with $status"; }
nothing_left "a finished validation"
grep -q '"schema": "headroom/validate/1"' "$work/json" || fail "no document"
for word in predicted measured error floor verdict utilisation lateness_us throughput hit_ratio statements; do
    grep -q "\"$word\"" "$work/json" || fail "the document lacks $word"
done
grep -o '"verdict": "[a-z]*"' "$work/json" | sort | uniq -c
echo "--- its evidence gives the same document"
"$program" validate --from "$pack" --json > "$work/again"; replayed=$?
[ $replayed -eq $status ] || fail "the replay ends with $replayed, the validation with $status"
cmp "$work/json" "$work/again" || fail "the replay prints another document"
"$program" runs list | grep -q validate || fail "the validation is not in the store"

echo "--- Ctrl-C"
"$program" validate caching --quick --pack "$work/interrupted" > "$work/out" 2> "$work/err" & pid=$!
wait_for_runs "$work/interrupted" 6
kill -TERM $pid; wait $pid; status=$?
[ $status -eq 2 ] && grep -q interrupted "$work/err" || { cat "$work/err"; fail "an interrupted validation ends with $status"; }
nothing_left "an interruption"
"$program" validate --from "$work/interrupted" > /dev/null; [ $? -le 2 ] || fail "what was measured before the interruption is lost"

echo "--- SIGKILL"
"$program" validate caching --quick --pack "$work/killed" > /dev/null 2>&1 & pid=$!
wait_for_runs "$work/killed" 3
[ -n "$(servers)" ] || fail "no server was running"
kill -KILL $pid; wait $pid 2> /dev/null
nothing_left "SIGKILL"

for victim in postgres redis-server; do
    echo "--- $victim dies"
    "$program" validate caching --quick --pack "$work/$victim" > "$work/out" 2> "$work/err" & pid=$!
    wait_for_runs "$work/$victim" 8
    kill -KILL "$(server_pid "$victim")"; wait $pid; status=$?
    [ $status -eq 4 ] && grep -qiE "PostgreSQL|Redis" "$work/err" || { cat "$work/err"; fail "ends with $status when $victim dies"; }
    nothing_left "the death of $victim"
    "$program" validate --from "$work/$victim" > /dev/null; [ $? -le 2 ] || fail "what was measured before $victim died is lost"
done

echo "--- failed starts"
HEADROOM_POSTGRES_BIN=/nonexistent "$program" validate caching --pack "$work/none" > "$work/out" 2> "$work/err"; status=$?
[ $status -eq 4 ] && grep -q 'postgres is not installed. Install it with: apt-get install' "$work/err" || fail "PostgreSQL missing: $status"
printf '#!/bin/sh\necho "this server is broken"; exit 1\n' > "$work/bin/redis-server"; chmod 755 "$work/bin/redis-server"
HEADROOM_REDIS_BIN=$work/bin "$program" validate caching --pack "$work/broken" > "$work/out" 2> "$work/err"; status=$?
[ $status -eq 4 ] && grep -q 'this server is broken' "$work/err" || { cat "$work/err"; fail "a broken server: $status"; }
nothing_left "failed starts"
sed 's/pg_sleep(-ln/pg_slep(-ln/' "$1/patterns/caching/scenario.yaml" > "$work/wrong.yaml"
"$program" validate "$work/wrong.yaml" --pack "$work/wrong" > "$work/out" 2> "$work/err"; status=$?
[ $status -eq 3 ] && grep -q 'PostgreSQL says' "$work/err" || { cat "$work/err"; fail "wrong SQL: $status"; }
nothing_left "wrong SQL"
"$program" validate caching --pack "$pack" > "$work/out" 2> "$work/err"; status=$?
[ $status -eq 3 ] && grep -q 'holds a pack already' "$work/err" || fail "a pack would be written over: $status"
"$program" validate caching --pack /proc/none > "$work/out" 2> "$work/err"; status=$?
[ $status -eq 4 ] && grep -q 'cannot be made' "$work/err" || fail "a pack that cannot be written: $status"
nothing_left "all"
echo "validate measures, replays and cleans up"
