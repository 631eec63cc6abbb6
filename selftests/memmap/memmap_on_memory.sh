#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# With memory_hotplug.memmap_on_memory the pages of a block begin behind its memmap; records and state
# are of the whole block all the same.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
case $(cat /sys/module/memory_hotplug/parameters/memmap_on_memory 2>/dev/null) in
Y | force) ;;
*) skip_all "not booted with memory_hotplug.memmap_on_memory=1" ;;
esac
plan 6

leave_offline
module_load
# A DIMM of one block each: before 6.7 only such ones can hold their memmap.
plug 1 1
first=${blocks% }
plug 1 1
set -- "$first" "${blocks% }"
set_state "$2" online_movable
mark=$(status seq)
set_state "$1" online_movable
line=$(events "$mark" | grep ' event=online ')
equal "block, address, size" \
	"$(value block "$line") $(value addr "$line") $(value size "$line")" \
	"$1 $(printf '0x%x' $(($1 * $(block_bytes)))) $(block_bytes)"
check "the memmap is in the block" \
	[ "$(sed -n 's/.*MemTotal: *\([0-9]*\) kB/\1/p' /sys/devices/system/node/node1/meminfo)" -lt \
	$((2 * $(block_bytes) / 1024)) ]
equal "both are online" "$(value state "$(block_line "$1")") $(value state "$(block_line "$2")")" \
	"online online"
module_unload
module_load
equal "stock at load" \
	"$(value state "$(block_line "$1")") $(value zone "$(block_line "$1")")" "online Movable"
set_state "$1" offline
equal "offline" "$(value state "$(block_line "$1")")" offline
equal "no other block was touched" "$(value offline "$(block_line "$2")")" 0
