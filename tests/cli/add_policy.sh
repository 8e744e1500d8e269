#!/usr/bin/env bash
# cli.add_policy - adding a balancer or an eviction takes one new file and one row: done here on a copy of the tree, as
# docs/add-a-policy.md says, with the eviction's line of a test.
set -euo pipefail
root=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
block() { awk -v n="$1" '/^```c/ { k++; on = 1; next } /^```/ { on = 0 } on && k == n' "$root/docs/add-a-policy.md"; }    # the n-th of the page
cp -r "$root"/CMakeLists.txt "$root"/CMakePresets.json "$root"/cli "$root"/labs "$root"/patterns "$root"/sim "$copy/"
block 1 > "$copy/sim/policy/balance/first.c"
block 2 > "$copy/sim/policy/evict/two_lives.c"
for file in "$copy"/sim/policy/{balance/first,evict/two_lives}.c; do
    [ "$(wc -l < "$file")" -lt 40 ] || { echo "$file has 40 lines or more"; exit 1; }
done
if grep -q "first" "$copy/sim/policy/balance/balance.def" || grep -q "two_lives" "$copy/sim/policy/evict/evict.def"; then
    echo "the policy is there already"; exit 1
fi
echo 'SIM_BALANCER(first)' >> "$copy/sim/policy/balance/balance.def"
echo 'SIM_EVICTOR(two_lives)' >> "$copy/sim/policy/evict/evict.def"
mkdir -p "$copy/tests/unit"
cp -r "$root/tests/fuzz" "$copy/tests/"
block 3 > "$copy/line"
sed "/^static const worked by_hand/r $copy/line" "$root/tests/unit/test_evict.c" > "$copy/tests/unit/test_evict.c"
cmake -S "$copy" -B "$copy/build" -G Ninja -DHEADROOM_LIVE=OFF -DHEADROOM_VIZ=OFF -DHEADROOM_TESTS=ON > "$copy/log" 2>&1 &&
    ninja -C "$copy/build" headroom unit_evict >> "$copy/log" 2>&1 ||
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
"$copy/build/unit_evict" > "$copy/out" 2>&1 && grep -q 'two-lives *AABCAC: mhmmhh' "$copy/out" || { tail -n 20 "$copy/out"; exit 1; }
printf '%s\n' 1 1 2 3 1 3 | "$copy/build/headroom" replay cache --policy two-lives --size 2 - | grep -q ' 3 misses'
sed -i 's/"mhmmhh"/"mhmmmh"/' "$copy/tests/unit/test_evict.c"        # a planted wrong expectation must be noticed
ninja -C "$copy/build" unit_evict >> "$copy/log" 2>&1
if "$copy/build/unit_evict" > "$copy/out" 2>&1; then echo "a wrong expectation was not noticed"; exit 1; fi
echo "an eviction was added by one file, one row and one line of a test"
