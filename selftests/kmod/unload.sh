#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module comes and goes at any time: not while its files are open, and during operations without
# harm to them. LONG=1 comes and goes 20 times.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 2
need_memhp
plan 12

leave_offline
module_load
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$2" online_movable

exec 3<"$MEMHP/events"
mark=$(status seq)
reason=$(rmmod memhp 2>&1)
equal "an open file keeps the module" "$?" 1
module_loaded || abort "the module is gone, the file is open"
check "as one in use" [ "${reason#*in use}" != "$reason" ]
set_state "$1" online_movable
equal "nothing has changed for it" "$(names "$mark" "$1")" "going_online online"
set_state "$1" offline
exec 3<&-
check "it goes after the close" rmmod memhp
check "and its files with it" [ ! -e "$MEMHP" ]

stop=/tmp/memhp-stop.$$
result=/tmp/memhp-cycle.$$
at_end "rm -f $stop $result"

# cycle BLOCK: until the file appears, and 5000 times at most. Prints how often it failed.
cycle()
{
	cycle_failed=0
	cycle_left=5000
	while [ "$cycle_left" -gt 0 ] && [ ! -e "$stop" ]; do
		set_state "$1" online_movable || cycle_failed=$((cycle_failed + 1))
		set_state "$1" offline || cycle_failed=$((cycle_failed + 1))
		cycle_left=$((cycle_left - 1))
	done
	echo "$((5000 - cycle_left)) $cycle_failed"
}

warned()
{
	[ $(($(cat /proc/sys/kernel/tainted) & (128 | 512))) -ne 0 ]
}

warned && abort "the kernel has warned before"
cycle "$1" >"$result" &
cycler=$!
at_end "touch $stop; wait $cycler"

loads=6
[ "${LONG:-}" != 1 ] || loads=20
failed=0
wrong=0
for _ in $(seq "$loads"); do
	module_load || failed=$((failed + 1))
	# A read of each file, and records in order, wherever in an operation we came.
	cat "$MEMHP/status" "$MEMHP/blocks" "$MEMHP/nodes" >/dev/null || failed=$((failed + 1))
	events | values seq | awk 'NR != $1 { bad = 1 } END { exit bad }' || wrong=$((wrong + 1))
	rmmod memhp || failed=$((failed + 1))
done
check "operations went on all the time" kill -0 "$cycler"
touch "$stop"
wait "$cycler"
diag "$loads loads during $(cut -d' ' -f1 "$result") onlines and offlines"
equal "no load, read or unload failed" "$failed" 0
equal "no record out of order" "$wrong" 0
equal "no operation failed" "$(cut -d' ' -f2 "$result")" 0
check "no warning of the kernel" eval '! warned'

module_load
mark=$(status seq)
set_state "$1" online_movable
equal "after all that it works" "$(names "$mark" "$1")" "going_online online"
equal "stock after all that" "$(value state "$(block_line "$1")")" online
