#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl eject: the host gets its DIMM back, with memhpd and without, and the node is without memory
# then. Where not all of it goes, or the kernel refuses, everything is online again in its zone. What
# cannot be ejected, and the last memory of a node that a cpuset names, is refused.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
case ",$(cat /sys/devices/system/node/has_memory)," in
*,1,* | *-*) skip_all "node 1 has memory already" ;;
esac
plan 30

hotplug_switch=/sys/firmware/acpi/hotplug/memory/enabled
cpuset=/sys/fs/cgroup/memhp-test
output=$(mktemp)
at_end "rm -f $output"

# device_of N
device_of()
{
	memhpctl list -o DEVICE "$1" | tail -n 1
}

# status_nodes: those that memhpctl status shows with memory.
status_nodes()
{
	memhpctl --json status |
		jq -r '[.nodes[] | select(.kernel + .movable + .other > 0) | .node] | join(" ")'
}

# says PATTERN
says()
{
	grep -q -- "$1" "$output"
}

requests_are()
{
	[ "$(daemon_status '.requests | length')" = "$1" ]
}

# --- Without memhpd -------------------------------------------------------------------------------

leave_offline
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
memhpctl online node:1 >/dev/null
device=$(device_of "$1")
equal "before: both nodes have memory" "$(status_nodes)" "0 1"
memhpctl eject "$device" --dry-run >"$output"
equal "a dry run" "$? $(zones_of "$@")" "0 Movable"
check "says what it would do" says "would offline 2 blocks .*, and eject the device"
memhpctl eject "$1" 2>/dev/null
equal "a block is no device" "$?" 2
memhpctl offline 128M --eject 2>/dev/null
equal "nor is a size" "$?" 2
memhpctl eject "$device" >"$output"
equal "an eject" "$? $(ls -d "$MEMORY/memory$1" 2>/dev/null)" "0 "
check "says what it has done" says "^ejected: $device"
check "the host has its DIMM back" gone "$dimm" 20
equal "node 1 has no memory" "$(cat /sys/devices/system/node/has_memory) $(status_nodes)" "0 0"
memhpctl eject "$device" 2>"$output"
equal "a device that is not there" "$?" 1
check "is named" says "no memory block matches 'device:$device'"

# --- With memhpd ----------------------------------------------------------------------------------

configure '[offline.backoff]' 'max = "500ms"'
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
device=$(device_of "$1")
deliberate=$(daemon_status .deliberately_offline)

echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
mkdir "$cpuset"
at_end "[ ! -d $cpuset ] || rmdir $cpuset"
echo 1 >"$cpuset/cpuset.mems"
memhpctl eject "$device" 2>"$output"
equal "a cpuset names the node" "$? $(zones_of "$@")" "1 Movable"
check "and is named" says "node 1 would be left without memory, and it is named by cpuset $cpuset;"
memhpctl offline node:1 2>/dev/null
equal "nor does an offline take it all" "$? $(zones_of "$@")" "1 Movable"
check "but some of it" sh -c "memhpctl offline $4 >/dev/null"
memhpctl online "$4" >/dev/null
rmdir "$cpuset"

hold "$2"
memhpctl eject "$device" --attempt-deadline 200ms --deadline 2s >"$output" 2>&1
equal "a held page: failed" "$?" 1
check "and it says why" says "$device was not ejected: not all of it went offline"
check "all is online in its zone" all_movable "$@"

# The kernel refuses: its hotplug is switched off when everything is offline but the held block.
memhpctl eject "$device" --attempt-deadline 200ms >"$output" 2>&1 &
client=$!
wait_state "$1" offline 20 || abort "the eject does not begin"
echo 0 >"$hotplug_switch"
at_end "echo 1 >$hotplug_switch"
release "$held"
wait "$client"
equal "the kernel refuses: failed" "$?" 1
check "with its reason" says "$device was not ejected: the kernel refused it: No such device"
check "all is back in its zone" all_movable "$@"
memhpctl eject "$device" 2>"$output"
equal "with hotplug switched off" "$? $(zones_of "$@")" "1 Movable"
check "nothing is tried" says "switched off; echo 1 >$hotplug_switch"
echo 1 >"$hotplug_switch"
equal "nothing counts as taken offline on purpose" "$(daemon_status .deliberately_offline)" "$deliberate"

hold "$3"
memhpctl eject "$device" --attempt-deadline 200ms --no-wait >"$output"
check "an eject that nobody waits for" says "left to memhpd as request"
check "is tried" wait_state "$1" offline 20
release "$held"
check "until the host has its DIMM back" gone "$dimm" 30
check "and is over" wait_until 10 requests_are 0
check "memhpd says so" daemon_logged "offline device:$device: 4 of 4 blocks .*; $device is ejected"
equal "it was no request of the host" "$(daemon_status .unplugs_asked)" 0
