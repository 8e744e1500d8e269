#!/usr/bin/env bash
# cli.replay_balance - the choices of nginx as the command prints them, and one clear message for every wrong input.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
balance() { "$program" replay balance "$@"; }
# refused WORDS COMMAND…: exit status 3, nothing printed, one line with these words.
refused() {
    local words=$1
    shift
    balance "$@" > "$work/out" 2> "$work/err"
    [ $? -eq 3 ] || fail "not refused: $*"
    [ ! -s "$work/out" ] && [ "$(wc -l < "$work/err")" -eq 1 ] && grep -qF -- "$words" "$work/err" || fail "$*: $(cat "$work/out" "$work/err")"
}

[ "$(balance --servers a=5,b=1,c=1 --requests 7 | tr -d '\n')" = aabacaa ] || fail "smooth weights"
# Recorded from nginx 1.22.1: weights 2, 2, 1, the second server refuses connections, max_fails=2 fail_timeout=2s, a request every 200 ms.
timeline=acaacaacaacaacaacaacaacaacaacaacaaacaacaacaacaacaacaacaacaac
got=$(balance --servers a=2,b=2,c=1 --failing b --max-fails 2 --fail-timeout 2s --every 200ms --requests 60 | tr -d '\n')
[ "${#got}" -eq 60 ] || fail "a failing server"
[ "$got" = "$timeline" ] || fail "a failing server: $got"
printf 'k0\nk1\nk2\n' > "$work/keys"
gzip -k "$work/keys"
for keys in "$work/keys" "$work/keys.gz"; do
    [ "$(balance --policy hash --servers a,b,c --keys "$keys" | tr -d '\n')" = bab ] || fail "keys from $keys"
done
[ "$(balance --policy hash --servers a,b,c --keys - < "$work/keys" | tr -d '\n')" = bab ] || fail "keys from standard input"
[ "$(balance --servers a,b --down a,b --requests 2 | tr -d '\n')" = -- ] || fail "nobody left"
balance --policy hash --servers a,b,c --keys "$work/keys" --json > "$work/json" || fail "--json"
for words in '"schema": "headroom/replay-balance/1"' '{"request":3,"key":"k2","server":"b"}' '{"server":"b","weight":1,"requests":2}' '"refused": 0'; do
    grep -qF "$words" "$work/json" || fail "--json has no $words"
done
balance --help | grep -q 'headroom replay balance --policy' || fail "--help has no example"

refused '--servers wants' --requests 3
refused 'want a whole weight' --servers a=x --requests 3
refused 'want a whole weight' --servers a=0 --requests 3
refused 'want a whole weight' --servers a=-1 --requests 3
refused 'has no name' --servers a,,b --requests 3
refused "'a' is named twice" --servers a,b,a --requests 3
refused '--requests wants' --servers a,b
refused "did you mean 'least-conn'" --servers a,b --requests 3 --policy least-con
refused 'looks at no weights' --servers a=2,b=1 --requests 3 --policy jsq
refused 'give --keys FILE, one key a line' --servers a,b --requests 3 --policy hash
refused 'one address a line' --servers a,b --requests 3 --policy ip-hash
refused "keys:1: 'k0' is no IPv4 or IPv6 address" --servers a,b --policy ip-hash --keys "$work/keys"
refused 'none' --servers a,b --policy hash --keys "$work/none"
refused "no server is named 'c'" --servers a,b --requests 3 --down c
refused 'whole seconds' --servers a,b --requests 3 --fail-timeout 1500ms
balance --policy hash --servers a,b --keys "$work/keys" --requests 5 > "$work/out" 2> "$work/err"
[ $? -eq 3 ] && grep -q 'the file of keys has 3' "$work/err" || fail "more requests than keys"
echo "replay balance chooses as nginx and refuses what is wrong"
