#!/usr/bin/env bash
# cli.replay_cron - times as text and JSON, in a zone, and clear refusals.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

"$program" replay cron "0 0 29 2 *" --from 2026-06-15T02:00:00Z --count 2 > "$work/out" || fail "leap days"
printf '2028-02-29T00:00:00Z\n2032-02-29T00:00:00Z\n' | cmp - "$work/out" || fail "other leap days"
"$program" replay cron "30 2 * * *" --from 2026-03-28T12:00:00Z --count 2 --zone Europe/Berlin > "$work/out" || fail "a zone"
printf '2026-03-29T03:00:00+02:00\n2026-03-30T02:30:00+02:00\n' | cmp - "$work/out" || fail "other times where clocks change"
"$program" replay cron @hourly --from 2026-03-28T12:00:00Z --count 1 --zone America/St_Johns --json > "$work/out" || fail "--json"
grep -q '"2026-03-28T10:00:00-02:30"' "$work/out" && grep -q '"2026-03-28T12:30:00Z"' "$work/out" || { cat "$work/out"; fail "JSON"; }
refuse() { # PATTERN WORDS…
    local pattern=$1
    shift
    "$program" replay cron "$@" > "$work/out" 2> "$work/err"
    [ $? -eq 3 ] || fail "status of: $*"
    [ "$(wc -l < "$work/err")" -eq 1 ] && grep -qE "$pattern" "$work/err" && [ ! -s "$work/out" ] || { cat "$work/err"; fail "no single message like '$pattern'"; }
}
refuse 'hour: out of range'         '0 24 * * *'
refuse "no time zone 'Berlin'"      '0 2 * * *' --zone Berlin
refuse "from 'today': want"         '0 2 * * *' --from today
refuse 'no such day'                '0 0 31 4 *'
refuse 'count: want 1'              '0 2 * * *' --count 0
"$program" replay cron --help | grep -q 'first pass only' || fail "help tells the rule of changing clocks"
echo "replay cron tells times and refuses"
