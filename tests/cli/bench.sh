#!/usr/bin/env bash
# cli.bench - rows by name, the document for programs, a history that is kept and compared; bad words and bad files are refused.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

"$program" bench hold-10 bytes-per-request --save "$work/history" > "$work/out" || fail "bench"
grep -qE '^hold-10 .* ns/event' "$work/out" || fail "no row hold-10"
[ "$(grep -vc '^#' "$work/history")" -eq 2 ] || fail "two results should have been kept"
"$program" bench hold-10 --json > "$work/json" || fail "--json"
grep -q '"schema": "headroom/bench/1"' "$work/json" && grep -q '"median"' "$work/json" || fail "the document"

# A baseline ten times as fast must be noticed, another machine's must not.
awk -F '\t' -v OFS='\t' '!/^#/ { $6 /= 10; $7 /= 10; $8 /= 10 } { print }' "$work/history" > "$work/fast"
"$program" bench hold-10 --baseline "$work/fast" > "$work/out" || fail "a slow-down is no failure"
grep -qE 'hold-10 .* worse' "$work/out" || fail "a slow-down was not noticed"
sed 's/^[^#\t]*\t/another machine\t/' "$work/fast" > "$work/other"
"$program" bench hold-10 --baseline "$work/other" > "$work/out" || fail "another machine's baseline"
grep -q 'worse' "$work/out" && fail "compared with another machine"

"$program" bench hold-11 2> "$work/err"; [ $? -eq 3 ] && grep -q "did you mean 'hold-10" "$work/err" || fail "unknown row"
"$program" bench hold-10 --baseline "$work/none" 2> "$work/err"; [ $? -eq 3 ] && grep -q 'cannot be read' "$work/err" || fail "no such baseline"
echo 'hello' > "$work/bad"
"$program" bench hold-10 --baseline "$work/bad" 2> "$work/err"; [ $? -eq 3 ] && grep -q 'bad:1: no result' "$work/err" || fail "a bad baseline"
"$program" bench hold-10 --save /dev/full > "$work/out" 2> "$work/err"; [ $? -eq 4 ] && grep -q 'cannot be written' "$work/err" || fail "a full disk"

# Only rows that run the catalogue's scenario want it.
mkdir "$work/elsewhere"
HEADROOM_ROOT=$work/elsewhere "$program" bench hold-10 > "$work/out" || fail "a row that runs no pattern wants one"
HEADROOM_ROOT=$work/elsewhere "$program" bench hold-10 caching > "$work/out" 2> "$work/err"
[ $? -eq 3 ] && grep -q "^headroom: row 'caching' of bench runs the catalogue's scenario: no pattern is named 'caching'" "$work/err" && [ ! -s "$work/out" ] ||
    fail "the pattern is missing: $(cat "$work/err")"
echo "bench prints, keeps and compares"
