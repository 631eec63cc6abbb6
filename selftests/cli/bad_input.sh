#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Wrong input to memhpctl and memhpd gets one line that names the thing and the remedy, and the
# documented exit status; nothing is changed.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_memhpd
plan 52

tree=$(mktemp -d)
at_end "rm -rf $tree"
before=$(cat "$MEMORY"/memory*/state)

# refused STATUS PATTERN WORD…: memhpctl WORD… prints one line with the pattern.
refused()
{
	wanted=$1
	pattern=$2
	shift 2
	output=$(memhpctl "$@" 2>&1 </dev/null)
	equal "$*: exit status" "$?" "$wanted"
	if [ "$(echo "$output" | wc -l)" -eq 1 ] && echo "$output" | grep -q -- "$pattern"; then
		pass "$*: says what is wrong"
	else
		fail "$*: says what is wrong"
		diag "wanted one line with '$pattern', got: $output"
	fi
}

refused 1 'memory block 99999 does not exist; present: ' offline 99999
refused 1 'no memory block matches' offline zone:device
refused 2 'size 0 asks for nothing' offline 0G
refused 2 'upside down' offline 47-32
refused 2 'beyond the largest address' offline 9223372036854775808
refused 2 'beyond the largest address' offline 99999999999999999999999
refused 2 'is not a target' offline -- -5
refused 2 'is not a target' offline ''
refused 2 'is not a zone; zones are movable' offline zone:purple
refused 2 'is not a NUMA node' offline node:x
refused 1 'is no multiple of the memory block size' offline 1M
refused 1 'asked for, but only' offline 4096G
refused 2 'has an unknown unit' offline 1 --deadline 5x
refused 2 "no column 'FOO'; columns are RANGE" list -o foo
refused 2 'is not a NUMA node' plan add 1G --node x
refused 1 'this machine cannot have a node 99; it can have: 0, 1' plan add 1G --node 99
refused 2 '--source is acpi-dimm, virtio-mem' plan add 1G --source boot
refused 1 'is no multiple of the memory block size' plan add 1M
refused 1 'is more than 1048576 memory blocks' plan add 1000P
refused 1 'memory block 99999 does not exist; present: ' plan offline 99999
refused 1 'cuts a block in two' offline 0x1000-0x1fff
refused 1 'No such file or directory' list --sysroot /does/not/exist
refused 1 'this kernel has no memory hotplug' list --sysroot "$tree"

mkdir -p "$tree/sys/devices/system/memory" "$tree/sys/kernel/debug/memhp"
echo 8000000 >"$tree/sys/devices/system/memory/block_size_bytes"
echo 99 >"$tree/sys/kernel/debug/memhp/abi"
refused 1 "speaks ABI '99', this program ABI 1" events --sysroot "$tree"

equal "nothing was changed" "$(cat "$MEMORY"/memory*/state)" "$before"

# A daemon whose configuration is broken still onlines, says so, and offlines nothing.
configure '[online]' 'action = "mvoable"'
daemon_start
check "memhpd names file, line, column and the allowed values" wait_until 10 daemon_logged \
	'memhpd.toml:2:10: action: must be "movable", "kernel"'
output=$(memhpctl offline 1 2>&1)
equal "and refuses to offline" "$? $(echo "$output" | grep -c 'takes nothing offline')" "1 1"
memhpd --log-level loud >/dev/null 2>&1
equal "memhpd with a wrong option" "$?" 2
