#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl collect: what it records of this machine looks the same to every verb elsewhere. And wait,
# which sees memory come.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 18

leave_offline
plug 4 1
# shellcheck disable=SC2086 # a list
set -- $blocks
module_load
place=$(mktemp -d)
at_end "rm -rf $place"

# online_bytes: of the whole machine.
online_bytes()
{
	memhpctl --json status | jq '.total | .kernel + .movable + .other'
}

# waits ARGUMENT…: memhpctl has begun to wait.
waits()
{
	memhpctl --json wait "$@" >"$place/wait" 2>&1 &
	waiter=$!
	wait_until 10 waiting "$waiter" || abort "wait does not listen"
}

waiting()
{
	[ -n "$(find "/proc/$1/fd" -lname 'socket:*' 2>/dev/null)" ]
}

wanted=$(($(online_bytes) + 2 * $(block_bytes)))
waits --online "$wanted" --timeout 60s
set_state "$1" online_movable
check "one block is not enough" kill -0 "$waiter"
set_state "$2" online_movable
wait "$waiter"
equal "wait ends when enough is online" "$? $(jq .online "$place/wait")" "0 $wanted"
memhpctl wait --online "$((wanted + 1))" --timeout 100ms >"$place/wait" 2>&1
equal "and fails when its time is over" "$? $(grep -c 'not .* within 100ms' "$place/wait")" "1 1"
memhpctl wait --settled --timeout 60s
equal "nothing happens: settled" "$?" 0

memhpctl offline "$1" 2>"$place/errors" >/dev/null
equal "no bar in a file" "$(wc -c <"$place/errors")" 0
script -qec "stty cols 80; TERM=xterm memhpctl online $1" "$place/typescript" >/dev/null
tells "a bar on a terminal" '\] 1 of 1 blocks' "$place/typescript"

memhpctl collect "$place/here.tar.gz" >/dev/null
equal "collected" "$?" 0
memhpctl collect "$place/here.tar.gz" 2>/dev/null >&2
equal "and not replaced" "$?" 1
tar -xzf "$place/here.tar.gz" -C "$place"
# Two looks at the clocks can be some microseconds apart: no milliseconds.
for verb in list "list --json" map "map --json" stats events; do
	# shellcheck disable=SC2086 # words
	memhpctl $verb 2>&1 | sed 's/\(:[0-9][0-9]\)\.[0-9]\{3\} /\1 /' >"$place/live"
	# shellcheck disable=SC2086
	memhpctl --sysroot "$place/here" $verb 2>&1 |
		sed 's/\(:[0-9][0-9]\)\.[0-9]\{3\} /\1 /' >"$place/copy"
	check "the same there: $verb" cmp "$place/live" "$place/copy"
done
# What is free changes all the time, and the socket that nobody answers at is below the tree.
constant='del(.ratio, .daemon_error)'
memhpctl status --json | jq "$constant" >"$place/live"
memhpctl --sysroot "$place/here" status --json | jq "$constant" >"$place/copy"
check "the same there: status" cmp "$place/live" "$place/copy"
check "nothing of it could not be read" test ! -e "$place/here/memhp-collect/missing"
equal "with the size of its pages" "$(cat "$place/here/memhp-collect/page_size")" "$(getconf PAGESIZE)"
tells "with the kernel's log" 'Linux version' "$place/here/memhp-collect/dmesg"
