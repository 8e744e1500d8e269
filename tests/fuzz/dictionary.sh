#!/usr/bin/env bash
# dictionary.sh SOURCE-FOLDER - libFuzzer's dictionary, on stdout: every word of the tables that a scenario is written with.
set -euo pipefail
cd "$1/sim"
{
    sed -nE 's/^SIM_KEY\((\w+), *(\w+),.*/\1\n\2: /p' scenario/key.def
    sed -nE 's/^SIM_STEP\((\w+),.*/{\1: /p' parts/step.def
    sed -nE 's/^SIM_FAULT\((\w+),.*/- {\1: /p' parts/fault.def
    sed -nE 's/^SIM_PART\((\w+)\).*/kind: \1/p' parts/parts.def
    sed -nE 's/^SIM_(DISTRIBUTION|POPULARITY|RATE|ARRIVAL)\(\w+, *"([^"]*)".*/\2/p' core/*.def parts/*.def
    sed -nE 's/^SIM_CONDITION\((\w+),.*/if: {\1: /p' parts/condition.def
    sed -nE 's/^SIM_(BALANCER|EVICTOR)\((\w+)\).*/\2/p' policy/*/*.def | tr _ -
    sed -nE 's/^SIM_METRIC\((\w+),.*/\1(/p' study/metric.def
    printf '%s\n' 'miss: [' 'ttl: ' 'local' 'none' 'true' 'zipf(0.99, 10k)' 'uniform(10k)' '10/s' '4GiB' '70%' '2 cores' '0.04 $/h' ': {' ': [' '}, ' ']' \
        '- ' '&a' '*a' '---' '...' '!!map' '<<: ' '? ' '| ' '>- ' '1e18' '9223372036854775807' '0x10' '1e-300' 'inf' 'nan'
} | sort -u | sed 's/["\\]/\\&/g; s/.*/"&"/'
