#!/usr/bin/env bash
# cli.show - pictures of a run without a display: the right size, the same bytes again, other bytes for another seed; bad input gets one message.
set -uo pipefail
program=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
fail() { echo "FAILED: $*"; cat "$work/err" 2>/dev/null; exit 1; }
size_of() { od -An -j16 -N8 -t u1 "$1" | awk '{print $1 * 16777216 + $2 * 65536 + $3 * 256 + $4 "x" $5 * 16777216 + $6 * 65536 + $7 * 256 + $8}'; }
expect() { # STATUS PATTERN ARGUMENT…
    local want=$1 pattern=$2 status
    shift 2
    "$program" show "$@" > "$work/out" 2> "$work/err"
    status=$?
    [ $status -eq "$want" ] || fail "status $status instead of $want for: show $*"
    grep -qE -- "$pattern" "$work/err" || fail "no message like '$pattern' for: show $*"
    [ ! -s "$work/out" ] || fail "results on stdout for: show $*"
}

"$program" show --help | grep -q 'example: headroom show' || fail "help has no example"
"$program" show caching --png "$work/probe.png" 2> "$work/err"
if grep -q 'built without pictures' "$work/err"; then
    expect 4 'built without pictures' caching
    echo "built without pictures: the verb says so"
    exit 0
fi

picture() { "$program" show caching --at 3s --png "$work/$1" "${@:2}" 2> "$work/err" || fail "no picture for: ${*:2}"; [ ! -s "$work/err" ] || fail "not quiet"; }
picture a.png
picture b.png
cmp "$work/a.png" "$work/b.png" || fail "the same picture has other bytes"
[ "$(size_of "$work/a.png")" = 1280x800 ] || fail "a size of $(size_of "$work/a.png") instead of 1280x800"
picture c.png --size 1920x1080 --variant none --dark --speed 1/50
[ "$(size_of "$work/c.png")" = 1920x1080 ] || fail "a size of $(size_of "$work/c.png") instead of 1920x1080"
picture d.png --seed 2
cmp -s "$work/a.png" "$work/d.png" && fail "another seed has the same picture"
picture e.png --size 1280x960 --scale 2
[ "$(size_of "$work/e.png")" = 1280x960 ] || fail "the scale changes the size"
"$program" show caching --at 3s --svg "$work/a.svg" || fail "no SVG"
head -c 100 "$work/a.svg" | grep -q '<?xml' || fail "the SVG is none"

expect 3 "behind the end of the run, which lasts 1min|behind the end of the run, which lasts 60s" caching --at 61s --png "$work/x.png"
expect 3 "--at later: want a time such as 30s"   caching --at later --png "$work/x.png"
expect 3 "want WIDTHxHEIGHT"                    caching --size 12 --png "$work/x.png"
expect 3 "want WIDTHxHEIGHT"                    caching --size 99999x3 --png "$work/x.png"
expect 3 "want at least 640x400"               caching --size 1280x720 --scale 4 --png "$work/x.png"
expect 3 "want one of 1/1000"                   caching --speed 3 --png "$work/x.png"
expect 3 "from 0.5 to 4"                        caching --scale 9 --png "$work/x.png"
expect 3 "did you mean 'caching'"               cachin --png "$work/x.png"
expect 3 "has no variant|no variant"            caching --variant nine --png "$work/x.png"
expect 4 "cannot be written"                    caching --at 1s --png "$work/nowhere/x.png"
expect 4 "cannot be written"                    caching --at 1s --png /dev/full/x.png
expect 4 "no window can be opened here|built without a window" caching
[ ! -e "$work/x.png" ] || fail "a refused picture was written"
echo "pictures repeat, bad input is refused"
