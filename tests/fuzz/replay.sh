#!/usr/bin/env bash
# fuzz.replay - what fuzzing has found stays mended, seeds and random inputs pass, and each target's checks can fail (--planted).
# Gets the source folder, the build folder and the names of the targets.
set -uo pipefail
root=$1 build=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { tail -n 3 "$work/err"; echo "FAILED: $*"; exit 1; }

for target in "$@"; do
    inputs=()
    while IFS= read -r -d '' file; do inputs+=("$file"); done < <(find "$root/tests/fuzz/found/$target" "$root/tests/fuzz/seeds/$target" -type f -print0 2>/dev/null)
    case $target in
    scenario) inputs+=("$root"/tests/golden/*.yaml "$root"/patterns/*/scenario.yaml) random=(--random 2000 512) least=1 ;;
    world) random=(--random 150 700) least=110 ;;                  # the generator must mostly write what the reader accepts
    *) random=(--random 2000 64) least=1 ;;
    esac
    timeout 300 "$build/replay_$target" "${random[@]}" "${inputs[@]}" > "$work/out" 2> "$work/err" || fail "$target died (status $?); its last input stands above"
    echo "$target: $(cat "$work/out")"
    accepted=$(sed -n 's/.* \([0-9]*\) accepted/\1/p' "$work/out")
    [ "$accepted" -ge "$least" ] || fail "$target accepted only $accepted inputs, want $least: the generator writes what is refused"
    if timeout 300 "$build/replay_$target" --planted "${random[@]}" "${inputs[@]}" > "$work/out" 2> "$work/err"; then
        fail "$target has not seen the planted bug"
    fi
    grep -q 'broken invariant' "$work/err" || fail "$target died of something else than the planted bug"
done
