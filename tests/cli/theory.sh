#!/usr/bin/env bash
# cli.theory - exact values as text and JSON, clear refusals, the same table for any number of threads, and a page that is up to date.
set -uo pipefail
root=$1 program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

"$program" theory mmc arrival=8/s service=1s servers=10 --json > "$work/a" || fail "theory mmc --json"
grep -q '"W": 1.20459' "$work/a" && grep -q '"schema": "headroom/theory/1"' "$work/a" || fail "quantities of mmc"
"$program" theory mmc arrival=8/s service=1s servers=10 | grep -q 'p_wait *0.40918015' || fail "text of mmc"
"$program" theory --list > "$work/list" || fail "theory --list"
for model in mmc jsq2 ttl_hit; do grep -q "^$model\$" "$work/list" || fail "$model is not listed"; done

refuse() { # PATTERN WORDS…
    local pattern=$1
    shift
    "$program" theory "$@" > "$work/out" 2> "$work/err"
    [ $? -eq 3 ] || fail "status of: theory $*"
    [ "$(wc -l < "$work/err")" -eq 1 ] && grep -qE "$pattern" "$work/err" || { cat "$work/err"; fail "no single message like '$pattern'"; }
    [ ! -s "$work/out" ] || fail "bad input printed results"
}
refuse "did you mean 'mmc'"                 mcc arrival=8/s
refuse "did you mean 'servers'"             mmc arrival=8/s service=1s server=10
refuse 'no steady state'                    mmc arrival=10/s service=1s servers=10
refuse 'lacks servers'                      mmc arrival=8/s service=1s
refuse 'want a rate such as'                mmc arrival=nan service=1s servers=3
refuse 'belong to the table'                mmc arrival=1/s service=1s servers=3 --quick

"$program" theory --quick --json --threads 1 > "$work/one" || fail "the table disagrees"
"$program" theory --quick --json --threads 2 > "$work/two" || fail "the table disagrees"
cmp "$work/one" "$work/two" || fail "two threads give another table than one"
"$program" theory --quick --markdown | grep '^|' | cut -d'|' -f2-5 > "$work/page" || fail "the page"
grep '^|' "$root/docs/theory.md" | cut -d'|' -f2-5 | cmp - "$work/page" ||
    fail "docs/theory.md shows another table: make it with 'headroom theory --markdown > docs/theory.md'"
echo "theory answers, refuses and agrees"
