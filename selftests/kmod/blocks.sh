#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The file "blocks" agrees with sysfs: at load, after blocks were added, went online and offline, and
# were removed. A block that comes back has no history.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
plan 15

leave_offline
plug 3 1
# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$1" online_movable
set_state "$2" online_movable

# "number state node zone" of each block, node and zone of those that are online only.
of_sysfs()
{
	for number in $(block_numbers); do
		read_block "$number" state
		state=$content
		node=-
		zone=-
		if [ "$state" = online ]; then
			node=$(echo "$MEMORY/memory$number"/node[0-9]*)
			node=${node##*/node}
			read_block "$number" valid_zones
			[ "$content" = none ] || zone=$content
		fi
		echo "$number $state $node $zone"
	done
}

of_module()
{
	awk '{
		for (i = 1; i <= NF; i++) {
			at = index($i, "=")
			value[substr($i, 1, at - 1)] = substr($i, at + 1)
		}
		place = value["state"] == "online" ? value["nid"] " " value["zone"] : "- -"
		if (value["state"] != "gone")
			print value["block"], value["state"], place
	}' "$MEMHP/blocks"
}

module_load
equal "stock at load" "$(of_module)" "$(of_sysfs)"
equal "blocks known" "$(status blocks)" "$(block_numbers | wc -l)"
equal "blocks online" "$(status blocks_online)" "$(grep -lx online "$MEMORY"/memory*/state | wc -l)"
equal "memory of the boot" "$(value early "$(block_line 0)") $(value early "$(block_line "$1")")" "1 0"
equal "taking stock is no event" "$(status seq)" 0

set_state "$1" offline
set_state "$3" online_movable
equal "after changes" "$(of_module)" "$(of_sysfs)"
equal "time of the change" "$(value changed_ns "$(block_line "$3")")" \
	"$(events | grep ' event=online ' | values boot_ns)"

set_state "$2" offline
set_state "$3" offline
unplug "$dimm" || abort "the DIMM stays"
equal "removed blocks are gone" \
	"$(for number in "$@"; do value state "$(block_line "$number")"; done | sort -u)" gone
equal "nothing else is" "$(of_module)" "$(of_sysfs)"
equal "gone blocks are counted" "$(status blocks_gone) $(status blocks)" \
	"3 $(block_numbers | wc -l)"

old="$*"
plug 3 1
equal "a DIMM in the same place" "${blocks% }" "$old"
history()
{
	for number in "$@"; do
		block_line "$number" | sed 's/.* state=\([a-z]*\) .* failed_ns=-/\1/'
	done | sort -u
}
no_history="offline stage=- err=0 online=0 offline=0 cancel_online=0 cancel_offline=0"
no_history="$no_history online_failed=0 offline_failed=0"
# shellcheck disable=SC2086 # a list
equal "blocks without history" "$(history $old)" "$no_history"
set_state "$1" online_movable
equal "and a new one" "$(value online "$(block_line "$1")")" 1

# Nobody looks in between: the probe sees them go.
set_state "$1" offline
unplug "$dimm" || abort "the DIMM stays"
plug 3 1
# shellcheck disable=SC2086 # a list
equal "removed and back unseen" "$(history $old)" "$no_history"

# Somebody looks all the time: what is leaving keeps its history.
while :; do
	read -r _ <"$MEMHP/blocks"
done &
reader=$!
at_end "release $reader"
left=
for _ in 1 2 3; do
	set_state "$1" online_movable
	set_state "$1" offline
	unplug "$dimm" || abort "the DIMM stays"
	line=$(block_line "$1")
	left="$left$(value state "$line") $(value online "$line") $(value offline "$line"), "
	plug 3 1
done
release "$reader"
equal "removed while somebody looks" "$left" "gone 1 1, gone 1 1, gone 1 1, "
