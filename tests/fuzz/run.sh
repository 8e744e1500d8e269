#!/usr/bin/env bash
# run.sh TARGET SECONDS [libFuzzer's options…] - fuzzes one target of build/fuzz; what it learns stays in build/fuzz/corpus/TARGET.
# A finding is written to build/fuzz/TARGET-…: mend the program, make it small, and keep it in tests/fuzz/found/TARGET.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
target=$1 seconds=$2
shift 2
build=$root/build/fuzz
corpus=$build/corpus/$target
seeds=() words=()
case $target in
scenario) seeds=("$root"/tests/golden "$root"/patterns/*/) ;;
world)                                         # chance to begin with: every byte is a choice
    mkdir -p "$corpus"
    for i in {1..40}; do [ -e "$corpus/chance-$i" ] || head -c $((i * 25)) /dev/urandom > "$corpus/chance-$i"; done ;;
pack) seeds=("$root"/tests/fuzz/seeds/pack) ;;
units) seeds=("$root"/tests/fuzz/seeds/units) ;;
esac
[ -d "$root/tests/fuzz/found/$target" ] && seeds+=("$root/tests/fuzz/found/$target")
mkdir -p "$corpus"
bash "$root/tests/fuzz/dictionary.sh" "$root" > "$build/scenario.dict"
[ "$target" = world ] && words=(-len_control=0) || words=("-dict=$build/scenario.dict")
exec "$build/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -max_len=8192 -artifact_prefix="$build/$target-" \
    "${words[@]}" -print_final_stats=1 "$@" "$corpus" "${seeds[@]}"
