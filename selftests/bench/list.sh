#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# How long it takes to list the memory of a machine with 131072 blocks, a tree in memory. Contenders are
# lsmem and memhpctl; metrics, in ns:
#   list   with the columns that each shows by itself; memhpctl has more of them
#   same   with the columns that both have
# usage: list.sh PLAN, see selftests/vm/bench.py. MEMHPCTL names the program, TMPDIR a place in memory.

here=$(dirname "$0")
columns=RANGE,SIZE,STATE,BLOCK,NODE,ZONES
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' INT TERM HUP

"$here/machine" "$tree" || exit 1
[ "$("$MEMHPCTL" --sysroot "$tree" list -n -b -o "$columns" | awk '{ $1 = $1; print }')" = \
	"$(lsmem --sysroot "$tree" -n -b -r --summary=never -o "$columns")" ] || {
	echo "they do not say the same"
	exit 1
}
number=0
while read -r order; do
	number=$((number + 1))
	echo "round $number"
	for contender in $order; do
		case $contender in
		lsmem)
			list=$("$here/timed" lsmem --sysroot "$tree") &&
				same=$("$here/timed" lsmem --sysroot "$tree" -o "$columns") || exit 1
			;;
		memhpctl)
			list=$("$here/timed" "$MEMHPCTL" --sysroot "$tree" list) &&
				same=$("$here/timed" "$MEMHPCTL" --sysroot "$tree" list -o "$columns") ||
				exit 1
			;;
		esac
		echo "samples $contender list $list"
		echo "samples $contender same $same"
	done
done <"$1"
