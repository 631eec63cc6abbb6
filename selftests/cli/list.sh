#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl list and status agree with sysfs and with lsmem.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 12

columns=RANGE,SIZE,STATE,BLOCK,NODE,ZONES

# fields: words of a table, one blank between them.
fields()
{
	awk '{ $1 = $1; print }'
}

leave_offline
plug 4 1
# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$1" online_movable
set_state "$2" online_kernel
equal "the same as lsmem" "$(memhpctl list -b -o "$columns" | fields)" \
	"$(lsmem -b -r --summary=never -o "$columns")"
equal "the same as lsmem, block by block" \
	"$(memhpctl list --split -b -n -o "$columns",REMOVABLE | fields)" \
	"$(lsmem -a -b -n --summary=never -o "$columns",REMOVABLE | awk '{ print $0, NF < 7 ? "-" : "" }' | fields)"
equal "a line a block" "$(memhpctl list --split -o BLOCK | tail -n +2 | sed 's/^ *//')" \
	"$(block_numbers)"
equal "equal neighbours are one line" \
	"$(memhpctl list "$3-$4" -o BLOCK,STATE | tail -n +2 | awk '{ print $1, $2 }')" \
	"$3-$4 offline"
equal "as JSON every block" "$(memhpctl --json list | grep -c '"block":')" \
	"$(block_numbers | wc -l)"

equal "a map of its node: one online of each kind, two offline" \
	"$(COLUMNS=80 memhpctl map "$1-$4" | sed -n 's/^node 1  0x[0-9a-f]*  //p')" MNOO

bytes=$(block_bytes)
node1()
{
	memhpctl --json status | jq ".nodes[] | select(.node == 1) | .$1"
}
set_state "$3" online_movable
set_state "$4" online_movable
equal "status: movable of node 1" "$(node1 movable)" $((3 * bytes))
equal "status: kernel of node 1" "$(node1 kernel)" "$bytes"
check "status: no daemon, and what to do" sh -c \
	"memhpctl status | grep -q '^memhpd: not running (systemctl enable --now memhpd)'"

# It may not read where drivers put memory: only the age of the block tells.
equal "boot memory, to a user without privilege" \
	"$(setpriv --reuid 65534 --clear-groups memhpctl list "$(block_numbers | head -n 1)" \
		-o SOURCE | tail -n 1)" boot

module_load
set_state "$4" offline
equal "with the module: by whom" "$(memhpctl list "$4" -o BY | tail -n 1)" \
	"$(value comm "$(block_line "$4")")"
check "boot memory by the module's word" sh -c \
	"memhpctl list $(block_numbers | head -n 1) -o SOURCE | grep -qx boot"
