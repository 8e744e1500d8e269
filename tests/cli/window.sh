#!/usr/bin/env bash
# cli.window - a real window on a virtual screen: it draws, keys change it, pausing stops it, closing is quiet. The screen's memory is watched.
set -uo pipefail
program=$2
for tool in Xvfb xdotool; do command -v $tool > /dev/null || { echo "skipped: $tool is missing"; exit 77; }; done
work=$(mktemp -d)
screen= shown=
trap 'for p in $shown $screen; do kill "$p" 2>/dev/null; done; rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; cat "$work/err" 2>/dev/null; exit 1; }
image() { tail -c +4096 "$work/Xvfb_screen0" | cksum; }
wait_for() { # SECONDS COMMAND…
    local until=$((SECONDS + $1))
    shift
    while ! "$@"; do [ $SECONDS -lt $until ] || return 1; sleep 0.1; done
}

Xvfb -displayfd 3 -screen 0 1280x800x24 -fbdir "$work" -nolisten tcp 3> "$work/display" 2> "$work/xvfb" &
screen=$!
wait_for 20 test -s "$work/display" || { echo "skipped: no virtual screen"; cat "$work/xvfb"; exit 77; }
export DISPLAY=:$(cat "$work/display") SDL_VIDEODRIVER=x11
unset WAYLAND_DISPLAY
export ASAN_OPTIONS=detect_leaks=0             # libraries that SDL loads keep some bytes; unit.viz_scene watches over ours
empty=$(image)

"$program" show caching --size 1280x800 > "$work/out" 2> "$work/err" &
shown=$!
is_drawn() { [ "$(image)" != "$empty" ] || ! kill -0 $shown 2>/dev/null; }
wait_for 30 is_drawn || fail "nothing is drawn"
if grep -q 'built without' "$work/err"; then echo "skipped: built without a window"; exit 77; fi
kill -0 $shown 2>/dev/null || fail "the window has closed by itself"
xdotool mousemove 640 20
first=$(image)
has_changed() { [ "$(image)" != "$first" ]; }
wait_for 20 has_changed || fail "it does not play"

press() { # KEY: waits until the picture has changed and stands still again
    first=$(image)
    xdotool key "$1"
    wait_for 20 has_changed || fail "the key $1 changes nothing"
    wait_for 20 is_still || fail "it moves after the key $1, though paused"
}
is_still() { local now; now=$(image); sleep 0.3; [ "$(image)" = "$now" ]; }
xdotool key space
wait_for 20 is_still || fail "SPACE does not pause"
paused=$(image)
press Right
press Left                                    # the same time again: the same picture
[ "$(image)" = "$paused" ] || fail "a second forward and back gives another picture"
press period
press d
press question
press Escape
press R
xdotool mousemove 780 774 click 1             # on the timeline
first=$paused
wait_for 20 has_changed || fail "the timeline does not scrub"
xdotool key q
wait_for 20 bash -c "! kill -0 $shown 2>/dev/null" || fail "q does not close it"
wait $shown
status=$?
shown=
[ $status -eq 0 ] || fail "closing gives status $status"
[ ! -s "$work/err" ] && [ ! -s "$work/out" ] || fail "closing is not quiet"
echo "the window plays, pauses, scrubs and closes"
