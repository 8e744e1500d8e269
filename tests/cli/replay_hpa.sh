#!/usr/bin/env bash
# cli.replay_hpa - a dry run by hand: rules are named, both kinds of samples and gzip are read, bad input ends in one message with its line.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; cat "$work/err" 2> /dev/null; exit 1; }

cat > "$work/hpa.yaml" <<'E'
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 10
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
  behavior:
    scaleUp: {policies: [{type: Pods, value: 3, periodSeconds: 60}]}
    scaleDown: {stabilizationWindowSeconds: 30}
E
printf 'time,cpu\n0,0.5\n15,2\n30,2\n90,9\n' > "$work/demand.csv"
replay() { "$program" replay hpa "$work/hpa.yaml" "$@" 2> "$work/err"; }

# 2 pods of 500m: 0.5 cores are 50 %: tolerance. 2 cores want 8, the policy allows 3 more in a minute; then 80 % of 5 want 8 again, no more is
# allowed; a minute after the change 3 more are.
replay "$work/demand.csv" --request cpu=500m --json > "$work/out" || fail "the dry run"
sed -E 's/"metrics".*"rule":"([^"]*)","conditions".*/\1/' "$work/out" > "$work/short"
cat > "$work/expected" <<'E'
{"time":0,"current":2,"desired":2,tolerance
{"time":15,"current":2,"desired":5,limited by scaleUp policy 1
{"time":30,"current":5,"desired":5,limited by scaleUp policy 1
{"time":90,"current":5,"desired":8,limited by scaleUp policy 1
E
diff "$work/expected" "$work/short" || fail "other decisions"
gzip -k "$work/demand.csv"
replay "$work/demand.csv.gz" --request cpu=500m --json | cmp - "$work/out" || fail "gzip"
replay - --request cpu=500m --json < "$work/demand.csv" | cmp - "$work/out" || fail "standard input"
replay "$work/demand.csv" --request cpu=500m > "$work/table" || fail "table"
grep -q '^90 *5 *8  limited by scaleUp policy 1 *cpu 360 % of 50 % → 36$' "$work/table" || fail "a row of the table"
grep -q $'\033' "$work/table" && fail "escape sequences without a terminal"

pod='"phase": "Running", "ready": true, "started": 0, "transition": 10, "request": {"cpu": "500m"}'
cat > "$work/samples.jsonl" <<E
{"time": 900, "replicas": 2, "pods": [{"name": "a", $pod, "usage": {"cpu": "500m"}}, {"name": "b", $pod}]}
{"time": 915, "replicas": 2, "pods": [{"name": "a", $pod, "usage": {"cpu": 0.5}}, {"name": "b", "phase": "Pending", "request": {"cpu": "500m"}}]}
E
replay "$work/samples.jsonl" --json > "$work/out" || fail "snapshots"
grep -q '"rule":"missing metrics"' "$work/out" && grep -q '"rule":"not-yet-ready pods"' "$work/out" || fail "rules of pods"

# A decision that the next line does not bear out is no scale event: the same sample again may go up again.
line() { echo "{\"time\": $1, \"replicas\": $2, \"pods\": [{$pod, \"usage\": {\"cpu\": \"2\"}}, {$pod, \"usage\": {\"cpu\": \"2\"}}]}"; }
{ line 900 2; line 915 2; line 930 5; } > "$work/samples.jsonl"
replay "$work/samples.jsonl" --json | grep -o '"desired":[0-9]*,"m' | tr -dc '0-9\n' | tr '\n' ' ' > "$work/out"
[ "$(cat "$work/out")" = "5 5 5 " ] || fail "events: $(cat "$work/out")"

refuse() { # PATTERN ARGUMENTS…
    local pattern=$1
    shift
    replay "$@" > "$work/out"
    [ $? -eq 3 ] || fail "status of: $*"
    [ "$(wc -l < "$work/err")" -eq 1 ] && grep -qE "$pattern" "$work/err" || fail "no single message like '$pattern'"
}
refuse_text() { # PATTERN TEXT: as samples
    printf '%b' "$2" > "$work/a"
    refuse "$1" "$work/a" --request cpu=1
}
refuse 'say it, such as --request cpu=500m' "$work/demand.csv"
refuse "'cpu' is no resource and quantity"  "$work/demand.csv" --request cpu
refuse 'No such file'                       "$work/none.csv"
refuse 'tolerance: want'                    "$work/demand.csv" --tolerance wide
refuse_text "a:1: no column 'cpu'"          'time,memory\n0,1\n'
refuse_text 'a:2: 3 cells, .* line has 2'   'time,cpu\n0,1,2\n'
refuse_text "a:2: cpu = 'many'"             'time,cpu\n0,many\n'
refuse_text "a:2: cpu = '-1'"               'time,cpu\n0,-1\n'
refuse_text 'a:3: time goes back'           'time,cpu\n5,1\n4,1\n'
refuse_text 'a:2: time: want seconds'       'time,cpu\nnoon,1\n'
refuse_text "did you mean 'replicas'"       '{"time": 0, "replica": 1}\n'
refuse_text 'a:1: phase: want'              '{"time": 0, "replicas": 1, "pods": [{"phase": "run"}]}\n'
refuse_text "a:1: cpu: 'x' is no quantity"  '{"time": 0, "replicas": 1, "pods": [{"phase": "Running", "usage": {"cpu": "x"}}]}\n'
refuse_text 'a:2: replicas: want a whole'   '{"time": 0, "replicas": 1}\n{"time": 0}\n'
refuse_text 'a:1: column .*: not JSON'      '{"time": 0\n'
refuse_text 'a: no samples'               ''
"$program" replay hpa --help | grep -q '^example: ' || fail "help"
echo "replay hpa decides, tells and refuses"
