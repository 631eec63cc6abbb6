#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A virtio-mem device stops growing while 1 GiB waits to be onlined: it reaches 3 GiB because memhpd
# onlines its blocks as they come, and shrinks again, in several steps. What the host took back stays gone:
# over looks, SIGKILL and a restart of memhpd; and so does what somebody took offline of another device.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

# has_size BYTES
has_size()
{
	[ "$(hotplug virtio-mem-size)" = "$1" ]
}

need_root
need_hotplug
need_module virtio_mem
need_memhpd
plan 22

GIB=$((1 << 30))
set_auto_online offline
modprobe virtio_mem
daemon_start
before=$(block_numbers)
at_end "hotplug virtio-mem 0; wait_until 60 has_size 0"
hotplug virtio-mem 3G
check "grows to 3 GiB" wait_until 60 has_size $((3 * GIB))
look
blocks=$(block_numbers | grep -vxF "$before" | tr '\n' ' ')
# shellcheck disable=SC2086 # a list
check "all its blocks are movable" wait_until 20 all_movable $blocks
# shellcheck disable=SC2086 # a list
set -- $blocks
equal "source" "$(memhpctl list -o SOURCE "$1" | tail -n 1)" virtio-mem
check "device" sh -c "memhpctl list -o DEVICE $1 | grep -q '^virtio[0-9]'"

memhpctl offline "$1" 2>/dev/null
equal "memhpctl leaves them to the host" "$? $(block_state "$1")" "1 online"

# device_blocks: of the device, with their states.
device_blocks()
{
	for device_block in $(block_numbers | grep -vxF "$before" | grep -vxF "$others"); do
		echo "$device_block $(zone_of "$device_block")"
	done
}

# unchanged WHEN: after two looks the device is as before, and the other one too.
unchanged()
{
	look
	look
	equal "$1: the host's size" "$(hotplug virtio-mem-size)" "$size"
	equal "$1: the same blocks" "$(device_blocks)" "$blocks"
	equal "$1: the others offline" "$(zones_of "$first" "$second")" offline
}

# shrunk: the device has its new size, and what is left of it is known.
shrunk()
{
	# The last block goes after the size is told.
	barrier
	look
	blocks=$(device_blocks)
	equal "no block of it is offline" "$(echo "$blocks" | grep -c ' offline$')" 0
}

plug 2 1
others=$(echo "$blocks" | tr ' ' '\n')
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
first=$1
second=$2
set_state "$first" offline
memhpctl offline "$second" >/dev/null

no_restart
for step in 2G 1G; do
	hotplug virtio-mem $step
	size=$((${step%G} * GIB))
	check "shrinks to $step" wait_until 60 has_size $size
	shrunk
	unchanged "after looks"
done
daemon_kill
daemon_start
unchanged "after SIGKILL"
systemctl restart memhpd
unchanged "after a restart"

hotplug virtio-mem 2560M
check "grows again" wait_until 60 has_size $((2560 << 20))
