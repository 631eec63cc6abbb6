#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# How long it takes to list the memory of a machine with 131072 blocks, a tree in memory. Contenders are
# lsmem and memhpctl; metrics, in ns:
#   list   with the columns that each shows by itself; memhpctl has more of them
#   same   with the columns that both have
#   status what memhpctl says with a memhpd that knows the machine, a sample each call
#   status_worst  the longest of these in a round
# usage: list.sh PLAN, see selftests/vm/bench.py. MEMHPCTL and MEMHPD name the programs, TMPDIR a place
# in memory.

here=$(dirname "$0")
columns=RANGE,SIZE,STATE,BLOCK,NODE,ZONES
calls=20
daemon=
tree=$(mktemp -d) || exit 1

tidy()
{
	if [ -n "$daemon" ]; then
		kill "$daemon"
		wait
	fi
	rm -rf "$tree"
}
trap tidy EXIT
trap 'exit 1' INT TERM HUP

"$here/machine" "$tree" || exit 1
[ "$("$MEMHPCTL" --sysroot "$tree" list -n -b -o "$columns" | awk '{ $1 = $1; print }')" = \
	"$(lsmem --sysroot "$tree" -n -b -r --summary=never -o "$columns")" ] || {
	echo "they do not say the same"
	exit 1
}
# status: what memhpctl says of it.
status()
{
	"$MEMHPCTL" --sysroot "$tree" status --json
}

mkdir "$tree/run"
echo 'online.action = "offline"' >"$tree/memhpd.toml"
"$MEMHPD" --sysroot "$tree" --config "$tree/memhpd.toml" --log-level warning &
daemon=$!
# READY comes before the first look; what that found is saved.
until [ -e "$tree/run/memhp/state.json" ]; do
	kill -0 "$daemon" || exit 1
	sleep 0.1
done
if ! status | grep -q '"blocks": 131072' || ! status | grep -q '"verified_ms_ago"'; then
	echo "memhpd does not tell the status"
	exit 1
fi
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
			each=
			for _ in $(seq "$calls"); do
				each="$each $("$here/timed" "$MEMHPCTL" --sysroot "$tree" status)" ||
					exit 1
			done
			echo "samples $contender status$each"
			echo "samples $contender status_worst" \
				"$(echo "$each" | tr ' ' '\n' | sort -n | tail -n 1)"
			;;
		esac
		echo "samples $contender list $list"
		echo "samples $contender same $same"
	done
done <"$1"
