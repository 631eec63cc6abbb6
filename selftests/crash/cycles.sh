#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A DIMM that comes and goes again and again leaves nothing behind: not in the firmware's memory map, the
# direct map, the nodes, nor in the kernel's memory. LONG=1: 100 times instead of 10.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 8

COUNT=10
[ "${LONG:-}" != 1 ] || COUNT=100
BLOCKS=4
# Pages of kernel memory that may be gone: the memmap of one block is 512 of them. The first is for what
# comes and goes anyway.
MAY_DIFFER=256
MAY_GROW=8 # a cycle

# What grows only once (caches of the kernel, of systemd) has done so after these.
WARM_UP=2

comes()
{
	plug_dimm $BLOCKS 1
	# shellcheck disable=SC2086 # a list
	wait_until 20 all_movable $blocks || abort "the DIMM is not online"
}

cycle()
{
	comes
	unplug "$dimm" || abort "the DIMM stays"
}

# firmware: its memory map, as the kernel has it.
firmware()
{
	grep -r . /sys/firmware/memmap | sort
}

# directmap: KiB that the kernel has mapped.
directmap()
{
	awk '/^DirectMap/ { sum += $2 } END { print sum }' /proc/meminfo
}

# nodes: what there is of each node, its links to memory blocks among it.
nodes()
{
	ls /sys/devices/system/node /sys/devices/system/node/node*
	grep . /sys/devices/system/node/has_memory /sys/devices/system/node/has_normal_memory \
		/sys/devices/system/node/online
}

blocks_offline()
{
	grep -lx offline "$MEMORY"/memory*/state | wc -l
}

# kernel_pages: that the kernel has for itself: all but what is free (some of it in lists of each CPU),
# belongs to processes or files, or could be had back.
kernel_pages()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk -v "page=$(getconf PAGESIZE)" '
		/^MemTotal:/ { pages += $2 * 1024 / page }
		/^(MemFree|Buffers|Cached|SwapCached|AnonPages|SReclaimable):/ { pages -= $2 * 1024 / page }
		$1 == "count:" { pages -= $2 }
		END { printf "%d\n", pages }' /proc/meminfo /proc/zoneinfo
}

set_auto_online offline
daemon_start
for _ in $(seq $WARM_UP); do
	cycle
done
memmap=$(firmware)
direct=$(directmap)
node_files=$(nodes)
count=$(block_numbers | wc -l)
offline=$(blocks_offline)
pages=$(kernel_pages)
comes
# Its memmap takes 64 bytes a page.
check "a DIMM is seen in the kernel's memory" \
	[ $(($(kernel_pages) - pages)) -gt $((BLOCKS * $(block_bytes) * 9 / (10 * 4096 * 64))) ]
unplug "$dimm" || abort "the DIMM stays"
for _ in $(seq $COUNT); do
	cycle
done
grown=$(($(kernel_pages) - pages))
diag "$COUNT cycles: the kernel has $grown pages more than its $pages"
equal "the firmware's memory map" "$(firmware)" "$memmap"
equal "the direct map" "$(directmap)" "$direct"
equal "the nodes and their links" "$(nodes)" "$node_files"
equal "the memory blocks" "$(block_numbers | wc -l) $(blocks_offline)" "$count $offline"
check "the kernel's own memory" [ $grown -le $((MAY_DIFFER + COUNT * MAY_GROW)) ]
equal "memhpd has onlined each once" "$(daemon_value onlined)" $(((WARM_UP + 1 + COUNT) * BLOCKS))
equal "and nothing is pending" "$(daemon_status '"\(.unplugs | length) \(.requests | length)"')" "0 0"
