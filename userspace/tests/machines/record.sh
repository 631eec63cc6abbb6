#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Prints what memhp reads of the machine on which it runs, for a file beside this one: run it as root
# with the module loaded, and as somebody else for a machine that hides its addresses.
#
#   path = content       a file of one line
#   path += line         another line of a file
#   path -> target       a symbolic link
#
# {A-B} in a path stands for each of the numbers, {} behind it for the same one.

cd / || exit 1
memory=sys/devices/system/memory
module=sys/kernel/debug/memhp

# line FILE: all of it in one line
line()
{
	[ -r "$1" ] && printf '%s = %s\n' "$1" "$(cat "$1")"
}

# lines FILE
lines()
{
	[ -r "$1" ] && sed "s|^|$1 += |" "$1"
}

# numbered: merges lines "before after number operator value" that differ in the number alone.
numbered()
{
	sort -t '|' -k 1,2 -k 3n | awk -F '|' '
		function flush() {
			if (count)
				print before "{" first "-" last "}" after, value
			count = 0
		}
		{
			if (count && ($1 != before || $2 != after || $4 != value || $3 != last + 1))
				flush()
			if (!count++)
				first = $3
			before = $1; after = $2; last = $3; value = $4
		}
		END { flush() }'
}

echo "# $(uname -srm), recorded by $(id -un)"
line $memory/block_size_bytes
line $memory/auto_online_blocks
for block in "$memory"/memory[0-9]*; do
	number=${block##*/memory}
	for file in state valid_zones; do
		[ -r "$block/$file" ] &&
			echo "$memory/memory|/$file|$number|= $(cat "$block/$file")"
	done
	[ -h "$block/firmware_node" ] &&
		echo "$memory/memory|/firmware_node|$number|-> $(readlink "$block/firmware_node")"
	for link in sys/devices/system/node/node[0-9]*/memory"$number"; do
		[ -h "$link" ] && echo "${link%"$number"}||$number|-> ../../memory/memory{}"
	done
done | numbered
lines proc/iomem
if [ -r $module/abi ]; then
	line $module/abi
	lines $module/status
	lines $module/blocks
fi
:
