#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The truth test: hundreds of random operations by several writers, objections, interrupted offlines,
# the module coming and going. Then its account is compared, operation by operation, with what others
# saw who know nothing of it: the kernel's tracing, uevents, and sysfs.
#
# TRUTH_SEED repeats the requests of a run; LONG=1 makes ten times as many. TRUTH_LOGS names a directory
# in which to leave everything that was compared.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
need_veto
tracefs=/sys/kernel/tracing
[ -d $tracefs/events ] || mount -t tracefs tracefs $tracefs || skip_all "no tracefs"
[ -f $tracefs/kprobe_events ] || skip_all "no kprobe events"
plan 25

here=$(dirname "$0")
operations=400
[ "${LONG:-}" != 1 ] || operations=4000
seed=${TRUTH_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
diag "TRUTH_SEED=$seed, $operations operations"
logs=${TRUTH_LOGS:-$(mktemp -d)}
mkdir -p "$logs"
[ -n "${TRUTH_LOGS:-}" ] || at_end "rm -rf $logs"

# --- Memory -------------------------------------------------------------------------------------

leave_offline
boot_blocks=$(block_numbers | sort -rn)
# A block in a kernel zone may never go offline again, so that this DIMM stays.
plug_dimm 4 0
kernel=$blocks
plug 4 1
node1=$blocks
plug 9 0
# shellcheck disable=SC2086 # a list
set -- $blocks
stuck=$1
shift
node0=$*

# With no other movable memory on its node the page held is where it should be.
set_state "$stuck" online_movable || abort "memory$stuck does not go online"
hold "$stuck"

# Of the memory of the boot: a block with pages that cannot move (the boot allocates among the highest),
# and one in several zones, if there is one.
busy=
zones=
for number in $boot_blocks; do
	if read_block "$number" valid_zones && [ "$content" = none ]; then
		zones=$number
	elif [ -z "$busy" ] && in_state "$number" online; then
		# The kernel's word for EBUSY.
		printf offline | LC_ALL=C dd "of=$MEMORY/memory$number/state" 2>"$logs/said" &&
			set_state "$number" online
		grep -q "resource busy" "$logs/said" && busy=$number
	fi
done
[ -n "$busy" ] || abort "every block of the boot goes offline"

# blocks_now: state and node of every block.
blocks_now()
{
	for number in $(block_numbers); do
		node=$(cd "$MEMORY/memory$number" && echo node[0-9]*)
		echo "block=$number state=$(block_state "$number") node=${node#node}"
	done
}

# --- Witnesses ----------------------------------------------------------------------------------

# A new instance takes over record-cmd, which makes the scheduler be patched for every task switch. The
# probes have the name of the task themselves.
instance=$tracefs/instances/memhp_truth
record_cmd=$(cat "$tracefs/options/record-cmd")
echo 0 >"$tracefs/options/record-cmd"
mkdir "$instance" || abort "no instance of the trace"
at_end "rmdir $instance"
echo "$record_cmd" >"$tracefs/options/record-cmd"
echo boot >"$instance/trace_clock"
echo 8192 >"$instance/buffer_size_kb"

# The name of the block's kobject, the first member of its device: no offset depends on the kernel.
at_end "echo '-:memhp_truth/' >>$tracefs/kprobe_events"
for what in online offline; do
	# shellcheck disable=SC2016 # for the kernel
	{
		echo "p:memhp_truth/${what}_begin memory_subsys_$what" \
			'block=+0(+0($arg1)):string comm=$comm'
		echo "r:memhp_truth/${what}_end memory_subsys_$what" 'err=$retval:s32'
	} | while read -r probe; do
		echo "$probe" >>"$tracefs/kprobe_events"
	done || abort "no probe of memory_subsys_$what"
done
echo 1 >"$instance/events/memhp_truth/enable" || abort "the probes cannot be enabled"
at_end "echo 0 >$instance/events/memhp_truth/enable"

"$here/truth_witness" "$logs/uevents" >"$logs/listening" &
witness=$!
at_end "kill $witness 2>/dev/null"
wait_until 10 grep -q listening "$logs/listening" || abort "no uevents"

# --- The run ------------------------------------------------------------------------------------

at_end veto_unload
at_end module_unload
blocks_now >"$logs/before"
check "the load ran to its end" "$here/truth_load" --directory "$logs" --seed "$seed" \
	--operations "$operations" --veto "$VETO_KO" --node0 "$node0" --node1 "$node1" \
	--kernel "$kernel" --held "$stuck" --busy "$busy" --zones "$zones"
blocks_now >"$logs/after"
kill "$witness"
wait "$witness"
echo 0 >"$instance/events/memhp_truth/enable"
cat "$instance/trace" >"$logs/trace"

equal "the trace has room for everything" \
	"$(sed -n 's/^\(overrun\|dropped events\): //p' "$instance"/per_cpu/cpu*/stats | sort -u)" 0
equal "no probe of the trace missed a call" \
	"$(awk '/(on|off)line_(begin|end)/ { print $NF }' "$tracefs/kprobe_profile" | sort -u)" 0
tells "the trace has something to say" "online_begin:" "$logs/trace"

"$here/truth_compare" "$logs" >"$logs/comparison"
while read -r verdict text; do
	case $verdict in
	pass) pass "$text" ;;
	fail) fail "$text" ;;
	*) echo "$verdict $text" ;;
	esac
done <"$logs/comparison"
