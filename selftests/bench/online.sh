#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# How long a DIMM takes to get online, and what that costs. Takes a plan: a file with a line for each round,
# the contenders in their order; and the sizes of the DIMM in blocks. Contenders:
#
# auto		the kernel (auto_online_blocks), with a udevd that has no rule for memory
# kernel	memhpd in kernel mode
# daemon	memhpd in daemon mode
# rule		memhp's udev rule, without memhpd
# loop		a shell that writes to each block's state, see loop.sh
#
# Prints "samples CONTENDER SIZE:METRIC VALUE" (times in ns); what observe.c prints, and
#
# cpu		of all of userspace that has to do with it: udevd and its workers, memhpd, the shell
# own_cpu	the same without the attempts themselves, which are the kernel's work
# peak_bytes	of the memory of the same (cgroups)
# memhpd_own_cpu, memhpd_rss_bytes	memhpd alone: the same as own_cpu, and its peak resident

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

HERE=$(dirname "$0")
CGROUPS=/sys/fs/cgroup
UDEVD=$CGROUPS/system.slice/systemd-udevd.service
MEMHPD=$CGROUPS/system.slice/memhpd.service
LOOP=$CGROUPS/memhp-bench
NO_RULE=/run/udev/rules.d/80-memhp.rules

if [ ! -r "${1:-}" ] || [ $# -lt 2 ]; then
	abort "usage: online.sh PLAN SIZE…"
fi
plan_file=$1
shift
sizes=$*

# --- Contenders -----------------------------------------------------------------------------------

# set_up CONTENDER: with a fresh udevd, whose peak of memory begins anew.
set_up()
{
	set_auto_to=offline
	case $1 in
	kernel | daemon | rule) rm -f $NO_RULE ;;
	*) ln -sf /dev/null $NO_RULE ;;
	esac
	systemctl reset-failed systemd-udevd 2>/dev/null
	systemctl restart systemd-udevd || abort "udevd does not start"
	udevadm settle
	case $1 in
	auto) set_auto_to=online_movable ;;
	kernel | daemon)
		configure '[online]' "mode = \"$1\"" 'hard_ratio = "off"'
		daemon_start
		look
		;;
	rule) ;;
	loop)
		[ ! -d $LOOP ] || rmdir $LOOP
		mkdir $LOOP
		;;
	*) abort "no contender '$1'" ;;
	esac
	[ -e /run/memhpd/active ] || set_setting auto_online_blocks $set_auto_to
}

tear_down()
{
	systemctl stop memhpd
	set_setting auto_online_blocks offline
	memhpctl offline "${blocks%% *}-$last" >/dev/null || abort "the DIMM does not go offline"
	hotplug del-dimm "$dimm" || abort "the DIMM does not go"
	hotplug wait-gone "$dimm" 300 || abort "the DIMM stays"
	barrier
}

# --- What it costs --------------------------------------------------------------------------------

# cgroup_value DIR FILE KEY: the value behind a key, or all of a file of one value; 0 where it is not.
cgroup_value()
{
	[ -e "$1/$2" ] || { echo 0; return; }
	awk -v key="${3:-}" 'key == "" { print $1 } $1 == key { print $2 }' "$1/$2"
}

# cpu_ns DIR
cpu_ns()
{
	echo $(($(cgroup_value "$1" cpu.stat usage_usec) * 1000))
}

peak_bytes()
{
	cgroup_value "$1" memory.peak
}

# task_ns PID: on the processors so far.
task_ns()
{
	cut -d ' ' -f 1 "/proc/$1/schedstat"
}

attempts_ns()
{
	echo $(($(sed -n 's/^op=online result=ok .* sum_us=\([0-9]*\) .*/\1/p' "$MEMHP/latency") * 1000))
}

# sample METRIC VALUE
sample()
{
	echo "samples $contender $size:$1 $2"
}

# --- A measurement --------------------------------------------------------------------------------

# measure CONTENDER SIZE
measure()
{
	contender=$1
	size=$2
	set_up "$contender"
	plug_before=$(block_numbers)
	mib=$((size * $(block_bytes) >> 20))M
	udevd_before=$(cpu_ns $UDEVD)
	attempts_before=$(attempts_ns)
	case $contender in
	kernel | daemon)
		pid=$(daemon_pid)
		writer=$(writer_of "$pid")
		memhpd_before=$(cpu_ns $MEMHPD)
		main_before=$(task_ns "$pid")
		writer_before=$(task_ns "$writer")
		;;
	esac
	set -- hotplug add-dimm "$mib" --node 1
	[ "$contender" != loop ] || set -- "$HERE/loop.sh" $LOOP "$mib"
	"$HERE/observe" "$size" "$@" >"$seen" || abort "$contender: not all of the DIMM is online"
	dimm=$(grep ^dimm "$seen")
	blocks=$(new_blocks | tr '\n' ' ')
	last=${blocks% }
	last=${last##* }
	# What follows the last block belongs to it.
	udevadm settle --timeout=300
	sleep 2
	# shellcheck disable=SC2086 # a list
	all_movable $blocks || abort "$contender: the DIMM is $(zones_of $blocks)"
	sed -n "s/^\([a-z_]*\) \([0-9]*\)\$/samples $contender $size:\1 \2/p" "$seen"

	cpu=$(($(cpu_ns $UDEVD) - udevd_before))
	peak=$(peak_bytes $UDEVD)
	attempts=$(($(attempts_ns) - attempts_before))
	case $contender in
	auto) own=$cpu ;;
	rule) own=$((cpu - attempts)) ;;
	loop)
		cpu=$((cpu + $(cpu_ns $LOOP)))
		own=$((cpu - attempts))
		peak=$((peak + $(peak_bytes $LOOP)))
		;;
	kernel | daemon)
		[ "$(daemon_pid)" = "$pid" ] || abort "memhpd has died"
		wrote=$(($(task_ns "$writer") - writer_before))
		[ "$contender" = kernel ] || wrote=$((wrote > attempts ? wrote - attempts : 0))
		main=$(($(task_ns "$pid") - main_before + wrote))
		own=$((cpu + main))
		cpu=$((cpu + $(cpu_ns $MEMHPD) - memhpd_before))
		peak=$((peak + $(peak_bytes $MEMHPD)))
		sample memhpd_own_cpu "$main"
		sample memhpd_rss_bytes "$(($(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' \
			"/proc/$pid/status") * 1024))"
		;;
	esac
	sample cpu "$cpu"
	sample own_cpu "$own"
	sample peak_bytes "$peak"
	tear_down
}

need_root
need_hotplug
need_memhpd
need_memhp
[ "$(stat -f -c %T $CGROUPS)" = cgroup2fs ] || abort "no cgroup2"
[ -e $UDEVD/memory.peak ] || abort "no memory.peak: kernels before 5.19"

leave_offline
at_end "ln -sf /dev/null $NO_RULE"
seen=$(mktemp)
at_end "rm $seen"
module_load

number=0
while read -r contenders; do
	number=$((number + 1))
	echo "round $number"
	for contender in $contenders; do
		for size in $sizes; do
			measure "$contender" "$size"
		done
	done
done <"$plan_file"
