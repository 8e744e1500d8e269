#!/usr/bin/env bash
# cli.replay_limit - arrivals through limiters and outcomes through breakers: text, JSON, columns, gzip, standard input, refusals.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
same() { # WANTED WORDS…: what the program prints, lines joined by blanks
    local wanted=$1 got
    shift
    got=$("$program" replay "$@" 2> "$work/err" | tr '\n' ' ')
    [ "$got" = "$wanted " ] || { cat "$work/err"; fail "replay $*: '$got', want '$wanted '"; }
}

printf '%s\n' 0 0 0 50 100 > "$work/times"
same 'allow delay 100 deny deny delay 100'  limit "$work/times" --rate 10/s --burst 1
same 'allow delay 100 deny deny delay 100'  limit "$work/times" --rate 10r/s --burst 1 --policy limit-req
same 'allow allow deny deny allow'          limit "$work/times" --rate 10/s --burst 1 --nodelay
same 'allow allow delay 100 delay 150 delay 200' limit "$work/times" --rate 10/s --burst 3 --delay 1
same 'allow allow deny deny allow'          limit "$work/times" --rate 10/s --burst 2 --policy token-bucket
same 'allow allow deny deny deny'           limit "$work/times" --rate 2/s --policy fixed-window
gzip -k "$work/times"
same 'allow allow deny deny allow'          limit "$work/times.gz" --rate 10/s --burst 1 --policy gcra
[ "$(printf '0\r\n0\r\n' | "$program" replay limit - --rate 1r/m | tr '\n' ' ')" = 'allow deny ' ] || fail "standard input"

# Each key has a limiter of its own; a name needs a header.
printf 'time,client\n0,a\n0,b\n0,a\n' > "$work/keys.csv"
same 'allow allow deny'                     limit "$work/keys.csv" --rate 1/s --time-column time --key-column client
tail -n +2 "$work/keys.csv" | tr ',' ' ' > "$work/keys"
same 'allow allow deny'                     limit "$work/keys" --rate 1/s --key-column 2
"$program" replay limit "$work/keys" --rate 1/s --key-column 2 --json > "$work/json" || fail "--json"
python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert rows[0] == {"time_ms": 0, "key": "a", "verdict": "allow", "delay_ms": 0}, rows
assert rows[2] == {"time_ms": 0, "key": "a", "verdict": "deny", "delay_ms": None}, rows
' "$work/json" || fail "the objects of --json"

printf '%s\n' ok fail fail ok ok ok ok ok > "$work/outcomes"
opens="--minimum-number-of-calls 3 --wait-duration-in-open-state 2s --permitted-number-of-calls-in-half-open-state 2"
# shellcheck disable=SC2086
same 'closed closed open open open half-open closed closed' breaker "$work/outcomes" $opens
same 'closed open open' breaker --policy consecutive --failures 2 - < <(printf 'fail 0\n5 fail\nok 10\n')
"$program" replay breaker "$work/outcomes" --minimum-number-of-calls 3 --json | sed -n 4p |
    grep -qx '{"time_ms": 3000, "outcome": "ok", "permitted": false, "state": "open"}' || fail "breaker --json"

refuse() { # PATTERN WORDS…
    local pattern=$1
    shift
    "$program" replay "$@" > "$work/out" 2> "$work/err"
    [ $? -eq 3 ] || fail "status of: replay $*"
    [ "$(wc -l < "$work/err")" -eq 1 ] && grep -qE "$pattern" "$work/err" || { cat "$work/err"; fail "no single message like '$pattern'"; }
}
printf '0\nsoon\n' > "$work/bad"
refuse 'bad:2: .soon.: want a time'         limit "$work/bad" --rate 1/s
refuse 'keys:1: .a. follows the time'       limit "$work/keys" --rate 1/s
refuse 'keys:1: 2 columns, and number 3'    limit "$work/keys" --rate 1/s --key-column 3
refuse "no column 'user'"                   limit "$work/keys.csv" --rate 1/s --key-column user
refuse "did you mean 'gcra'"                limit "$work/times" --rate 1/s --policy gcrb
refuse 'does not use `burst`'               limit "$work/times" --rate 1/s --burst 3 --policy fixed-window
refuse 'needs `burst`'                      limit "$work/times" --rate 1/s --policy token-bucket
refuse 'when calls end'                     limit "$work/times" --rate 1/s --policy concurrency
refuse '.-rate wants'                    limit "$work/times" --rate fast
refuse 'No such file'                       limit "$work/none" --rate 1/s
printf 'ok\nbroken\n' > "$work/bad"
refuse 'bad:2: .broken.: want ok, fail or slow' breaker "$work/bad"
printf 'ok 5\nok 3\n' > "$work/back"
refuse 'back:2: 3 ms is before'             breaker "$work/back"
refuse 'does not use `failures`'            breaker "$work/outcomes" --failures 3
refuse 'more than 0%'                       breaker "$work/outcomes" --failure-rate-threshold 0%
echo "limiters and breakers answer and refuse"
