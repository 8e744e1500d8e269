#!/usr/bin/env bash
# cli.report - compare leaves a report that stands alone; its command gives the same numbers; a report that cannot be written loses no results.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HEADROOM_STORE=$work/runs.db
cd "$work" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

"$program" compare caching --replications 3 --seed 5 > out 2> err || [ $? -le 2 ] || { cat err; fail "compare"; }
if [ ! -e reports ] && "$program" compare caching --replications 2 --no-store --output x 2>&1 | grep -q 'does not draw'; then exit 77; fi
[ -s reports/caching/report.html ] && [ -s reports/caching/report.md ] && [ -s reports/caching/report.json ] || fail "the report is not in reports/caching"
grep -q 'report: reports/caching/report.html' out || fail "compare does not say where the report is"

# Nothing from outside. The planted twin: the same question must find a link.
outside() { grep -nE 'https?:|src=|<link|<script|@import|xlink' "$1"; }
outside reports/caching/report.html && fail "the page asks for something from outside"
sed 's#</main>#<img src="http://x/y.png"></main>#' reports/caching/report.html > planted.html
outside planted.html > /dev/null || fail "the planted link was not found"
grep -q 'prefers-color-scheme:dark' reports/caching/report.html && grep -q '<svg viewBox' reports/caching/report.html || fail "no pictures, or no dark page"

# The command in the report repeats it to the byte, and the document on stdout is the one in the report.
command=$(grep -oE '\./headroom compare [^<]*' reports/caching/report.html | head -n 1)
[ "$command" = './headroom compare caching --seed 5 --replications 3' ] || fail "the command is: $command"
read -ra words <<<"${command#./headroom }"
"$program" "${words[@]}" --output again --threads 1 --no-store --json > document 2> err
cmp document again/report.json || { diff document again/report.json | head; fail "--json and report.json differ"; }
for file in report.html report.md report.json; do cmp "reports/caching/$file" "again/$file" || fail "$file is not the same again"; done
"$program" compare caching --replications 3 --seed 6 --output other --no-store > /dev/null 2>&1
cmp -s other/report.md again/report.md && fail "another seed gives the same report"
grep -q '"differences"' document && grep -q '"sentence"' document || fail "the document lacks the differences or the sentence"

# Each workload of the scenario has its row in the terminal and in the report.
grep -qE '^readers +aside ' out && grep -qE '^\| readers \| aside \|' reports/caching/report.md && grep -q '<th scope="row">readers</th><td class="name">aside</td>' reports/caching/report.html ||
    fail "no row for the workload readers"

# Nothing but what was asked for.
mkdir none && (cd none && "$program" compare caching --replications 2 --no-store --no-report > ../out 2>&1)
[ -z "$(ls none)" ] || fail "--no-report writes"
grep -q 'report:' out && fail "--no-report tells of a report"

# One picture, in both forms.
"$program" compare caching --replications 2 --no-store --no-report --picture p.png --json > document 2> err || [ $? -le 2 ] || fail "picture"
head -c 4 p.png | grep -q PNG || fail "p.png is no PNG"
head -c 1 document | grep -q '{' || fail "telling of the picture spoils the document"
"$program" compare caching --replications 2 --no-store --no-report --picture p.svg > /dev/null 2>&1
grep -q '<svg' p.svg || fail "p.svg is no SVG"
"$program" compare caching --replications 2 --no-store --no-report --picture p.jpg > out 2> err
[ $? -eq 3 ] && grep -q 'ends in .png or .svg' err || fail "an unknown kind of picture"

# A report that cannot be written: one message, 4, and the results are printed and kept.
lost() { # STATUS WHAT
    [ "$1" -eq 4 ] || { cat err; fail "$2: status $1"; }
    [ "$(grep -c '^headroom:' err)" -eq 1 ] && grep -qE 'cannot be (written|made)' err || { cat err; fail "$2: not one clear message"; }
    grep -q 'caching.latency' out || fail "$2: the results were lost"
}
rm -f "$HEADROOM_STORE"
"$program" compare caching --replications 2 --output /dev/full/x > out 2> err; lost $? "no folder can be there"
"$program" runs list | grep -q compare || fail "the run was not kept"
(trap '' XFSZ; ulimit -f 200; "$program" compare caching --replications 2 --no-store --output full > out 2> err); lost $? "a full disk"
ls full | grep -q part && fail "half a file was left behind"
"$program" compare caching --output x --no-report 2> err; [ $? -eq 3 ] && grep -q 'contradict' err || fail "--output with --no-report"
echo "the report stands alone and repeats"
