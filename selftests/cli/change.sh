#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl online and offline without the daemon: by every kind of target, dry runs that change
# nothing, exit statuses, and a list of what stayed and why.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 19

leave_offline
plug 4 1
# shellcheck disable=SC2086 # a list
set -- $blocks
bytes=$(block_bytes)
output=$(mktemp)
at_end "rm -f $output"

# states: of the four blocks.
states()
{
	for one in $blocks; do
		zone_of "$one"
	done | tr '\n' ' '
}

memhpctl online node:1 --dry-run >"$output"
equal "a dry run" "$? $(states)" "0 offline offline offline offline "
tells "names the order" "would online 4 blocks .* in this order: $1 $3 $4 $2" "$output"
check "online by node" memhpctl online node:1
equal "movable" "$(states)" "Movable Movable Movable Movable "
check "again: nothing to do" sh -c "memhpctl online node:1 | grep -q 'online before: 4 blocks: $1-$4'"

check "offline a size, of the zone" memhpctl offline "$((2 * bytes >> 20))M" zone:movable
equal "the upper half went" "$(states)" "Movable Movable offline offline "
check "online by address, into the kernel's zone" \
	memhpctl online "$(printf '0x%x-0x%x' $(($3 * bytes)) $(($4 * bytes + bytes - 1)))" --zone kernel
equal "Normal" "$(states)" "Movable Movable Normal Normal "
check "offline by blocks" memhpctl offline "memory$1,$2-$4"
equal "all offline" "$(states)" "offline offline offline offline "
device=$(memhpctl list -o DEVICE "$1" | tail -n 1)
check "online by device, by the kernel's choice" memhpctl online "device:$device" --zone auto
memhpctl --json offline "device:$device" >"$output"
equal "offline by device, as JSON" "$? $(states)" "0 offline offline offline offline "
check "which names the blocks" sh -c "tr -d ' \n' <$output | grep -q '\"done\":\[$1,$2,$3,$4\]'"

memhpctl online "$1-$2" >/dev/null
inject_load 0 || abort "no memory-notifier-error-inject"
inject MEM_GOING_OFFLINE 16
memhpctl offline "$1" --deadline 3s >"$output" 2>&1
equal "a veto until the deadline: failed" "$? $(zone_of "$1")" "1 Movable"
tells "with the reason" "block $1: Device or resource busy.*attempts" "$output"
inject MEM_GOING_OFFLINE 0

# The lowest blocks of node 0 hold the kernel itself.
own=$(block_numbers | head -n 1)
memhpctl offline "$own,$1" --deadline 20s >"$output" 2>&1
equal "partly done" "$? $(zone_of "$1") $(block_state "$own")" "64 offline online"
tells "names what stayed" "memhpctl: block $own: " "$output"

memhpctl offline all </dev/null >"$output" 2>&1
equal "all needs --yes" "$? $(block_state "$2")" "1 online"
