#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl events prints the module's history; watch shows what happens, with the module and without.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 15

leave_offline
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
output=$(mktemp)
at_end "rm -f $output"

memhpctl events >"$output" 2>&1
equal "without the module: failed" "$?" 1
tells "and what to do" 'modprobe memhp' "$output"

# Every process of a watch is seen to listen before something is made to happen.
watching()
{
	[ -n "$(find "/proc/$1/fd" -lname "$2" 2>/dev/null)" ]
}

memhpctl watch >"$output" 2>&1 &
watch=$!
wait_until 10 watching "$watch" 'socket:*' || abort "watch does not listen"
set_state "$1" online_movable
check "watch without the module" wait_until 10 grep -q " online  *block $1" "$output"
kill "$watch"
wait "$watch"
equal "ends at a signal" "$?" 0

memhpctl stats >"$output" 2>&1
equal "stats without the module: failed" "$?" 1
tells "and what to do" 'modprobe memhp' "$output"

module_load
memhpctl --json watch >"$output" 2>&1 &
watch=$!
wait_until 10 watching "$watch" '*/memhp/events' || abort "watch does not listen"
set_state "$1" offline
check "watch with the module, as JSON" wait_until 10 grep -q "{.*\"block\":$1,.*\"event\":\"offline\"" "$output"
kill "$watch"
wait "$watch"

memhpctl events >"$output"
equal "events: as many as the module has" "$(tail -n +2 "$output" | wc -l)" "$(status seq)"
check "events: what, where, how long, who" \
	grep -Eq " offline +$1 +1 +Movable +[0-9.]+(us|ms|s) .* (sh|offline|online.*|events.*)\[[0-9]+\]" "$output"
tells "events: the node's last memory" ' node_offline .* 1 ' "$output"
equal "events as JSON" "$(memhpctl --json events | grep -c '"seq":')" "$(status seq)"

# The two attempts of this test that the module saw.
seen=$(status seq)
equal "events of a block" "$(memhpctl --json events --block "$1" | jq '[.events[].block] | unique[]')" "$1"
equal "events of a time to come" "$(memhpctl --json events --since 1ms | jq '.events | length')" 0
equal "stats: one offline" "$(memhpctl --json stats |
	jq -c '.latencies[] | select(.operation == "offline") | [.result, .count]')" '["ok",1]'

# A reader that has enough: the watch ends, with nothing more happening, and calls it no failure.
mkfifo "$output.pipe"
at_end "rm -f $output.pipe"
memhpctl --json watch >"$output.pipe" &
watch=$!
exec 3<"$output.pipe"
wait_until 10 watching "$watch" '*/memhp/events' || abort "watch does not listen"
exec 3<&-
wait "$watch"
equal "watch ends with its reader" "$? $(status seq)" "0 $seen"
