#!/usr/bin/env bash
# cli.request_log - the log has every request once, the same bytes for any number of threads and format; what cannot be written is told.
set -uo pipefail
root=$1 program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HEADROOM_STORE=$work/runs.db NO_COLOR=1
fail() { echo "FAILED: $*"; exit 1; }
run() { "$program" run caching --variant aside --no-store --replications 3 "$@"; }

for threads in 1 2; do
    for kind in csv csv.gz hrlog; do
        run --threads $threads --log "$work/$threads.$kind" --json > "$work/$threads.json"
        [ $? -le 2 ] || fail "$kind on $threads threads"
    done
done
for kind in csv csv.gz hrlog json; do
    cmp "$work/1.$kind" "$work/2.$kind" || fail "two threads write another $kind than one"
done
run --threads 2 --seed 2 --log "$work/other.csv" > /dev/null
[ -s "$work/other.csv" ] || fail "another seed"
cmp -s "$work/1.csv" "$work/other.csv" && fail "another seed gives the same log"
gzip -dc "$work/1.csv.gz" | cmp - "$work/1.csv" || fail "compressed text is other text"
"$program" runs log "$work/1.hrlog" | cmp - "$work/1.csv" || fail "records are other requests"
ls "$work" | grep -q 'part' && fail "an unfinished log is left"

# Its columns are those of the page about it, and nothing else: a number that always says the same says nothing.
sed -n 's/^| \(`[a-z_`, ]*`\) |.*/\1/p' "$root/docs/request-log.md" | tr -d '` ' | paste -sd, > "$work/columns"
head -1 "$work/1.csv" | cmp - "$work/columns" || fail "columns: $(head -1 "$work/1.csv"), but docs/request-log.md has $(cat "$work/columns")"
awk -F, 'NR > 1 && NF != 12 { bad = 1 } END { exit bad }' "$work/1.csv" || fail "lines and columns differ"

# What the log says is what the document says: outcomes of measured requests, each request once.
awk -F, 'NR > 1 { if (seen[$1, $2, $3]++) twice = 1; if ($12) n[$9]++ } END { if (twice) print "twice"; for (o in n) print o, n[o] }' "$work/1.csv" | sort > "$work/log"
sed -n '/^  "outcomes"/,/}/s/^ *"\([a-z]*\)": \([0-9]*\),\{0,1\}$/\1 \2/p' "$work/1.json" | grep -v ' 0$' | sort > "$work/document"
cmp "$work/log" "$work/document" || fail "the log counts otherwise than the document"

refuse() { # STATUS PATTERN COMMAND…
    local wanted=$1 pattern=$2
    shift 2
    "$@" > "$work/out" 2> "$work/err"
    local status=$?
    [ $status -eq "$wanted" ] || { cat "$work/err"; fail "status $status instead of $wanted: $*"; }
    grep -qE "$pattern" "$work/err" || { cat "$work/err"; fail "no message like '$pattern'"; }
}
refuse 3 'want a name that says the format' run --log "$work/log.txt"
refuse 4 'cannot be written: No such file' run --log "$work/none/log.csv"
refuse 3 'not a request log of records' "$program" runs log "$work/1.csv"
head -c 100000 "$work/1.hrlog" > "$work/cut.hrlog"
refuse 3 'cut off after [0-9]+ requests' "$program" runs log "$work/cut.hrlog"
{ head -c 2000 "$work/1.hrlog"; printf '\377%.0s' {1..560}; } > "$work/bad.hrlog"
refuse 3 'damaged: record|cut off' "$program" runs log "$work/bad.hrlog"
refuse 3 'a log wants a regular file' "$program" run caching --no-store --precision 5% --log /dev/null
# A file system that is full, played by a limit of the size of files.
refuse 4 'cannot be written: File too large; nothing of it is kept' bash -c "ulimit -f 1000; trap '' XFSZ; '$program' run caching --no-store --replications 2 --log '$work/full.csv'"
grep -q 'p95' "$work/out" || fail "the numbers are not printed when the log fails"
ls "$work"/full* 2> /dev/null && fail "something of a failed log is left"
echo "request logs are complete, repeat, and fail cleanly"
