# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Common functions of the tests, to be sourced: results as TAP, memory blocks, the module, memory
# plugged in from outside. Whatever a function here changes is put back when the test ends.

MEMORY=/sys/devices/system/memory
DEBUGFS=/sys/kernel/debug
MEMHP=$DEBUGFS/memhp
INJECT=$DEBUGFS/notifier-error-inject/memory/actions

# --- Results --------------------------------------------------------------------------------------

tap_planned=0
tap_count=0
tap_failed=0

# plan N: how many checks will follow. A test that makes fewer or more of them has failed.
plan()
{
	tap_planned=$1
	echo "TAP version 13"
	echo "1..$1"
}

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count $*"
}

fail()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count $*"
}

# check DESCRIPTION COMMAND…: the command succeeds.
check()
{
	check_what=$1
	shift
	if "$@"; then
		pass "$check_what"
	else
		fail "$check_what"
		diag "failed: $*"
	fi
}

# equal DESCRIPTION GOT WANTED
equal()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1"
		diag "wanted: $3"
		diag "   got: $2"
	fi
}

# skip REASON: one check that cannot be made here.
skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count # SKIP $*"
}

skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	tap_planned=0
	tap_count=0
	exit 4
}

# The test cannot go on.
abort()
{
	diag "$*"
	exit 1
}

# --- The end of a test ----------------------------------------------------------------------------

undo=

# at_end COMMAND: run at the end, the latest first.
at_end()
{
	undo="$1
$undo"
}

memhp_end()
{
	end_status=$?
	trap '' INT TERM HUP
	eval "$undo"
	if [ "$end_status" -eq 0 ] && [ "$tap_count" -ne "$tap_planned" ]; then
		diag "$tap_planned checks planned, $tap_count made"
		end_status=1
	fi
	if [ "$end_status" -eq 0 ] && [ "$tap_failed" -ne 0 ]; then
		end_status=1
	fi
	trap - EXIT
	exit "$end_status"
}

trap memhp_end EXIT
trap 'exit 1' INT TERM HUP

# --- Waiting --------------------------------------------------------------------------------------

# wait_until SECONDS COMMAND…: looks until the command succeeds; fails when the time is over.
wait_until()
{
	wait_end=$(($(date +%s) + $1))
	shift
	while ! "$@"; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep 0.05
	done
}

# --- What a test needs ----------------------------------------------------------------------------

need_root()
{
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
}

need_hotplug()
{
	command -v hotplug >/dev/null || skip_all "no command hotplug to plug in memory with"
	hotplug available || skip_all "no host to plug in memory"
}

# online_movable_blocks: numbers of the online blocks in zone Movable, ascending, one a line.
online_movable_blocks()
{
	for movable_block in $(block_numbers); do
		if in_state "$movable_block" online &&
			[ "$(cat "$MEMORY/memory$movable_block/valid_zones")" = Movable ]; then
			echo "$movable_block"
		fi
	done
}

borrowing=

# need_blocks COUNT: for a test that takes any memory. Without a host, plug() borrows that many of the
# machine's own movable blocks, until the end of the test.
need_blocks()
{
	if command -v hotplug >/dev/null && hotplug available 2>/dev/null; then
		return
	fi
	[ "$(online_movable_blocks | wc -l)" -ge "$1" ] ||
		skip_all "no host to plug in memory, and no $1 movable blocks to borrow"
	borrowing=yes
}

need_module()
{
	modprobe -n -q "$1" || skip_all "no module $1"
}

# --- Memory blocks --------------------------------------------------------------------------------

block_bytes()
{
	echo $((0x$(cat "$MEMORY/block_size_bytes")))
}

# Numbers of all memory blocks, ascending, one a line.
block_numbers()
{
	for number_dir in "$MEMORY"/memory[0-9]*; do
		echo "${number_dir##*/memory}"
	done | sort -n
}

# block_state N
block_state()
{
	cat "$MEMORY/memory$1/state" 2>/dev/null
}

# set_state N STATE: online, online_movable, online_kernel, offline. Quiet about a failure.
set_state()
{
	{ echo "$2" >"$MEMORY/memory$1/state"; } 2>/dev/null
}

in_state()
{
	[ "$(block_state "$1")" = "$2" ]
}

# wait_state N STATE [SECONDS]
wait_state()
{
	wait_until "${3:-10}" in_state "$1" "$2"
}

# barrier: returns when a hotplug operation that runs is over. The write takes the hotplug lock, and
# then fails because the block is online.
barrier()
{
	for barrier_block in $(block_numbers); do
		if in_state "$barrier_block" online; then
			set_state "$barrier_block" online || :
			return
		fi
	done
}

# --- Memory from outside --------------------------------------------------------------------------

# Sets auto_online_blocks until the end of the test.
set_auto_online()
{
	at_end "put_back_auto_online $(cat "$MEMORY/auto_online_blocks")"
	echo "$1" >"$MEMORY/auto_online_blocks"
}

# A memhpd that runs would put right what is written now, and put back at its end what it found.
put_back_auto_online()
{
	put_back_daemon=
	if systemctl -q is-active memhpd 2>/dev/null; then
		put_back_daemon=yes
		systemctl stop memhpd
	fi
	echo "$1" >"$MEMORY/auto_online_blocks"
	[ -z "$put_back_daemon" ] || systemctl start memhpd
}

# leave_offline: until the end of the test nobody onlines new memory: not the kernel, not memhpd, and
# no udev rule. A link to nothing in /run takes the place of a rule of the same name in /usr/lib.
leave_offline()
{
	if systemctl -q is-active memhpd 2>/dev/null; then
		at_end "systemctl start memhpd"
		systemctl stop memhpd
	fi
	set_auto_online offline
	command -v udevadm >/dev/null || return 0
	at_end "udevadm control --reload"
	mkdir -p /run/udev/rules.d
	for rule in /usr/lib/udev/rules.d/*.rules; do
		grep -q 'ATTR{state}="online' "$rule" || continue
		rule=/run/udev/rules.d/${rule##*/}
		[ ! -e "$rule" ] || continue
		ln -s /dev/null "$rule"
		at_end "rm $rule"
	done
	# Events of now are not handled by the rules of later.
	at_end "udevadm settle"
	udevadm control --reload
}

new_blocks()
{
	block_numbers | grep -vxF "$plug_before"
}

plug_complete()
{
	[ "$(new_blocks | wc -l)" -eq "$plug_count" ]
}

# borrow COUNT: takes the highest movable blocks of this machine offline. Sets blocks.
borrow()
{
	blocks=$(online_movable_blocks | tail -n "$1" | tr '\n' ' ')
	for borrowed_block in $blocks; do
		at_end "set_state $borrowed_block online_movable"
		# An offline can take for ever, and ends at a signal.
		timeout 30 sh -c "echo offline >$MEMORY/memory$borrowed_block/state" ||
			abort "memory$borrowed_block does not go offline, so it cannot be borrowed"
	done
	at_end "offline_all $blocks"
}

# plug_dimm COUNT NODE: a DIMM of COUNT blocks, which stays. Sets dimm and blocks, a list of their numbers.
plug_dimm()
{
	plug_count=$1
	plug_before=$(block_numbers)
	dimm=$(hotplug add-dimm $(($1 * $(block_bytes) >> 20))M --node "$2") || abort "no DIMM"
	wait_until 20 plug_complete || abort "the blocks of $dimm did not appear"
	barrier
	blocks=$(new_blocks | tr '\n' ' ')
}

# plug COUNT NODE: the same until the end of the test, or blocks that are borrowed.
plug()
{
	if [ -n "$borrowing" ]; then
		borrow "$1"
		return
	fi
	plug_dimm "$1" "$2"
	at_end "unplug $dimm"
	at_end "offline_all $blocks"
}

offline_all()
{
	for offline_block in "$@"; do
		[ -d "$MEMORY/memory$offline_block" ] || continue
		in_state "$offline_block" offline || set_state "$offline_block" offline ||
			diag "memory$offline_block stays $(block_state "$offline_block")"
	done
}

unplugged=

# unplug DIMM: takes out a DIMM whose blocks are offline.
unplug()
{
	case " $unplugged " in
	*" $1 "*) return 0 ;;
	esac
	hotplug del-dimm "$1" && hotplug wait-gone "$1" 20 || return 1
	unplugged="$unplugged $1"
	barrier
}

# --- Failing notifiers ----------------------------------------------------------------------------

# inject_load PRIORITY: loads the notifier that fails on demand.
inject_load()
{
	at_end inject_unload
	modprobe memory-notifier-error-inject "priority=$1"
}

inject_unload()
{
	modprobe -q -r memory-notifier-error-inject 2>/dev/null || :
}

# inject ACTION ERRNO: 0 ends it.
inject()
{
	echo "-$2" >"$INJECT/$1/error"
}

# --- Vetoes ---------------------------------------------------------------------------------------

VETO=/sys/module/memhp_veto/parameters/veto
VETO_KO=$(dirname "$0")/../kmod/memhp_veto.ko

need_veto()
{
	[ -f "$VETO_KO" ] || skip_all "no test module $VETO_KO"
}

# veto_load PRIORITY: loads the notifier that objects to any action; 2147483647 is the highest.
veto_load()
{
	at_end veto_unload
	insmod "$VETO_KO" "priority=$1"
}

veto_unload()
{
	[ ! -d /sys/module/memhp_veto ] || rmmod memhp_veto
}

# veto_knows ACTION: whether this kernel has it.
veto_knows()
{
	grep -q "^$1 " "$VETO"
}

# veto ACTION ANSWER: an errno, "bad" or "stop"; 0 ends it.
veto()
{
	echo "$1 $2" >"$VETO"
}

# --- The module -----------------------------------------------------------------------------------

module_load()
{
	# shellcheck disable=SC2119 # no parameter
	module_load_with
}

# module_load_with PARAMETER…. MEMHP_KO is the module's file, if it is not installed.
# shellcheck disable=SC2120 # the tests give some
module_load_with()
{
	at_end module_unload
	if [ -n "${MEMHP_KO:-}" ]; then
		insmod "$MEMHP_KO" "$@"
	else
		modprobe memhp "$@"
	fi
}

module_loaded()
{
	[ -d /sys/module/memhp ]
}

module_unload()
{
	! module_loaded || rmmod memhp
}

# need_memhp: the module is here and not in use by someone else; it is not loaded afterwards.
need_memhp()
{
	[ -n "${MEMHP_KO:-}" ] || need_module memhp
	mountpoint -q "$DEBUGFS" || mount -t debugfs debugfs "$DEBUGFS" || skip_all "no debugfs"
	module_unload || skip_all "the module is in use"
}

# status KEY
status()
{
	sed -n "s/^$1=//p" "$MEMHP/status"
}

# events [AFTER]: the records that are there, those after number AFTER if given.
events()
{
	dd if="$MEMHP/events" iflag=nonblock bs=512 2>/dev/null |
		awk -v after="${1:-0}" '{ split($1, seq, "=") } seq[1] != "seq" || seq[2] > after + 0'
}

# values KEY: of lines of key=value fields, one value a line.
values()
{
	awk -v key="$1=" '{
		for (i = 1; i <= NF; i++)
			if (index($i, key) == 1)
				print substr($i, length(key) + 1)
	}'
}

# names AFTER BLOCK: names of the events of a block after a number, in one line.
names()
{
	events "$1" | grep " block=$2 " | values event | tr '\n' ' ' | sed 's/ $//'
}

# block_line N: of "blocks".
block_line()
{
	grep "^block=$1 " "$MEMHP/blocks"
}
