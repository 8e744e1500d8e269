#!/usr/bin/env bash
# golden.sh - the same scenario and seed give the same bytes: with every compiler, in debug and release, on one thread and on two.
# Beside NAME.yaml stands NAME.txt: for two seeds what `run` prints, and the SHA-256 of its --json. The table is for people, the sum decides.
#
#   golden.sh SOURCE PROGRAM NAME       checks one scenario (ctest golden.NAME)
#   golden.sh SOURCE PROGRAM coverage   every component, step, condition, rate, arrivals, distribution, key and policy is in some scenario
#   golden.sh SOURCE PROGRAM --update [NAME]   prints what has changed, then writes the new .txt files, or that one
set -uo pipefail
folder=$1/tests/golden program=$2 what=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export NO_COLOR=1 HEADROOM_STORE=$work/runs.db

# outcome NAME THREADS: what NAME.txt should hold.
outcome() {
    local seed
    for seed in 1 7; do
        "$program" run "$folder/$1.yaml" --no-store --replications 2 --threads "$2" --seed $seed --json > "$work/json" 2> "$work/err"
        [ $? -le 2 ] || { cat "$work/err" >&2; return 1; }
        # How long it would take is told by this machine's clock: no part of what must be the same.
        "$program" run "$folder/$1.yaml" --no-store --replications 2 --threads "$2" --seed $seed 2> "$work/err" | sed 's/, some [0-9]* s more$//'
        [ $? -le 2 ] || { cat "$work/err" >&2; return 1; }
        echo "seed $seed, sum of --json: $(sha256sum < "$work/json" | cut -d ' ' -f 1)"
    done
}

# missing WORDS: those that no scenario has.
missing() {
    local word
    sed 's/#.*//' "$folder"/*.yaml > "$work/all"
    for word in $1; do
        grep -qE "(^|[^a-z_-])${word//_/[-_]}([^a-z_-]|$)" "$work/all" || echo "$word"
    done
}

case $what in
coverage)
    words=$(sed -n -E 's/^SIM_(PART|STEP|CONDITION|RATE|ARRIVAL|DISTRIBUTION|POPULARITY|BALANCER|EVICTOR|LIMITER|BREAKER|RETRY|SHED|READING|SHARDING|DISCIPLINE|SCALER|COMMIT|POOLER|PLAN|FAULT)\(([a-z_]+).*/\2/p' \
        "$1"/sim/parts/{parts,step,condition,rates,arrivals,discipline,commit,pooler,plan,fault}.def "$1"/sim/core/{distribution,popularity}.def "$1"/sim/policy/*/*.def)
    left=$(missing "$words")
    [ -z "$left" ] || { echo "no scenario in tests/golden has: $left"; exit 1; }
    [ "$(missing "exp no_such_word")" = no_such_word ] || { echo "the search for words does not find what is missing"; exit 1; }
    ;;
--update)
    for file in "$folder"/${4:-*}.yaml; do
        name=$(basename "$file" .yaml)
        outcome "$name" 2 > "$work/$name" || exit 1
        touch "$folder/$name.txt"
        diff -u --label "$name.txt" --label "$name.txt, new" "$folder/$name.txt" "$work/$name"
    done
    for file in "$folder"/${4:-*}.yaml; do
        cp "$work/$(basename "$file" .yaml)" "$folder/$(basename "$file" .yaml).txt"
    done
    ;;
*)
    for threads in 1 2; do
        outcome "$what" $threads > "$work/new"
        diff -u "$folder/$what.txt" "$work/new" || { echo "$what: other results on $threads threads. If they are meant: tests/golden/golden.sh SOURCE PROGRAM --update"; exit 1; }
    done
    # A planted difference, another seed's sum, must be seen.
    sed 's/^seed 7, sum.*[0-9a-f]$/seed 7, sum of --json: 0/' "$work/new" | cmp -s - "$folder/$what.txt" && { echo "a planted difference was not seen"; exit 1; }
    ;;
esac
exit 0
