# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Memory blocks, and memory plugged in from outside, to be sourced by memhp.sh. Whatever a function here
# changes is put back when the test ends.

MEMORY=/sys/devices/system/memory

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

# read_block N FILE: sets content to the line in a file of a block; fails when there is none. These
# functions are called often, and a process is slow on an emulated debug kernel: they start none.
read_block()
{
	content=
	{ read -r content <"$MEMORY/memory$1/$2"; } 2>/dev/null
}

# block_state N
block_state()
{
	! read_block "$1" state || echo "$content"
}

# set_state N STATE: online, online_movable, online_kernel, offline. Quiet about a failure.
set_state()
{
	{ echo "$2" >"$MEMORY/memory$1/state"; } 2>/dev/null
}

in_state()
{
	read_block "$1" state && [ "$content" = "$2" ]
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

# online_movable_blocks: numbers of the online blocks in zone Movable, ascending, one a line.
online_movable_blocks()
{
	for movable_block in $(block_numbers); do
		if in_state "$movable_block" online && read_block "$movable_block" valid_zones &&
			[ "$content" = Movable ]; then
			echo "$movable_block"
		fi
	done
}

# --- Memory from outside --------------------------------------------------------------------------

need_hotplug()
{
	command -v hotplug >/dev/null || skip_all "no command hotplug to plug in memory with"
	hotplug available || skip_all "no host to plug in memory"
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
	[ -e /run/udev/control ] || return 0
	at_end "udevadm control --reload"
	mkdir -p /run/udev/rules.d
	# shellcheck disable=SC2013 # names without blanks
	for rule in $(grep -l 'ATTR{state}="online' /usr/lib/udev/rules.d/*.rules); do
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
	wait_until 120 plug_complete || abort "the blocks of $dimm did not appear"
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
	hotplug del-dimm "$1" && gone "$1" 20
}

# gone DIMM SECONDS: the host gets back what it has asked for.
gone()
{
	hotplug wait-gone "$1" "$2" || return 1
	unplugged="$unplugged $1"
	barrier
}

# --- Pages that cannot move -----------------------------------------------------------------------

# hold N…: a process that holds a page of each of the (online, movable) blocks. Sets held to its
# process number, and held_pages to a line of key=value for each.
hold()
{
	hold_output=$(mktemp)
	at_end "rm -f $hold_output"
	"$LIB/holdpage" "$@" >"$hold_output" &
	held=$!
	at_end "release $held"
	wait_until 60 grep -q '^held ' "$hold_output" || abort "no page of block $* could be held"
	# shellcheck disable=SC2034 # for the tests
	held_pages=$(cat "$hold_output")
}

# release PID: lets go of the pages.
release()
{
	kill "$1" 2>/dev/null && wait "$1" 2>/dev/null
	:
}

# --- Pages in use ---------------------------------------------------------------------------------

# use KIND NODE MIB: a process that uses so much memory of the node, of a kind that usepages.c knows. Sets
# user to its process number, and used to the numbers of the blocks in which the memory lies.
use()
{
	use_output=$(mktemp)
	at_end "rm -f $use_output"
	"$LIB/usepages" "$@" >"$use_output" &
	user=$!
	at_end "release $user"
	wait_until 60 grep -q '^using ' "$use_output" || abort "no memory to be had: usepages $*"
	# shellcheck disable=SC2034 # for the tests
	used=$(sed -n 's/^using blocks=//p' "$use_output" | tr , ' ')
}

# intact PID: ends the process of use(); fails unless its memory holds what it wrote.
intact()
{
	kill "$1" && wait "$1"
}
