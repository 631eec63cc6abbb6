#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the module costs. Takes a plan: a file with a line for each round, the contenders in their
# order. A contender is none, empty (a module with notifiers that do nothing), or memhp, with
# parameters of the module behind colons. Prints "samples CONTENDER METRIC VALUE…".
#
# online, offline (ns)	an attempt, with nothing but the contender loaded
# refused (ns)		an attempt that the kernel refuses at once. No notifier hears of it, but
#			probes see it begin and end: they are all that can make it slower
# first:…, last:… (ns)	around the callbacks at the two ends of the chain
# probe:… (ns)		around the handlers of probes, and a probe by itself; see calls/
# block_bytes		for each block tracked, as the allocator gave it
# tree_bytes		for each block, its share of the tree in which it is found
# ring_bytes		for a ring of the default size

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

CYCLES=50
CALLS=20
HERE=$(dirname "$0")
TRACEFS=/sys/kernel/tracing
KMALLOC=events/kmem/kmalloc
CACHE_ALLOC=events/kmem/kmem_cache_alloc

[ -r "${1:-}" ] || abort "usage: kmod.sh PLAN"
PLAN=$1

# load CONTENDER: without a module one is loaded all the same, and goes again. What a load leaves
# behind is then the same for all.
load()
{
	load_name=${1%%:*}
	load_parameters=$(echo "${1#"$load_name"}" | tr : ' ')
	case $load_name in
	none) insmod "$HERE/memhp_empty.ko" && rmmod memhp_empty ;;
	empty) insmod "$HERE/memhp_empty.ko" ;;
	memhp)
		# shellcheck disable=SC2086 # a list
		modprobe memhp $load_parameters
		;;
	*) abort "no contender '$1'" ;;
	esac || abort "$1 cannot be loaded"
}

unload()
{
	for unload_module in memhp memhp_empty memhp_calls; do
		[ ! -d "/sys/module/$unload_module" ] || rmmod "$unload_module" || return 1
	done
}

# samples CONTENDER: gives lines "METRIC VALUE…" the contender's name.
samples()
{
	sed "s/^/samples $1 /"
}

# attempts COUNT BLOCK [REFUSING]: the times are left in the file $times.
attempts()
{
	"$HERE/attempts" "$@" >"$times" || abort "an attempt did not end as it should"
}

operations()
{
	load "$1"
	attempts "$CYCLES" "$block"
	samples "$1" <"$times"
	unload || abort "$1 cannot be unloaded"
}

# The refused attempts are made here, each between operations: in a loop of their own they would find
# all that they need in the caches.
callbacks()
{
	insmod "$HERE/memhp_calls.ko" || abort "memhp_calls cannot be loaded"
	load "$1"
	attempts 1 "$block" "$refusing"
	echo 1 >/sys/module/memhp_calls/parameters/close
	attempts "$CALLS" "$block" "$refusing"
	grep ^refused "$times" | samples "$1"
	samples "$1" <"$DEBUGFS/memhp_calls"
	unload || abort "$1 cannot be unloaded"
}

# What the kernel has allocated, in bytes: pages of the slab allocator, which large buffers come
# from too, and of vmalloc.
kernel_bytes()
{
	# Folds what each CPU has counted for itself.
	cat /proc/sys/vm/stat_refresh
	awk -v page="$(getconf PAGESIZE)" '
		$1 == "nr_slab_unreclaimable" { bytes += $2 * page }
		$1 == "VmallocUsed:" { bytes += $2 * 1024 }
		END { printf "%.0f\n", bytes }' /proc/vmstat /proc/meminfo
}

# ring_load PARAMETER…: what a load with these takes; sets taken.
ring_load()
{
	taken=$(kernel_bytes)
	modprobe memhp "$@" || abort "memhp cannot be loaded"
	taken=$(($(kernel_bytes) - taken))
	unload || abort "memhp cannot be unloaded"
}

trace_allocations()
{
	echo "$1" >"$TRACEFS/$KMALLOC/enable"
	echo "$1" >"$TRACEFS/$CACHE_ALLOC/enable"
}

# The blocks, and the nodes of the tree that finds them, which are allocated between the first block
# and the last. Left in $times.
tracked()
{
	: >"$TRACEFS/trace"
	trace_allocations 1
	# shellcheck disable=SC2016 # for the inner shell, which becomes modprobe
	sh -c 'echo $$ >"$1/set_event_pid"; exec modprobe memhp' trace "$TRACEFS" ||
		abort "memhp cannot be loaded"
	trace_allocations 0
	echo >"$TRACEFS/set_event_pid"
	awk '
		function allocated() {
			match($0, /bytes_alloc=[0-9]+/)
			return substr($0, RSTART + 12, RLENGTH - 12)
		}
		/ call_site=memhp_block_get[.+]/ {
			bytes += allocated()
			blocks++
			tree += node
			node = 0
		}
		/ call_site=(__)?xas_/ && blocks { node += allocated() }
		END {
			if (!blocks)
				exit 1
			printf "block_bytes %.2f\ntree_bytes %.2f\n", bytes / blocks, tree / blocks
		}
	' "$TRACEFS/trace" >"$times" || abort "no block was seen to be allocated"
	unload || abort "memhp cannot be unloaded"
}

memory()
{
	ring_load ring=1
	small=$taken
	ring_load
	echo "ring_bytes $((taken - small))" | samples "$1"
	tracked
	samples "$1" <"$times"
}

need_root
need_hotplug
need_memhp
mountpoint -q "$TRACEFS" || mount -t tracefs tracefs "$TRACEFS" || abort "no tracefs"

leave_offline
# Its workers would run beside the operations.
at_end "systemctl start systemd-udevd"
systemctl -q stop 'systemd-udevd*'
# An offline waits for work on every processor, and so for the host to run each of them: on one alone
# the times depend less on what else the host does.
for cpu in /sys/devices/system/cpu/cpu[0-9]*/online; do
	at_end "echo $(cat "$cpu") >$cpu"
	echo 0 >"$cpu"
done
times=$(mktemp)
at_end "rm $times"
plug 32 1
# shellcheck disable=SC2086 # a list
set -- $blocks
block=$2
# The node keeps some memory: its first and last block are a rare case, and a slow one.
set_state "$1" online_movable || abort "memory$1 does not go online"
for refusing in $(block_numbers); do
	[ "$(cat "$MEMORY/memory$refusing/valid_zones")" != none ] || break
done
in_state "$refusing" online || abort "no online block of several zones"
at_end unload
attempts "$CYCLES" "$block" "$refusing"

number=0
while read -r contenders; do
	number=$((number + 1))
	echo "round $number"
	for contender in $contenders; do
		operations "$contender"
		callbacks "$contender"
		[ "$contender" != memhp ] || memory "$contender"
	done
done <"$PLAN"
