#!/usr/bin/env bash
# cli.run - the same seed gives the same bytes for any number of threads, another seed others; bad input gets one clear message and 3.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HEADROOM_STORE=$work/runs.db
fail() { echo "FAILED: $*"; exit 1; }

"$program" run caching --seed 7 --replications 4 --threads 1 --json > "$work/a" ; "$program" run caching --seed 7 --replications 4 --threads 2 --json > "$work/b"
cmp "$work/a" "$work/b" || fail "two threads give other bytes than one"
"$program" run caching --seed 8 --replications 4 --json > "$work/c"
cmp -s "$work/a" "$work/c" && fail "another seed gives the same bytes"

refuse() { # STATUS PATTERN FILE-TEXT
    printf '%b' "$3" > "$work/bad.yaml"
    "$program" run "$work/bad.yaml" --no-store > "$work/out" 2> "$work/err"
    local status=$?
    [ $status -eq "$1" ] || fail "status $status instead of $1 for: $3"
    grep -qE "$2" "$work/err" || { cat "$work/err"; fail "no message like '$2'"; }
    [ ! -s "$work/out" ] || fail "bad input printed results"
}
good='scenario: s\ncomponents:\n  api: {kind: service, on: {read: [{wait: 1ms}]}}\nworkload:\n  u: {rate: 10/s, call: api.read}\nrun: {duration: 5s, warmup: 0}\n'
database='  db: {kind: database, memory: 1536MiB, statements: {by_id: {wait: 1ms}}}\n'
printf '%b' "${good/workload/${database}workload}" | sed 's/{wait: 1ms}]}}$/{query: db.by_id}]}}/' > "$work/ledger.yaml"
"$program" run "$work/ledger.yaml" --ledger > "$work/out" || fail "no ledger"
grep -qx 'db.memory = 1536MiB' "$work/out" && grep -qx 'u.size = 1KiB' "$work/out" && grep -qx 'api.on.read\[0\] = query db.by_id' "$work/out" ||
    fail "the ledger does not say sizes and statements as the scenario does"

refuse 3 'bad.yaml:5:13: u.rate = .10.: want a rate'                       "${good/10\/s/10}"
refuse 3 'bad.yaml:5:13: u.rate = .-10/s.: want a rate'                    "${good/10\/s/-10\/s}"
refuse 3 'bad.yaml:5:13: u.rate = .1000000000000000000/s.: out of range'   "${good/10\/s/1000000000000000000\/s}"
refuse 3 'bad.yaml:5:6: u lacks .rate.'                                    "${good/rate: 10\/s, /}"
refuse 3 'u: .rate. and .users. exclude each other'                        "${good/rate: 10\/s, /rate: 10\/s, users: 3, }"
refuse 3 'u.think belongs to .users.'                                      "${good/rate: 10\/s, /rate: 10\/s, think: 1s, }"
refuse 3 'u.think: users must think'                                       "${good/rate: 10\/s, /users: 3, think: 0, }"
refuse 3 'u.arrivals belongs to a .rate.'                                  "${good/rate: 10\/s, /users: 3, arrivals: constant, }"
refuse 3 'u.arrivals: want poisson, constant, or a distribution'           "${good/rate: 10\/s, /rate: 10\/s, arrivals: erlang(0, 1s), }"
refuse 3 "no component is named 'apy'; did you mean 'api'"                 "${good/api.read/apy.read}"
refuse 3 "has no operation 'reed'; did you mean 'read'"                    "${good/api.read/api.reed}"
refuse 3 "did you mean 'service'"                                          "${good/kind: service/kind: servise}"
refuse 3 'api has no key .worker.; did you mean .workers.'                 "${good/kind: service,/kind: service, worker: 3,}"
refuse 3 "api.workers = '3x': want a whole number"                         "${good/kind: service,/kind: service, workers: 3x,}"
refuse 3 'put a balancer in front'                                         "${good/kind: service,/kind: service, replicas: 2,}"
refuse 3 'a ring of calls'                                                 "${good/\{wait: 1ms\}/\{call: api.read\}}"
refuse 3 'not YAML|want a mapping'                                         'scenario: [\n'
refuse 3 'want a mapping'                                                  'hello\n'
refuse 3 'want a mapping'                                                  ''
refuse 3 'anchors and aliases'                                             'a: &a [x]\nb: *a\n'
refuse 3 'a second time'                                                   "scenario: t\n$good"
refuse 3 "live.variants: no variant of that name; did you mean 'fast'"     "${good}variants: {fast: {summary: x}}\nlive: {variants: [fats]}\n"
refuse 3 'live.loads: want a share of the measured capacity, below 100%'   "${good}live: {loads: [120%]}\n"
refuse 3 "live has no key 'lods'|did you mean .loads."                      "${good}live: {lods: [20%]}\n"
"$program" run "$work/none.yaml" 2> "$work/err"; [ $? -eq 3 ] && grep -q 'cannot be read' "$work/err" || fail "unreadable file"
"$program" run cachin 2> "$work/err"; [ $? -eq 3 ] && grep -q "did you mean 'caching'" "$work/err" || fail "unknown pattern"
"$program" rum 2> "$work/err"; [ $? -eq 3 ] && grep -q "did you mean 'run'" "$work/err" || fail "unknown verb"
"$program" run caching --sead 3 2> "$work/err"; [ $? -eq 3 ] && grep -q 'did you mean --seed' "$work/err" || fail "unknown option"
echo "runs repeat, bad input is refused"
