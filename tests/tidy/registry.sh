#!/usr/bin/env bash
# tidy.registry - every file of a policy family has a row in its list: a file without a row would compile and never be reached.
set -euo pipefail
root=$1
status=0
for list in "$root"/sim/policy/*/*.def "$root"/sim/parts/parts.def; do
    grep -qE "^SIM_(BALANCER|EVICTOR|LIMITER|BREAKER|RETRY|SHED|SCALER|PART)\(" "$list" || continue       # of something else than files
    folder=$(dirname "$list") family=$(basename "$list" .def)
    for file in "$folder"/*.c; do
        name=$(basename "$file" .c)
        [ "$name" = "$family" ] && continue
        grep -q "sim_\(balancer\|evictor\|limiter\|breaker\|retry\|shed\|reading\|scaler\|kind\)_$name = " "$file" || continue
        grep -q "($name)" "$list" || { echo "$file has no row in $list"; status=1; }
    done
done
exit $status
