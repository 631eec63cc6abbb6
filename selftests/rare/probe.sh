#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl probe on a kernel that has the file: memory of which the kernel was not told is found, and is
# memory like any other; what is no address, or not free, changes nothing and is said.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
command -v memhpctl >/dev/null || skip_all "memhpctl is not installed"
[ -e "$MEMORY/probe" ] || skip_all "this kernel has no file probe"

# The first block behind what the kernel knows of the memory below 4 GiB, and how it is named.
block=$(((2 << 30) / $(block_bytes)))
at=$(printf 0x%x $((block * $(block_bytes))))
[ ! -d "$MEMORY/memory$block" ] || skip_all "the kernel knows all memory; boot it with mem=2G"
plan 17

output=$(mktemp)
at_end "rm -f $output"

# refused STATUS PATTERN ADDRESS: one line with the pattern, and nothing has come.
refused()
{
	memhpctl probe "$3" >"$output" 2>&1
	equal "probe '$3'" "$? $(wc -l <"$output") $(block_numbers | wc -l)" "$1 1 $known"
	check "... says why" grep -q -- "$2" "$output" || diag "$(cat "$output")"
}

# Each call takes a second on an emulated debug kernel: what is no number is for the unit tests.
leave_offline
known=$(block_numbers | wc -l)
refused 2 "is no multiple of 128M, the size of a block here; $at is" "$(printf 0x%x $((at + 4096)))"
refused 1 'memory block 1 at 0x8000000 is there already' 0x8000000
# The interrupt controllers and the firmware are there.
refused 1 '0xf8000000 is taken by something else; /proc/iomem says by what' 0xf8000000
refused 1 'beyond what this kernel can address' 0xfffffffff8000000
setpriv --reuid 65534 --clear-groups memhpctl probe "$at" >"$output" 2>&1
equal "without privilege" "$? $(cat "$output")" "1 memhpctl: changing memory needs root; run it with sudo"
equal "nothing has come" "$(block_numbers | wc -l)" "$known"

equal "memory is found" "$(memhpctl probe "$at")" "added memory block $block at $at, 128M"
equal "... one block of it, offline" "$(block_numbers | wc -l) $(block_state "$block")" "$((known + 1)) offline"
known=$((known + 1))
refused 1 "memory block $block at $at is there already" "$at"
before=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
memhpctl online "$block" --zone movable >/dev/null
equal "it can be used" "$? $(cat "$MEMORY/memory$block/valid_zones")" "0 Movable"
after=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
equal "... all of it" "$((after - before))" "$(($(block_bytes) >> 10))"
memhpctl offline "$block" >/dev/null
equal "and given back" "$? $(block_state "$block")" "0 offline"
