#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Kernels from 6.17 ask a chain of its own before a node gains its first memory and before it loses its
# last. An objection there is told from one on the memory chain, and the node keeps its history.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
need_veto
grep -qw register_node_notifier /proc/kallsyms || skip_all "no node notifiers in this kernel"
case ",$(cat /sys/devices/system/node/has_memory)," in
*,1,* | *-*) skip_all "node 1 has memory already" ;;
esac
plan 21

leave_offline
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
block=$1

# request ACTION ANSWER STATE: sets seen: how the attempt ended, with stage, errno and what it did to
# the node.
request()
{
	mark=$(status seq)
	veto "$1" "$2"
	set_state "$block" "$3"
	veto "$1" 0
	seen=$(events "$mark" | grep -E " event=(online|offline)(_failed)? " |
		sed 's/.* event=\([^ ]*\) .* node_change=\([^ ]*\) .* stage=\([^ ]*\) err=\([^ ]*\) .*/\1 \3 \4 \2/')
}

# node KEY…: of node 1, in one line.
node()
{
	for key in "$@"; do
		grep "^nid=1 " "$MEMHP/nodes" | values "$key"
	done | tr '\n' ' '
}

module_load
veto_load 0
check "the test module is on the chain of nodes" veto_knows NODE_ADDING_FIRST_MEMORY

request NODE_ADDING_FIRST_MEMORY 12 online_movable
equal "first memory, objection behind us" "$seen" "online_failed node 12 -"
equal "the block is still offline" "$(value state "$(block_line "$block")")" offline
equal "the node has no memory" "$(node has_memory first_memory_ns last_memory_ns)" "0 - - "
request NODE_ADDING_FIRST_MEMORY bad online_movable
equal "without an errno" "$seen" "online_failed node 1 -"
# The answer to what has happened already is not asked for.
request NODE_ADDED_FIRST_MEMORY stop online_movable
equal "first memory" "$seen" "online - 0 first_memory"
first=$(events "$mark" | grep ' event=online ' | values boot_ns)
equal "the node has memory, since then" "$(node has_memory first_memory_ns last_memory_ns)" \
	"1 $first - "

request NODE_REMOVING_LAST_MEMORY 16 offline
equal "last memory, objection behind us" "$seen" "offline_failed node 16 -"
equal "the block is still online" "$(value state "$(block_line "$block")")" online
equal "the node still has memory" "$(node has_memory first_memory_ns last_memory_ns)" "1 $first - "
request MEM_GOING_OFFLINE 16 offline
equal "the node agrees, the memory chain does not" "$seen" "offline_failed notifier 16 -"
request NODE_REMOVING_LAST_MEMORY 0 offline
equal "last memory" "$seen" "offline - 0 last_memory"
last=$(events "$mark" | grep ' event=offline ' | values boot_ns)
equal "the node has none, since then" "$(node has_memory first_memory_ns last_memory_ns)" \
	"0 $first $last "
request MEM_GOING_ONLINE 12 online_movable
equal "first memory, the memory chain objects" "$seen" "online_failed notifier 12 -"
equal "failures of the node" "$(node online offline online_failed offline_failed)" "1 1 3 2 "

# A node that has other memory is not asked.
set_state "$2" online_movable
request NODE_ADDING_FIRST_MEMORY 12 online_movable
equal "more memory asks no node notifier" "$seen" "online - 0 -"
request NODE_REMOVING_LAST_MEMORY 16 offline
equal "less memory asks none either" "$seen" "offline - 0 -"
set_state "$2" offline

module_unload
veto_unload
veto_load 2147483647
module_load
request NODE_ADDING_FIRST_MEMORY 12 online_movable
equal "first memory, objection ahead of us" "$seen" "online_failed unknown 12 -"
set_state "$block" online_movable
request NODE_REMOVING_LAST_MEMORY 16 offline
equal "last memory, objection ahead of us" "$seen" "offline_failed unknown 16 -"
equal "the node still has memory" "$(node has_memory last_memory_ns)" "1 - "
request NODE_REMOVING_LAST_MEMORY stop offline
equal "last memory, the question is kept from us" "$seen" "offline - 0 last_memory"
