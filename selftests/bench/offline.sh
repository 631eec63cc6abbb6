#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# How memory is given back. Takes a plan: a file with a line for each round, the contenders in their order;
# how many blocks of a machine in use are asked for; and sizes of an idle DIMM in blocks. Contenders:
#
# chmem		chmem -d
# daemon	memhpctl offline, carried out by memhpd
# direct	memhpctl offline without memhpd
# writes	nothing but the writes to state, in memhpctl's order; of the idle DIMM only
#
# Prints "samples CONTENDER WHERE:BLOCKS:METRIC VALUE" (times in ns) of
#
# idle:…	an idle DIMM as large as what is asked for. took
# loaded:…	a machine of which 60 % is in use, see plug_loaded and load_up. took; missing_bytes; failed (attempts);
#		walk_alone and walk_beside, see beside.c
# unplug:…	no blocks here but seconds: for so long a page is held after the kernel has given up an
#		unplug; daemon only. to_deleted, from its release to the host's DEVICE_DELETED

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

HERE=$(dirname "$0")
INODES=/run/memhp-bench
CACHE=/var/tmp/memhp-bench
# Of the memory that is there at boot the loaded machine has so much; the rest is put aside.
BOOT_MIB=2048
WALK_MIB=128
HUGE=/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages

if [ ! -r "${1:-}" ] || [ $# -lt 3 ]; then
	abort "usage: offline.sh PLAN BLOCKS SIZE…"
fi
plan_file=$1
asked=$2
shift 2
sizes=$*

# --- Contenders -----------------------------------------------------------------------------------

# set_up CONTENDER: when everything is online that is to go.
set_up()
{
	case $1 in
	daemon)
		daemon_start
		look
		;;
	writes)
		# shellcheck disable=SC2086 # a list
		memhpctl --json offline $blocks --dry-run | jq -r '.order[]' >"$seen.order"
		;;
	chmem | direct) ;;
	*) abort "no contender '$1'" ;;
	esac
}

# give_back CONTENDER BLOCKS SECONDS WALK_MIB [OPTION…]: leaves what beside says in the file $seen. The options
# are memhpctl's.
give_back()
{
	give_who=$1
	give_mib=$(($2 * $(block_bytes) >> 20))
	give_seconds=$3
	give_walk=$4
	shift 4
	case $give_who in
	chmem) "$HERE/beside" "$give_walk" timeout "$give_seconds" chmem -d "${give_mib}m" ;;
	writes) "$HERE/beside" "$give_walk" "$HERE/writes" offline <"$seen.order" ;;
	*) "$HERE/beside" "$give_walk" memhpctl offline "${give_mib}M" --deadline "${give_seconds}s" "$@" ;;
	esac >"$seen"
}

# sample METRIC VALUE
sample()
{
	echo "samples $contender $where:$1 $2"
}

# What beside has said.
timings()
{
	sed -n "s/^\([a-z_]*\) \([0-9]*\)\$/samples $contender $where:\1 \2/p" "$seen"
}

# each_round COMMAND ARGUMENT…: with each contender of each round behind.
each_round()
{
	number=0
	while read -r contenders; do
		number=$((number + 1))
		echo "round $number"
		for contender in $contenders; do
			"$@" "$contender"
		done
	done <"$plan_file"
}

# --- Idle -----------------------------------------------------------------------------------------

# idle BLOCKS CONTENDER: of the DIMM of plug_dimm, which is offline.
idle()
{
	where=idle:$1
	# shellcheck disable=SC2086 # a list
	memhpctl online $blocks --zone movable >/dev/null || abort "the DIMM does not get online"
	set_up "$2"
	give_back "$2" "$1" 600 0 || abort "$2: not all of an idle DIMM goes offline"
	timings
	systemctl stop memhpd
	# shellcheck disable=SC2086 # a list
	[ "$(zones_of $blocks)" = offline ] || abort "$2 has taken other memory offline"
}

# --- Unplug ---------------------------------------------------------------------------------------

# unplug_held SECONDS CONTENDER: the others have nothing that would take over.
unplug_held()
{
	[ "$2" = daemon ] || return 0
	where=unplug:$1
	daemon_start
	plug_dimm 4 1
	# shellcheck disable=SC2086 # a list
	wait_until 20 all_movable $blocks || abort "the DIMM is not online"
	# shellcheck disable=SC2086 # a list
	set -- "$1" $blocks
	hold "$3"
	hotplug del-dimm "$dimm" || abort "the host does not ask"
	wait_until 30 told 130 || abort "the kernel does not give up"
	sleep "$1"
	release "$held"
	"$HERE/beside" 0 hotplug wait-gone "$dimm" 300 >"$seen" || abort "the DIMM stays"
	sed -n "s/^took/samples $contender $where:to_deleted/p" "$seen"
	barrier
	systemctl stop memhpd
}

# --- Loaded ---------------------------------------------------------------------------------------

# meminfo KEY: in MiB.
meminfo()
{
	awk -v key="$1:" '$1 == key { print int($2 / 1024) }' /proc/meminfo
}

# plug_loaded: a DIMM on node 0, by a quarter larger than what is asked for, a tenth of it in kernel zones; in
# each of those blocks is slab.
plug_loaded()
{
	plug_dimm $((asked + asked / 4)) 0
	before=$(block_numbers)
	aside=$((($(meminfo MemTotal) - BOOT_MIB) / 2))
	[ $aside -gt 0 ] || aside=0
	at_end "echo $(cat $HUGE) >$HUGE"
	# Nearly all that is free, so that slab has to go to the blocks that come then.
	echo $((($(meminfo MemFree) - 48) / 2)) >$HUGE
	mkdir $INODES
	mount -t tmpfs -o nr_inodes=0 tmpfs $INODES || abort "no tmpfs"
	at_end "umount $INODES; rmdir $INODES"
	plug_count=0
	for plug_block in $blocks; do
		plug_count=$((plug_count + 1))
		[ $((plug_count % 10)) -eq 5 ] || continue
		set_state "$plug_block" online_kernel || abort "memory$plug_block does not get online"
		"$HERE/load" inodes "$INODES/$plug_block" 64000 || abort "no slab"
	done
	echo $aside >$HUGE
	for plug_block in $blocks; do
		in_state "$plug_block" online || set_state "$plug_block" online_movable ||
			abort "memory$plug_block does not get online"
	done
	zones=$(for plug_block in $before; do
		echo "$plug_block $(zone_of "$plug_block")"
	done)
	mkfifo "$seen.ready"
	loader=
	at_end load_down
}

# load_up: a fifth of all memory is anonymous, of the process $loader, which holds an eighth as many pages as there
# are blocks to go; and page cache: all is full of it, then 40 % of all are free again, here and there.
load_up()
{
	load_mib=$(($(meminfo MemTotal) - aside * 2))
	"$HERE/load" anon $((load_mib / 5 - WALK_MIB)) $(((asked + 7) / 8)) >"$seen.ready" &
	loader=$!
	read -r load_word <"$seen.ready"
	[ "$load_word" = ready ] || abort "no anonymous memory"
	load_free=$(meminfo MemFree)
	load_file=$((load_free - 64))
	truncate -s ${load_file}M $CACHE
	"$HERE/load" cache $CACHE $((100 - load_mib * 40 / load_file)) || abort "no page cache"
	diag "loaded: $load_mib MiB, of which $(meminfo MemFree) are free"
}

load_down()
{
	[ -z "$loader" ] || release "$loader"
	loader=
	rm -f $CACHE
}

# put_back: what went comes back into its zone.
put_back()
{
	echo "$zones" | while read -r back_block back_zone; do
		in_state "$back_block" offline || continue
		case $back_zone in
		Movable) set_state "$back_block" online_movable ;;
		*) set_state "$back_block" online_kernel ;;
		esac || diag "memory$back_block does not come back"
	done
}

offline_blocks()
{
	for offline_one in $before; do
		! in_state "$offline_one" offline || echo "$offline_one"
	done | wc -l
}

# loaded CONTENDER
loaded()
{
	[ "$1" != writes ] || return 0
	where=loaded:$asked
	load_up
	set_up "$1"
	failed=$(status events_offline_failed)
	kill -USR1 "$loader"
	# chmem leaves the machine nothing either.
	give_back "$1" "$asked" $((30 + 2 * asked)) $WALK_MIB --min-free 0 2>"$seen.said"
	diag "$1 ends with $? and says: $(tail -n 3 "$seen.said" | tr '\n' ';')"
	load_down
	timings
	sample missing_bytes $(((asked - $(offline_blocks)) * $(block_bytes)))
	sample failed $(($(status events_offline_failed) - failed))
	systemctl stop memhpd
	put_back
}

need_root
need_hotplug
need_memhpd
need_memhp
command -v chmem >/dev/null || abort "no chmem"

leave_offline
seen=$(mktemp)
at_end "rm -f $seen $seen.*"
module_load_with abortable=1
[ -n "$(status events_offline_failed)" ] || abort "the module does not count"
# Its workers would run beside, on two processors, and for long after a fast contender is done.
at_end "systemctl start systemd-udevd"
systemctl -q stop 'systemd-udevd*'
for size in $sizes; do
	plug_dimm "$size" 1
	each_round idle "$size"
	unplug "$dimm" || abort "the DIMM stays"
done
systemctl start systemd-udevd
each_round unplug_held 1
each_round unplug_held 10
plug_loaded
each_round loaded
