#!/usr/bin/env bash
# cli.list - every kind that `list` shows can be asked for alone, and what it names is what the scenario reader takes.
set -uo pipefail
root=$1 program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

"$program" list > "$work/all" || fail "list"
kinds=$(grep -oE '^[a-z]+:' "$work/all" | tr -d :)
for kind in patterns components steps balancers evictions limiters breakers retries sheds reads shards disciplines distributions rates arrivals keys metrics outcomes; do
    grep -qx "$kind" <<<"$kinds" || fail "list does not show $kind"
    [ "$("$program" list "$kind" | grep -c '^  ')" -ge 1 ] || fail "nothing is listed of $kind"
done
"$program" list policies > "$work/policies" && "$program" list policies --json > "$work/policies.json" || fail "list policies"
for kind in balancers evictions limiters breakers retries sheds reads shards disciplines autoscalers; do
    grep -q "^$kind:" "$work/policies" || fail "list policies does not show $kind"
    grep -q "\"kind\": \"$kind\"" "$work/policies.json" || fail "list policies --json does not show $kind"
done
! grep -q "^steps:" "$work/policies" || fail "list policies shows what is none"
for name in $("$program" list balancers | sed -n 's/^  \([a-z-]*\).*/\1/p'); do
    sed "s/policy: round-robin/policy: $name/" "$root/patterns/caching/scenario.yaml" > "$work/s.yaml"
    "$program" run "$work/s.yaml" --ledger > "$work/ledger" && grep -q "lb.policy = $name" "$work/ledger" || fail "the reader does not take the balancer $name"
done
for word in distributions rates arrivals keys; do
    [ "$("$program" explain $word | sed '/^[a-z]*\./,$d' | grep -c '^    ')" -eq "$("$program" list $word | grep -c '^  ')" ] || fail "explain $word is not what list shows"
done
for pattern in "$root"/patterns/*/scenario.yaml; do
    name=$(basename "$(dirname "$pattern")")
    "$program" list patterns --json | grep -q "\"name\": \"$name\"" || fail "list does not show the pattern $name"
done
"$program" list balancer 2> "$work/err"; [ $? -eq 3 ] && grep -q "did you mean 'balancers'" "$work/err" || fail "an unknown kind"
explained() { "$program" explain "$1" 2> "$work/err"; [ $? -eq 3 ] && grep -qF "$2" "$work/err" || fail "explain $1 does not say: $2"; }
explained vpa 'it is one of `headroom list autoscalers`'
explained sidecar_retries 'it is one of `headroom list metrics`'
explained transactions "did you mean 'transaction'"
explained service.worker "did you mean 'service.workers'"
explained Retry "did you mean 'retry'"
explained metrics '`headroom list metrics` has them'
explained api "no key 'api'; \`headroom explain\` lists all"
explained '' "no key ''"
# Every row of the table of keys is found by its owner and by its own name; a step brings its keys along, and of several `fault` is `faults`.
rows=$(sed -n 's/^SIM_KEY(\([a-z_]*\), *\([A-Za-z_0-9]*\),.*/\1.\2/p' "$root/sim/scenario/key.def"; sed -n 's/^SIM_FAULT(\([a-z_]*\),.*/fault.\1/p' "$root/sim/parts/fault.def")
[ "$(wc -l <<<"$rows")" -gt 400 ] || fail "the table of keys was not read"
keys_of() { "$program" explain "$@" | grep -E '^[a-z_]+\.[A-Za-z_0-9]+$' | sort; }
diff <(sort <<<"$rows") <(keys_of) || fail "explain does not tell every key"
for owner in $(cut -d. -f1 <<<"$rows" | sort -u); do
    diff <(grep "^$owner\." <<<"$rows" | sort) <(keys_of "$owner" | grep "^$owner\.") || fail "explain $owner"
done
diff <(grep '^step\.' <<<"$rows" | sort) <(for step in $("$program" list steps | sed -n 's/^  \([a-z]*\) .*/\1/p'); do keys_of "$step" | grep '^step\.'; done | sort -u) || fail "a key that no step has"
[ "$(keys_of transaction | tr '\n' ' ')" = "step.failed step.order step.retry " ] || fail "explain transaction: $(keys_of transaction)"
diff <(keys_of fault | grep '^fault') <(keys_of faults | grep '^fault') || fail "explain faults"
echo "lists are what the reader takes"
