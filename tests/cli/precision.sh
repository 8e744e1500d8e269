#!/usr/bin/env bash
# cli.precision - a precision that is asked for is reached, or the program says how far it came and ends in 2.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HEADROOM_STORE=$work/runs.db NO_COLOR=1
fail() { echo "FAILED: $*"; exit 1; }
# The first value of that name in a document.
value() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\).*/\1/p" "$1" | head -n 1; }

cat > "$work/q.yaml" <<'YAML'
scenario: q
components:
  s: {kind: service, workers: 1, queue: 1G, on: {serve: [{wait: exp(1s)}]}}
workload:
  c: {rate: 0.5/s, call: s.serve, timeout: none}
run: {duration: 1200s, warmup: 200s}
YAML
"$program" run "$work/q.yaml" --no-store --precision 3% --of p95 --json > "$work/p95" || fail "3 % of p95"
[ "$(value "$work/p95" precise)" = true ] && [ "$(value "$work/p95" replications)" -gt 10 ] || fail "3 % of p95 is not reached, or without effort"
awk '/"p95_ms"/ && !seen { seen = 1; n = 3; next } n { gsub(/[",:]/, ""); v[$1] = $2; n-- } END { exit (v["high"] - v["low"]) / 2 > 0.03 * v["value"] }' \
    "$work/p95" || fail "the interval is wider than 3 %"
"$program" run "$work/q.yaml" --no-store --precision 3% --of p95 --threads 1 --json | cmp - "$work/p95" || fail "one thread finds another length"
"$program" run "$work/q.yaml" --no-store --precision 20% --of mean,p95 --json > "$work/rough" || fail "20 %"
[ "$(value "$work/rough" replications)" -le "$(value "$work/p95" replications)" ] || fail "less precision takes more replications"

# Replications of a few requests: their p99 is the largest one, whatever the number of replications.
sed 's/1200s, warmup: 200s/60s, warmup: 10s/' "$work/q.yaml" > "$work/short.yaml"
"$program" run "$work/short.yaml" --no-store --precision 10% --of p99 --json > "$work/short" || fail "short replications"
[ "$(value "$work/short" lengthened)" -gt 0 ] || fail "replications that are too short are not noticed"
"$program" run "$work/short.yaml" --no-store --replications 5 --json > "$work/short"
[ "$(value "$work/short" lengthened)" = 0 ] || fail "a given number of replications was lengthened"

"$program" run "$work/q.yaml" --no-store --precision 0.01% --of p95 --at-most 1s > "$work/out" 2> "$work/err"; [ $? -eq 2 ] || fail "time over: not 2"
grep -qE 'stopped before 0.01 %: p95 known within [0-9.]+ %; it would take about [0-9]+ replications, some [0-9]+ s more' "$work/out" || { cat "$work/out"; fail "not told how far it came"; }
"$program" run "$work/q.yaml" --no-store --precision 0.01% --json > "$work/stopped" 2> "$work/err" & pid=$!
sleep 1.5; kill -INT $pid; wait $pid; [ $? -eq 2 ] || fail "Ctrl-C: not 2"
[ "$(value "$work/stopped" stopped)" = true ] || fail "Ctrl-C loses what is known"
"$program" run caching --no-store --precision 1% --at-most 1us > "$work/out" 2> "$work/err"; [ $? -eq 2 ] && grep -q 'nothing is known yet' "$work/err" || fail "no time at all"

"$program" run "$work/q.yaml" --no-store --replications 1 --json > "$work/one" || fail "one long run"
[ "$(value "$work/one" intervals)" = 'batch means' ] || fail "one long run without batch means"
refuse() { # PATTERN COMMAND…
    local pattern=$1
    shift
    "$@" > "$work/out" 2> "$work/err"; [ $? -eq 3 ] && grep -qE "$pattern" "$work/err" || { cat "$work/err"; fail "no message like '$pattern'"; }
}
refuse "'p59' is no metric; did you mean 'p50'" "$program" run caching --of p59
refuse "give one of the two" "$program" run caching --precision 2% --replications 5
sed 's|rate: 0.5/s|rate: "ramp(0.2/s, 0.5/s, over=1000s)"|' "$work/q.yaml" > "$work/ramp.yaml"
refuse "a load that stays the same" "$program" run "$work/ramp.yaml" --no-store --replications 1
refuse "pairs want at least 2" "$program" compare caching --replications 1
big=$("$program" run "$work/q.yaml" --no-store --replications 2 --seed 18446744073709551615 --json | grep '"seed"')
[[ $big == *'"18446744073709551615"'* ]] || fail "a large seed is printed as $big"
echo "precision in, length out"
