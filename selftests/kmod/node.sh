#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A node's first memory and its last are noted, at the operations that made the difference and at no
# other, and the file "nodes" agrees with the kernel.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
case ",$(cat /sys/devices/system/node/has_memory)," in
*,1,* | *-*) skip_all "node 1 has memory already" ;;
esac
plan 14

leave_offline
module_load
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks

# request BLOCK STATE: sets seen: its events, and what each says of the node.
request()
{
	mark=$(status seq)
	set_state "$1" "$2" || diag "memory$1 does not go $2"
	seen="$(names "$mark" "$1"): $(events "$mark" | values node_change | tr '\n' ' ')"
}

node_line()
{
	grep "^nid=1 " "$MEMHP/nodes"
}

# node KEY
node()
{
	node_line | values "$1"
}

equal "without memory at first" "$(node has_memory) $(node first_memory_ns)" "0 -"
request "$1" online_movable
equal "first block online" "$seen" "going_online online node_online: - first_memory - "
equal "it is the node's first memory" "$(node has_memory) $(node first_memory_ns)" \
	"1 $(events "$mark" | grep ' event=online ' | values boot_ns)"
equal "node of the records" "$(events "$mark" | values nid | sort -u)" 1
request "$2" online_movable
equal "second block online" "$seen" "going_online online: - - "
equal "pages of the zone" "$(node pages_movable)" \
	$((2 * $(block_bytes) / $(getconf PAGESIZE)))
equal "movable memory is not normal memory" "$(node has_normal_memory)" 0
request "$1" offline
equal "one of two blocks offline" "$seen" "going_offline offline: - - "
request "$2" offline
equal "last block offline" "$seen" "going_offline offline node_offline: - last_memory - "
equal "it was the node's last memory" "$(node has_memory) $(node last_memory_ns)" \
	"0 $(events "$mark" | grep ' event=offline ' | values boot_ns)"
request "$2" online_movable
equal "first memory again" "$seen" "going_online online node_online: - first_memory - "
equal "counts of the node" "$(node online) $(node offline)" "3 2"
equal "changes are counted" "$(status events_node_online) $(status events_node_offline)" "2 1"

module_unload
module_load
mark=$(status seq)
request "$2" offline
equal "last memory, loaded in between" "$seen" "going_offline offline node_offline: - last_memory - "
