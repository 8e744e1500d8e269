#!/usr/bin/env bash
# cli.replay_cache - traces as text, gzip, standard input and CSV; several policies and sizes in one pass; what is wrong is named.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export NO_COLOR=1
fail() { echo "FAILED: $*"; exit 1; }
replay() { "$program" replay cache "$@" > "$work/out" 2> "$work/err"; }

printf '%s\n' a b a c a b > "$work/trace.txt"                           # LRU of two: m m h m h m
replay --policy lru --size 2 "$work/trace.txt" && grep -qx 'lru, 2 keys: 6 requests, 4 misses, miss ratio 0.6667' "$work/out" || fail "text"
gzip -k "$work/trace.txt"
replay --size 2 "$work/trace.txt.gz" && grep -q '6 requests, 4 misses' "$work/out" || fail "gzip"
"$program" replay cache --size=2 - < "$work/trace.txt.gz" | grep -q '6 requests, 4 misses' || fail "standard input"
printf 'a\r\n\r\nb\r\na\r\nc\r\na\r\nb' | "$program" replay cache --size 2 - | grep -q '6 requests, 4 misses' || fail "CRLF, empty lines, no last end"
printf '%s\n' 7 07 18446744073709551617 1 | "$program" replay cache --size 9 - | grep -q '4 requests, 3 misses' || fail "numbers"

replay --policy fifo,lru --sizes 1,2..4 --json "$work/trace.txt" || fail "several"
python3 - "$work/out" <<'PY' || fail "the document"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema"] == "headroom/replay-cache/1"
got = [(r["policy"], r["size"], r["requests"], r["misses"]) for r in d["rows"]]
assert got == [("fifo", 1, 6, 6), ("lru", 1, 6, 6), ("fifo", 2, 6, 5), ("lru", 2, 6, 4), ("fifo", 4, 6, 3), ("lru", 4, 6, 3)], got
assert abs(d["rows"][3]["miss_ratio"] - 4 / 6) < 1e-8
PY
replay --policy fifo,lru --sizes 1..20 "$work/trace.txt" || fail "a range"
[ "$(awk 'NF == 3 && $1 ~ /^[0-9]+$/ { print $1 }' "$work/out" | tr '\n' ' ')" = "1 2 5 10 20 " ] || fail "the steps of a range"

# Bytes: 100 and 60 do not fit into 150 together; 200 is never kept.
printf 'time,size,key\n0,100,a\n1,60,b\n2,100,a\n3,200,c\n4,100,a\n' > "$work/sized.csv"
replay --bytes --size 150 "$work/sized.csv" && grep -q '5 requests, 4 misses' "$work/out" || fail "bytes"
replay --bytes --size 1KiB "$work/sized.csv" && grep -q '5 requests, 3 misses' "$work/out" || fail "KiB"
# Times: a lives 2 s; what never expires is no victim of volatile-ttl, so a full cache refuses.
printf 'key,time\na,0\na,1.5\na,3\n' > "$work/timed.csv"
replay --ttl 2s --size 5 "$work/timed.csv" && grep -q '3 requests, 2 misses' "$work/out" || fail "ttl"
replay --policy volatile-ttl --size 2 "$work/trace.txt" && grep -q '6 requests, 3 misses' "$work/out" || fail "volatile without ttl"

wrong() { # WHAT PATTERN ARGUMENTS…: exit status 3 and a message
    local what=$1 pattern=$2
    shift 2
    replay "$@"
    [ $? -eq 3 ] && grep -q "$pattern" "$work/err" && [ ! -s "$work/out" ] || { cat "$work/err"; fail "$what"; }
}
wrong "no size" 'give --size N or --sizes' "$work/trace.txt"
wrong "both sizes" 'give --size N or --sizes' --size 1 --sizes 2 "$work/trace.txt"
wrong "a bad size" "'2x' is no size" --size 2x "$work/trace.txt"
wrong "bytes without --bytes" "'2KiB' is no size" --size 2KiB "$work/trace.txt"
wrong "a range upside down" "'5..2' is no size" --sizes 5..2 "$work/trace.txt"
wrong "too large" 'more than 100000000 keys' --size 200M "$work/trace.txt"
wrong "a policy" "did you mean 'sieve'" --policy siebe --size 2 "$work/trace.txt"
wrong "no policy" 'wants one or more names' --policy , --size 2 "$work/trace.txt"
wrong "no file" 'none.txt: No such file' --size 2 "$work/none.txt"
wrong "no sizes in the trace" 'need a CSV trace with a column' --bytes --size 20 "$work/trace.txt"
wrong "a rate" "want a rate" --size 2 --rate fast "$work/trace.txt"
wrong "a ttl" "want a time" --size 2 --ttl 0s "$work/trace.txt"
printf 'key,time\na,1\nb,0.5\n' > "$work/back.csv"
wrong "time goes back" 'back.csv:3: time 0.5 lies before' --size 2 "$work/back.csv"
printf 'key,time\na,1\nb\n' > "$work/short.csv"
wrong "a short row" 'short.csv:3: fewer fields' --size 2 "$work/short.csv"
printf 'key,size\na,1\nb,-1\n' > "$work/size.csv"
wrong "a bad size in the trace" "size.csv:3: size '-1'" --bytes --size 2 "$work/size.csv"
head -c 30 "$work/trace.txt.gz" > "$work/cut.gz"
wrong "a damaged file" 'cut.gz' --size 2 "$work/cut.gz"
: > "$work/empty"
replay --size 2 "$work/empty" && grep -q '0 requests, 0 misses, miss ratio 0.0000' "$work/out" || fail "an empty trace"
"$program" replay cache --help | grep -q '^example: headroom replay cache' || fail "help"
echo "traces are replayed, mistakes are named"
