#!/usr/bin/env bash
# cli.add_policy - adding a balancer takes one new file and one row: done here on a copy of the tree, as docs/add-a-policy.md says.
set -euo pipefail
root=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$root"/CMakeLists.txt "$root"/CMakePresets.json "$root"/cli "$root"/labs "$root"/patterns "$root"/sim "$copy/"
sed -n '/^```c/,/^```/p' "$root/docs/add-a-policy.md" | sed '/^```/d' > "$copy/sim/policy/balance/first.c"
if grep -q "first" "$copy/sim/policy/balance/balance.def"; then echo "the policy is there already"; exit 1; fi
echo 'SIM_BALANCER(first)' >> "$copy/sim/policy/balance/balance.def"
cmake -S "$copy" -B "$copy/build" -G Ninja -DHEADROOM_LIVE=OFF -DHEADROOM_VIZ=OFF > "$copy/log" 2>&1 && ninja -C "$copy/build" headroom >> "$copy/log" 2>&1 ||
    { tail -n 20 "$copy/log"; exit 1; }
cat > "$copy/s.yaml" <<'YAML'
scenario: first
components:
  lb: {kind: balancer, policy: first, to: api}
  api: {kind: service, replicas: 2, workers: 1, on: {read: [{wait: 1ms}]}}
workload:
  users: {rate: 100/s, call: lb.read}
run: {duration: 10s, warmup: 0}
YAML
"$copy/build/headroom" run "$copy/s.yaml" --no-store --json > "$copy/out.json"
grep -q '"throughput"' "$copy/out.json"
echo "a balancer was added by one file and one row"
