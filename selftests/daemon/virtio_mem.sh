#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A virtio-mem device stops growing while 1 GiB waits to be onlined: it reaches 3 GiB because memhpd
# onlines its blocks as they come, and shrinks again, and what the host took back stays gone.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
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
plan 7

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

hotplug virtio-mem 1G
check "shrinks to 1 GiB" wait_until 60 has_size "$GIB"
hotplug virtio-mem 2G
check "grows again" wait_until 60 has_size $((2 * GIB))
