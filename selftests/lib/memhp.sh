# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Common functions of the tests, to be sourced: those here, about the module and what it shows, and those
# of tap.sh, memory.sh and faults.sh.

DEBUGFS=/sys/kernel/debug
MEMHP=$DEBUGFS/memhp
LIB=$(dirname "$0")/../lib

# shellcheck source-path=SCRIPTDIR source=../lib/tap.sh
. "$LIB/tap.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/memory.sh
. "$LIB/memory.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/faults.sh
. "$LIB/faults.sh"

need_root()
{
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
}

need_module()
{
	modprobe -n -q "$1" || skip_all "no module $1"
}

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

# value KEY LINE: the value in one line of key=value fields; nothing without that key.
value()
{
	value_rest=" $2 "
	case $value_rest in
	*" $1="*)
		value_rest=${value_rest#*" $1="}
		echo "${value_rest%% *}"
		;;
	esac
}

# names AFTER BLOCK: names of the events of a block after a number, in one line.
names()
{
	# shellcheck disable=SC2046,SC2005 # in one line
	echo $(events "$1" | grep " block=$2 " | values event)
}

# attempts_of N…: how many of these blocks' attempts onlined, offlined, failed: "4 0 0".
attempts_of()
{
	printf '%s\n' "$@" | awk '
		NR == FNR { wanted["block=" $1]; next }
		$1 in wanted {
			for (i = 2; i <= NF; i++) {
				split($i, field, "=")
				count[field[1]] += field[2]
			}
		}
		END {
			print count["online"] + 0, count["offline"] + 0,
				count["online_failed"] + count["offline_failed"] + 0
		}' - "$MEMHP/blocks"
}

# block_line N: of "blocks".
block_line()
{
	grep "^block=$1 " "$MEMHP/blocks"
}
