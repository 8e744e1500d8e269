#!/usr/bin/env bash
# cli.absurd - malformed or absurd input ends in one clear message and the right status: never in a hang, an abort, or all the memory.
# Every case is a row: wanted status, words that the message must have, the input; each under a time limit and a limit of memory.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export HEADROOM_STORE=$work/runs.db
cases=0 failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

# check STATUS WORDS ARGUMENTS…: runs the program, which must not print results when it refuses.
check() {
    local wanted=$1 words=$2 status
    shift 2
    cases=$((cases + 1))
    (ulimit -v 6000000; exec timeout 20 "$program" "$@") > out 2> err < /dev/null
    status=$?
    [ $status -eq "$wanted" ] || { head -c 300 err; fail "status $status instead of $wanted: $* (${words})"; }
    [ -z "$words" ] || grep -qE -- "$words" err || { head -c 600 err; fail "no message like '$words': $*"; }
    [ "$wanted" -eq 0 ] || [ ! -s out ] || fail "refused input printed results: $*"
    [ "$(wc -c < err)" -lt 12000 ] || fail "a message of $(wc -c < err) bytes: $*"
}
# run STATUS WORDS TEXT: a scenario.
run() {
    printf '%b' "$3" > bad.yaml
    check "$1" "$2" run bad.yaml --no-store --replications 2
}
# change STATUS WORDS OLD NEW …: the good scenario with OLD replaced by NEW.
good='scenario: s\ncomponents:\n  api: {kind: service, on: {read: [{wait: 1ms}]}}\nworkload:\n  u: {rate: 10/s, call: api.read}\nrun: {duration: 5s, warmup: 0}\n'
change() {
    local wanted=$1 words=$2 text=$good
    shift 2
    while [ $# -gt 0 ]; do
        [[ $text == *"$1"* ]] || fail "the good scenario has no '$1'"
        text=${text/"$1"/"$2"}
        shift 2
    done
    run "$wanted" "$words" "$text"
}
repeat() { head -c "$2" /dev/zero | tr '\0' "$1"; }                # LETTER COUNT
service='kind: service,'

# --- numbers ---------------------------------------------------------------------------------------------------------------
change 3 'bad.yaml:3:34: api.replicas = .1000000000.: out of range, want 0 to 60000'     "$service" "$service replicas: 1000000000,"
change 3 'api.workers = .1e9.: out of range'                        "$service" "$service workers: 1e9,"
change 3 'api.queue = .1000000000000000000.: want a whole number'   "$service" "$service queue: 1000000000000000000,"
change 3 'u.users = .1G.: out of range, want 1 to 1e.06'            'rate: 10/s' 'users: 1G'
change 3 'u.rate = .1e18/s.: out of range'                          '10/s' '1e18/s'
change 3 'u.rate = .1e400/s.: want a rate'                          '10/s' '1e400/s'
change 3 'u.rate = .nan/s.: want a rate'                            '10/s' 'nan/s'
change 3 'u.rate = .inf/s.: want a rate'                            '10/s' 'inf/s'
change 3 'u.rate = ..inf.: want a rate'                             '10/s' '.inf'
change 3 'u.rate = .-1/s.: want a rate'                             '10/s' '-1/s'
change 3 'u.rate = .0/s.: out of range'                             '10/s' '0/s'
change 3 'u.rate = .0x10/s.: want a rate'                           '10/s' '0x10/s'
change 3 'bad.yaml:5:6: u: up to 3.6e.11 requests in 36000 s.*at most 1e.11 steps' '10/s' '10M/s' '5s' '10h'
change 3 'at most 1e.11 steps.*raise .think'                        'rate: 10/s' 'users: 1M, think: 2us' '5s' '60s'
change 3 'run.duration = .1e12s.: want a time'                      '5s' '1e12s'
change 3 'run.duration = .9223372036854775807ns.: want a time|out of range' '5s' '9223372036854775807ns'
change 3 'run.duration = .20000h.: out of range'                    '5s' '20000h'
change 3 'run.duration = .none.: want a time such as 5ms'                   '5s' 'none'
change 3 'wait: want a time'                                        '1ms' '-1ms'
change 3 'wait: want a time'                                        '1ms' 'nan'
change 3 'wait: want a time'                                        '1ms' '0.0001ns'
change 3 'wait: want a time'                                        '1ms' 'exp(inf)'
change 3 'wait: want a time'                                        '1ms' 'lognormal(p50=1e-305s, p99=1s)'
change 3 'wait: want a time'                                        '1ms' 'mix(60% 1ms, 60% 2ms)'
change 3 'wait: want a time'                                        '1ms' 'mix(100% mix(100% mix(100% 1ms)))'
change 3 'api.cores = .0.: out of range, want 0.01'                 "$service" "$service cores: 0,"
change 3 'api.cores = .-1 cores.: want a number of cores'           "$service" "$service cores: -1 cores,"
change 3 'u.key: want one, uniform'                                 '10/s' '10/s, key: zipf(5ms, 10)'
change 3 'u.key: want one, uniform'                                 '10/s' '10/s, key: uniform(0)'
change 3 'u.arrivals: .*mean of 1us at least'                       '10/s' '10/s, arrivals: 1ns'
change 3 'objectives.errors: want a limit'                          'run:' 'objectives: {errors: lots}\nrun:'
change 3 'prices.core: want a price'                                'run:' 'prices: {core: 1e999 $/h}\nrun:'
change 3 'run.warmup: nothing is left'                              'warmup: 0' 'warmup: 5s'
change 3 'bad.yaml:6:15: fault.at = .5s.: the run is over after 5s, so this never happens; want an earlier time, or a longer .run.duration.' 'run:' 'faults: [{at: 5s, kill: api}]\nrun:'
change 3 'fault.at = .none.: want a time such as 5ms'               'run:' 'faults: [{at: none, kill: api}]\nrun:'
change 0 ''                                                         'run:' 'faults: [{at: 4s, kill: api}]\nrun:'
change 3 'u.rate = .step.0s 10/s, 9s 20/s..*the run is over after 5s, so what begins after 9s never does' '10/s' '"step(0s 10/s, 9s 20/s)"'
change 3 'api.resize.at = .1h.: the run is over after 5s'           "$service" "$service instance: small, resize: {at: 1h, to: large}," 'run:' 'instances: {small: {cores: 1, memory: 1GiB, price: 1 $/h}, large: {cores: 2, memory: 1GiB, price: 2 $/h}}\nrun:'
change 3 'db.reshard.at = .5s.: the run is over after 5s'           'workload:' '  db: {kind: database, statements: {q: {}}, shards: {count: 2}, reshard: {at: 5s, to: 3}}\nworkload:'
# Years of latency: the histogram's last bucket takes them, and what never comes back counts as an error.
change 0 ''                                                         '1ms' '1000000s' '10/s' '10/s, timeout: none' "$service" "$service queue: 1G,"
change 0 ''                                                         '1ms' 'pareto(min=1ms, shape=0.1, max=100h)' '10/s' '10/s, timeout: 1000000s'
change 0 ''                                                         '{wait: 1ms}' '{cpu: 1000000s}' "$service" "$service sharing: true, workers: 1M, cores: 0.01," '10/s' '10k/s, timeout: 1000000s'

# --- memory ----------------------------------------------------------------------------------------------------------------
change 4 'bad.yaml: at [0-9.]+ s of 1000 s a replication had used up the [0-9]+ MiB.*calls in flight. Bound what grows: .queue.' \
    '10/s' '1M/s, timeout: none' '1ms' '1000s' "$service" "$service queue: 1G," '5s' '1000s'
change 4 'bad.yaml: at [0-9.]+ s'                                   '10/s' '1M/s, key: uniform(1G)' '{wait: 1ms}' '{set: k}' 'components:' 'components:\n  k: {kind: cache, memory: 100TiB, demand: 1us, queue: 1M}' '5s' '1000s'
many=''
for i in {1..40}; do many+="  s$i: {kind: service, replicas: 60000, on: {x: [{wait: 1ms}]}}\n"; done
change 4 'bad.yaml:4: a world of this scenario begins with [0-9]+ MiB, of which .s1. takes' 'workload:' "${many}workload:"

# --- names and references ------------------------------------------------------------------------------------------------------
change 3 'bad.yaml:1:11: .* is no name for a scenario'              'scenario: s' 'scenario: ../../../tmp/x'
change 3 'is no name for a scenario'                                'scenario: s' 'scenario: ""'
change 3 'is no name for a component'                               '  api:' '  "":'
change 3 'is no name for a component.* letters, digits'             '  api:' "  $(repeat a 1000000):"
change 3 'is no name for a component'                               '  api:' '  "a\\ep[31mi":'
change 3 'is no name for an operation'   'on: {read:' 'on: {r.ead:'
change 3 'a ring of calls: api.read calls api.read'                 '{wait: 1ms}' '{call: api.read}'
change 3 'a ring of calls'                                          '{wait: 1ms}' '{call: b.x}' 'components:' 'components:\n  b: {kind: service, on: {x: [{call: api.read}]}}'
change 3 'bad.yaml:3:[0-9]*: .db. has no statement .bye_id.; did you mean .by_id.' '{wait: 1ms}' '{query: db.bye_id}' 'workload:' '  db: {kind: database, statements: {by_id: {}}}\nworkload:'
change 3 'no database is named .db.'                                '{wait: 1ms}' '{query: db.by_id}'
change 3 '.api. is the name of a component, too'                    '  u:' '  api:'
change 3 '.rate. stands here a second time; the first is in line 5' '10/s' '10/s, rate: 20/s'
change 3 'more than 4094 steps'                                     '{wait: 1ms}' "$(for i in {1..5000}; do printf '{wait: 1ms},'; done)"
chain=''
for i in {1..80}; do chain+="  s$i: {kind: service, on: {x: [{call: s$((i + 1)).x}]}}\n"; done
change 3 'is the end of 65 calls, each waiting for the next; at most 64' 'workload:' "${chain}  s81: {kind: service, on: {x: [{wait: 1ms}]}}\nworkload:"
fans=''
for i in {1..12}; do fans+="  f$i: {kind: service, on: {x: [$(for k in {1..20}; do printf '{call: f%d.x},' $((i + 1)); done)]}}\n"; done
change 3 'at most 1e.0?7'                                             'workload:' "${fans}  f13: {kind: service, on: {x: [{return: ok}]}}\nworkload:" 'api.read' 'f1.x'

# --- texts -----------------------------------------------------------------------------------------------------------------
run 3 'want a mapping that begins with .scenario: NAME.'           ''
run 3 'want a mapping'                                             '- a\n- b\n'
run 3 'anchors and aliases'                                        'a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n'
run 3 'anchors and aliases'                                        '&a [*a]\n'
run 3 'bad.yaml:2:1: .*directives are not read'                    '# x\n%%YAML 1.2\n'
run 3 'second document'                                            "$good---\nscenario: t\n"
run 3 'bad.yaml:1:12: the byte 0xff is no text: want UTF-8'        "scenario: s\xff\n"
run 3 'bad.yaml:1:12: the byte 0xc0 is no text'                    "scenario: s\xc0\x80\n"
run 3 'bad.yaml:1:12: the byte 0x1b is no text'                    "scenario: s\x1b[2J\n"
run 3 'bad.yaml:2:3: not a text file: it has a zero byte'          'scenario: s\nab\0cd\n'
run 3 'tab character'                                              'scenario: s\ncomponents:\n\tapi: {kind: service}\n'
run 3 'nested more than 64 levels'                                 "a: $(repeat '[' 100000)"
run 3 'nested more than 64 levels'                                 "a: $(repeat '{' 100000)"
run 3 'larger than 1048576 bytes'                                  "# $(repeat x 1100000)"
run 3 'more than 100000 values'                                    "a: [$(for i in {1..30}; do repeat 1 1; repeat , 1; done; yes 1, | head -n 150000 | tr -d '\n')]"
run 3 'more than 2000 members in one place'                        "$(seq 1 20000 | sed 's/$/: x/')"
run 3 'more than 2000 members|at most 64'                          "${good}variants:\n$(seq 1 40000 | sed 's/.*/  v&: {}/')\n"
run 3 '70 variants; at most 64, because'                           "${good}variants:\n$(seq 1 70 | sed 's/.*/  v&: {}/')\n"
run 3 '[0-9]+ components and workloads; at most 256'               "scenario: s\ncomponents:\n$(seq 1 1500 | sed 's/.*/  c&: {kind: cache}/')\nworkload: {u: {rate: 1\/s, call: c1.x}}\n"
run 3 'wait: want a time|no such|not YAML'                         "${good/1ms/exp($(yes 1, | head -n 90000 | tr -d '\n'))}"
run 0 ''                                                           "\xef\xbb\xbf$good"
run 0 ''                                                           "${good//\\n/\\r\\n}"
run 3 "'A…|A\?…|is no name|has no key"                             "${good}$(repeat A 100000): 1\n"
for i in {1..300}; do echo "x$i: 1"; done > many.yaml
check 3 'and [0-9]+ more'                                          run many.yaml --no-store

# --- what a newcomer writes -----------------------------------------------------------------------------------------------------
change 3 'bad.yaml:6:14: objective p99: .200.: want a time such as 200ms' 'run:' 'objectives: {p99: 200}\nrun:'
change 3 'objective goodput: .99%.: want a rate such as 500/s'     'run:' 'objectives: {goodput: 99%}\nrun:'
change 3 'objective errors: .1ms.: want a share such as 0.1%'      'run:' 'objectives: {errors: 1ms}\nrun:'
change 3 'objective cost: .5.: want a price such as 0.5 ./h'       'run:' 'objectives: {cost: 5}\nrun:'
change 3 'objective queue: .5s.: want a number such as 20'         'run:' 'objectives: {queue: 5s}\nrun:'
change 0 ''                                                        'run:' 'objectives: {p99: 200ms, goodput: 1/s, errors: 1%, queue: 20}\nrun:'
claim() { change "$1" "$2" 'run:' "variants: {v: {}}\nclaims: [{id: c, source: s, holds: \"$3\"}]\nrun:"; }
claim 3 'bad.yaml:7:[0-9]*: claim c: want a time such as 200ms, as before it' 'p99(v) < 200'
claim 3 'claim c: want a rate such as 500/s'                       'goodput(v) > 1 and goodput(v) > 99%'
claim 3 'claim c: want a time such as 200ms'                       'p99(v) - 5 < 1s'
claim 3 'claim c: this has another unit'                           'errors(v) < 1ms'
claim 3 'claim c: this has another unit'                           'p99(v) / p50(v) < 2ms'
claim 3 'claim c: unknown unit: want one such as ms, s'            'p99(v) < 200msec'
claim 0 ''                                                         'p99(v) < 0.2 s and p99(v) < 1h and goodput(v) > 0.001k/s and p99(v) < p50(v) * 150% and 1/stale(v) > 0 and 1s/2 < 5 min'
claim 0 ''                                                         'p99(v) < 200ms and p99(v) / p50(v) < 2 * 5 and goodput(v) > 0 and errors(v) < 0.1 and good(v) > 10% + 0.1 and goodput(v) * p99(v) < 30'
change 3 'zipf has 1 argument'                                     '10/s' '10/s, key: zipf(0.99)'
change 3 "no distribution 'exponential'; did you mean 'exp'"       '1ms' 'exponential(5ms)'
change 3 "u.arrivals: .*did you mean 'poisson'"                    '10/s' '10/s, arrivals: poison'
change 3 "did you mean 'round-robin'"                              'components:' 'components:\n  lb: {kind: balancer, policy: RoundRobin, to: api}'
change 3 'a wait step has no .expire.; see .headroom explain wait.' '{wait: 1ms}' '{wait: 1ms, expire: 1s}'
change 3 "'api' has no operation 'write'; there is read"             'api.read' 'api.write'
# One mistake, one message: nothing is said of what a value would have been, nor of a name whose kind is wrong.
alone() { change 3 "$@"; [ "$(grep -c '^headroom: \|^bad.yaml:' err)" -eq 1 ] || { cat err; fail "more than one message: $1"; }; }
alone 'api.replicas = .two.: want a whole number'                  "$service" "$service replicas: two,"
alone 'run.duration = .5.: want a time'                            '5s' '5'
alone 'k.memory = .20mb.: want a size'                             'components:' 'components:\n  k: {kind: cache, memory: 20mb}'
alone 'api: want .kind: service.'                                  'kind: service' 'kind: server'
alone 'api.on: want .OPERATION'                                    '{read: [{wait: 1ms}]}' '[{wait: 1ms}]'
alone 'k.memory = .20mb.: want a size'                             '{wait: 1ms}' '{get: k}' 'components:' 'components:\n  k: {kind: cache, memory: 20mb}'
alone "no cache is named 'redis'; there is k"                      '{wait: 1ms}' '{get: redis}' 'components:' 'components:\n  k: {kind: cache, memory: 20MiB}'
alone 'run.warmup: nothing is left of the duration of 5 s'         'warmup: 0' 'warmup: 6s'
change 3 'bad.yaml:3:[0-9]*: wait: want a time such as 5ms.*.p99=8ms is below the median, p50=60ms; want lognormal.p50=8ms, p99=60ms..' '1ms' 'lognormal(p50=60ms, p99=8ms)'
change 3 'cpu: want a time.*lognormal has 1 argument; want'         'wait: 1ms' 'cpu: lognormal(p50=60ms)'
change 3 'write 1000, not 1,000'                                   '10/s' '1,000/s'
change 3 'units: ns, us, ms, s, min, h'                            '1ms' '10milliseconds'
change 3 'want a rate such as 800/s, 30/min'                       '10/s' '10'
change 0 ''                                                        '1ms' '1 ms' '10/s' '10 /s'
change 3 'bad.yaml:3:[0-9]*: api has no key .replica.; did you mean .replicas.' "$service" "$service replica: 3,"
change 3 'u has no key .replicas.; it is one of .service.'         '10/s' '10/s, replicas: 3'
change 3 'a blank is missing behind the colon'                     'rate: 10/s' 'rate:10/s'
change 3 'bad.yaml:5:1: the scenario has no key .u.; .*indent it'  '  u:' 'u:'
change 3 'bad.yaml:4:1: want .NAME: .….. with at least one member, indented below' '  u:' 'u:'
change 3 'headroom explain workload'                               '10/s' '10/s, colour: red'
# A million calls that wait are let go at one instant, thousands of calls return at once: neither is a matter of the stack.
change 0 ''                                                        '{wait: 1ms}' '{get: local, miss: [{wait: 1s}, {set: local}]}' "$service" "$service workers: 1, queue: 1M, local: {entries: 10}," '10/s' '200k/s, timeout: none'
many=$(for i in {1..4000}; do printf '{call: b.x},'; done)
change 0 ''                                                        '{wait: 1ms}' "$many" 'components:' 'components:\n  b: {kind: service, on: {x: [{return: ok}]}}'

# --- what is no file --------------------------------------------------------------------------------------------------------------
mkfifo pipe.yaml
mkdir folder.yaml
touch locked.yaml
chmod 000 locked.yaml
head -c 100000000 /dev/zero > large.yaml
ln -s loop.yaml loop.yaml
check 3 'pipe.yaml: this is a pipe, but a file is wanted'          run pipe.yaml
check 3 'folder.yaml: this is a folder, but a file is wanted'      run folder.yaml
check 3 '/dev/zero: this is a device'                              run /dev/zero
check 3 '/dev/null: this is a device'                              run /dev/null
check 3 'large.yaml: larger than 1048576 bytes'                    run large.yaml
check 3 'loop.yaml: cannot be read: .*symbolic links'              run loop.yaml
check 3 'none.yaml: cannot be read: No such file'                  run none.yaml
if [ "$(id -u)" -ne 0 ]; then check 3 'locked.yaml: cannot be read: Permission denied' run locked.yaml; fi
check 3 'folder.yaml: this is a folder'                            compare folder.yaml
check 3 'pipe.yaml: this is a pipe'                                show pipe.yaml --png out.png --at 1s

# --- words of the command line ---------------------------------------------------------------------------------------------------
printf '%b' "$good" > good.yaml
check 3 'want 1 to 1024'                       run good.yaml --threads 1000000000
check 3 '--replications 99999999999999999999: want a whole number'                     run good.yaml --replications 99999999999999999999
check 3 '--replications two: want a whole number'                  run good.yaml --replications two
check 3 '--at-most 5: want a time such as 30s'                     run good.yaml --at-most=5
check 0 ''                                                         run good.yaml --of 'p95, mean' --no-store
check 3 "'' is no metric"                                           run good.yaml --of p95,,mean
check 3 'precision'                                                run good.yaml --precision nan
check 3 'precision'                                                run good.yaml --precision 0
check 3 'seed'                                                     run good.yaml --seed -1
check 3 "no variant is named 'x'"                                  run good.yaml --variant x
check 3 'one word too many'                                        run good.yaml good.yaml
check 3 'is missing'                                               run
check 3 'servers'                                                  theory mmc arrival=8/s service=1s servers=1000000000
check 3 "arrival"                                                  theory mmc servers=2 arrival=nan/s service=1s
check 3 "'good.yaml' is no verb; for a file: headroom run good.yaml" good.yaml
check 3 "no verb"                                                  "$(repeat r 100000)"
check 3 'unknown option'                                           run good.yaml "--$(repeat r 100000)"

echo "$cases cases, $failures failures"
[ $failures -eq 0 ]
