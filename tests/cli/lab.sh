#!/usr/bin/env bash
# cli.lab - the learner's loop as a student goes through it: the stub fails, the reference passes, other good answers pass, and what
# would win without solving the task is refused or fails.
set -uo pipefail
root=$1 program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
fail() { echo "FAILED: $*"; cat out err 2>/dev/null; exit 1; }
lab() { "$program" lab "$@" > out 2> err; }
want() { # STATUS words of the verb …
    local wanted=$1 status
    shift
    lab "$@"
    status=$?
    [ $status -eq "$wanted" ] || fail "status $status instead of $wanted: lab $*"
}
says() { grep -qE -- "$1" out err || fail "no '$1'"; }
mine=lab-01-cache-aside/system.yaml
given=$root/labs/01-cache-aside/start/system.yaml
solution=$root/labs/01-cache-aside/solution/system.yaml

# The loop.
want 0 list; says '01-cache-aside .* new'
want 3 run; says 'this folder is no work folder of a lab'
want 3 start; says 'which lab'
want 3 start 9; says "no lab is '9'"
want 3 start cache-asid; says "no lab is 'cache-asid'"
want 0 start 1; says 'Edit .*lab-01-cache-aside/system.yaml'
cmp -s "$mine" "$given" || fail "the stub was not copied"
echo '# mine' >> "$mine"
want 3 start 1; says 'stays as it is'
tail -n 1 "$mine" | grep -q '# mine' || fail "work was overwritten"
want 0 list; says '01-cache-aside .* begun'
want 0 run lab-01-cache-aside; says 'latency .*target: p99'; says 'No grade'
want 1 test lab-01-cache-aside; says 'fails .*99 of 100'; says 'look at'; says '4 of 5 targets hold'
want 3 solution lab-01-cache-aside; says 'with --give-up'; [ ! -s out ] || fail "the solution was shown"
want 0 hint lab-01-cache-aside; says 'hint 1 of 4'
want 0 hint lab-01-cache-aside; says 'hint 2 of 4'
(cd lab-01-cache-aside && "$program" lab hint > ../out) && says 'hint 3 of 4'
want 0 hint lab-01-cache-aside; says 'hint 4 of 4'
want 0 hint lab-01-cache-aside; says 'no further hint'; says 'hint 1 of 4'
cp "$solution" "$mine"
want 0 test lab-01-cache-aside; says 'All targets hold'
want 0 list; says '01-cache-aside .* passed'
want 0 solution lab-01-cache-aside; says 'get: cache'
want 0 test lab-01-cache-aside --json; cp out a
want 0 test lab-01-cache-aside --json; cmp -s a out || fail "the same file, another grade"
[ "$(wc -l < out)" -eq 1 ] || fail "not one line"
says '"schema":"headroom/lab-test/1","lab":"01-cache-aside","folder":"lab-01-cache-aside","verdict":"holds"'
want 0 list --json; says '"state": "passed"'

# Other good answers, each against the reference: they pass, too.
good() { # SED-PROGRAM
    sed -E "$1" "$solution" > "$mine"
    cmp -s "$mine" "$solution" && fail "nothing was changed by $1"
    want 0 test lab-01-cache-aside
}
good 's/\{delete: cache\}/{set: cache, ttl: 30s}/'                                         # write-through
good 's/1536MiB/1GiB/; s/ttl: 30s/ttl: 10min/'                                             # smaller, longer
good 's/1536MiB/2GiB/; s/, ttl: 30s//; s/pool: 16/pool: 32/; s/round-robin/least-conn/'    # larger, no time to live

# Wins that solve nothing: refused with the key and the line, or a target fails.
refused() { # PATTERN SED-PROGRAM [FILE]
    sed -E "$2" "${3:-$solution}" > "$mine"
    cmp -s "$mine" "${3:-$solution}" && fail "nothing was changed by $2"
    want 3 test lab-01-cache-aside
    says "system.yaml:[0-9]+:[0-9]+: $1"
    [ ! -s out ] || fail "a refused file was graded"
}
refused 'workload.readers.rate may not be changed: the exercise says 1800/s'  's|1800/s|18/s|'
refused 'workload.readers.key may not be changed'                             's/(readers.*)zipf\(1.1, 5k\)/\1one/'
refused 'workload.writers.timeout is missing'                                 's/(writers.*), timeout: 1s/\1/'
refused 'workload.writers is missing'                                         '/^  writers/d'
refused 'workload.cheaters may not be added'                                  's/^(  writers.*)/\1\n  cheaters: {rate: 9\/s, call: lb.read}/'
refused 'prices.core may not be changed'                                      's|0.04 \$/h|0.01 $/h|'
refused 'prices is missing'                                                   '/^prices/d'
refused 'run.duration may not be changed'                                     's/duration: 90s/duration: 40s/'
refused 'run.warmup may not be changed'                                       's/warmup: 30s/warmup: 80s/'
refused 'components.db.statements.by_id.wait may not be changed'              's/exp\(8ms\)/exp(1ms)/'
refused 'components.db.network may not be added'                              's/pool: 16/pool: 16\n    network: 1us/'
refused 'components.db.cores: here it must be one of \[2, 4, 8\]'             's/cores: 2/cores: 0.01/'
refused 'components.db.memory may not be changed'                             's/memory: 4GiB/memory: 1B/'
refused 'components.api.replicas: here it must be one of'                     's/replicas: 3/replicas: 1/'
refused 'components.api.replicas is missing'                                  '/replicas: 3/d'
refused "'api.on.read' is no name for a component"                               's/^  cache: .*/  api.on.read: {kind: cache, memory: 0B, entries: 1M}/; s/(get|set|delete): cache/\1: api.on.read/g'
refused 'api.replicas = 0 needs an autoscaler'                                  's/replicas: 3/replicas: 0/'
refused 'components.cache.cores may not be added'                             's/(kind: cache)/\1, cores: 0.01/'
refused 'components.cache.network may not be added'                           's/(kind: cache)/\1, network: 0/'
refused 'components.cache.entries may not be added'                           's/memory: 1536MiB/memory: 0B, entries: 1M/'
refused 'components.other may not be added'                                   's/^(  db:)/  other: {kind: cache, memory: 1GiB}\n\1/'
refused 'objectives may not be added'                                         's/^(run:.*)/\1\nobjectives: {p99: 9s}/'
refused 'variants may not be added'                                           's/^(run:.*)/\1\nvariants: {a: {}}/'
refused 'components.api.on.read must still do \{wait: lognormal'              '/wait: lognormal/d'
refused 'components.api.on.read must still do \{wait: lognormal'              's/p50=2ms/p50=1ms/'
refused 'components.api.on.write must still do \{query: db.update\}'          's/- \{query: db.update\}/- {get: cache}/'
refused 'components.api.on.write must still do \{query: db.update\}'          's/- \{query: db.update\}/- {return: ok}\n        - {query: db.update}/'
refused 'components.api.on.write must still do \{query: db.update\}'          's/- \{query: db.update\}/- {get: cache, miss: [{query: db.update}]}/'
refused 'components.api.on.write must still do \{query: db.update\}' \
        's/- \{query: db.update\}/- {get: cache, miss: [{query: db.by_id}, {return: ok}]}\n        - {query: db.update}/'
refused 'components.api.on.read only reads'                                   's/miss: \[\{query: db.by_id\}/miss: [{query: db.update}/'
refused 'components.api.on.read only reads'                                   's/miss: \[\{query: db.by_id\}/miss: [{call: lb.write}/'
refused 'no component is named|no cache is named'                             's/get: cache/get: cach/'
refused 'ttl: want a time'                                                         's/ttl: 30s/ttl: 30/'
refused 'not YAML|want'                                                       's/^  cache: \{/  cache: [/'
sed 's|1800/s|18/s|' "$solution" > "$mine"
want 3 test lab-01-cache-aside --json; says '"verdict":"refused","why":".*workload.readers.rate'
want 3 run lab-01-cache-aside; says 'may not be changed'

misses() { # TITLE SED-PROGRAM
    sed -E "$2" "$solution" > "$mine"
    cmp -s "$mine" "$solution" && fail "nothing was changed by $2"
    want 1 test lab-01-cache-aside
    says "fails +$1"
}
misses 'answers carry a document' 's/- \{get: cache, .*/- {return: ok}/'
misses 'answers carry a document' 's/- \{get: cache, .*/- {set: cache}\n        - {get: cache}/'
misses 'no more than 1 of 1000'   's/- \{get: cache, .*/- {fail: error}/'
misses 'no more than 1 of 1000'   's/\{query: db.by_id\}/{query: db.by_id, timeout: 5ms}/'

# Mistakes with folders, and grading without lab.json.
rm "$mine"; want 3 test lab-01-cache-aside --json; says 'system.yaml is not there'; says '"verdict":"refused"'
cp "$solution" "$mine"; echo '{' > lab-01-cache-aside/lab.json; want 3 test lab-01-cache-aside; says 'lab.json is damaged'
rm lab-01-cache-aside/lab.json; want 3 test lab-01-cache-aside; says 'is no work folder'
want 0 test lab-01-cache-aside/ --lab 1 --json; says '"folder":"lab-01-cache-aside","verdict":"holds"'
[ ! -e lab-01-cache-aside/lab.json ] || fail "grading left something behind"
want 3 test nowhere; says 'no such folder'
want 3 test lab-01-cache-aside --dir x; says '`lab test` has no --dir'
want 3 run --seed 5; says '`lab run` has no --seed'
want 3 tset; says "did you mean 'test'"
want 3 test lab-01-cache-aside --lab 1 --seed x; says 'want a whole number'
want 0 start 1 --dir other/; says 'Edit +other/system.yaml'

# `lab check` finds a lab whose reference does not pass (all runs shortened; labs.check checks the real ones).
mkdir -p planted/patterns && cp -r "$root/labs" planted/labs
find planted/labs -name '*.yaml' -exec sed -i 's/duration: 90s, warmup: 30s/duration: 4s, warmup: 1s/' {} +
cp planted/labs/01-cache-aside/start/system.yaml planted/labs/01-cache-aside/solution/
HEADROOM_ROOT=$work/planted want 1 check --seeds 1; says 'not good'; says 'WRONG +solution'
HEADROOM_ROOT=$work/planted want 1 check --seeds 1 --json; says '"schema": "headroom/lab-check/1"'; says '"solution": "fails"'
# What was never on either side of a limit is undecided, neither passed nor failed.
sed -i 's/holds: errors(yours) < 0.1%/holds: errors(yours) < 0%/' planted/labs/01-cache-aside/lab.yaml
sed 's/duration: 90s, warmup: 30s/duration: 4s, warmup: 1s/' "$solution" > other/system.yaml
HEADROOM_ROOT=$work/planted want 2 test other; says 'undecided  no more than'; says 'too close to call'
HEADROOM_ROOT=$work/planted want 2 test other --json; says '"verdict":"undecided"'
sed -i 's/holds: p99/holds: p98/' planted/labs/01-cache-aside/lab.yaml
HEADROOM_ROOT=$work/planted want 3 check; says "lab.yaml:[0-9]+:[0-9]+: target latency: want a claim that begins"
HEADROOM_ROOT=$work/nothing want 4 list; says 'no lab is below'
echo "the loop works"
