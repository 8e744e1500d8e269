#!/usr/bin/env bash
# tidy.layers - dependencies point one way: cli → labs → viz, patterns, real → sim; in sim: study, replay → scenario, stats, store → parts → policy → core.
# Its planted-bug twin: a core file that includes a part must be found.
set -euo pipefail
root=$1

# Rank of a folder: includes may only point to the same folder or to a lower rank; rooms of one rank do not know each other.
rank() {
    case $1 in
    sim/core*) echo 0 ;; sim/policy*) echo 1 ;; sim/parts*) echo 2 ;;
    sim/stats*) echo 2.stats ;; sim/scenario*) echo 3 ;; sim/store*) echo 3.store ;; sim/study*) echo 4.study ;; sim/replay*) echo 4.replay ;;
    real*) echo 5.real ;; patterns*) echo 5.patterns ;; viz*) echo 5.viz ;; labs*) echo 6 ;; cli*) echo 7 ;;
    *) echo none ;;
    esac
}

violations() { # FOLDER
    local file included from to
    grep -rn --include='*.[ch]' -E '^#include "' "$1" | while IFS= read -r row; do
        file=${row%%:*}
        file=${file#"$1"/}
        included=$(sed -E 's/.*#include "([^"]*)".*/\1/' <<<"$row")
        case $file in tests/*|build/*) continue ;; esac
        from=$(rank "$file") to=$(rank "$included")
        [ "$from" = "$to" ] && continue
        if [ "$from" = none ] || [ "$to" = none ] || [ "${to%%.*}" -ge "${from%%.*}" ]; then
            echo "$file includes $included"
        fi
    done
}

found=$(violations "$root")
if [ -n "$found" ]; then
    echo "$found"
    exit 1
fi
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
mkdir -p "$planted/sim/core"
echo '#include "sim/parts/parts.h"' > "$planted/sim/core/bug.c"
[ -n "$(violations "$planted")" ] || { echo "the planted bad include was not found"; exit 1; }
echo "layers hold"
