#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The six events come as the kernel sends them: for an online, an offline, a vetoed online and a
# vetoed offline; every failure is followed by its end; and each record says what, where, for whom
# and for how long.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 2
need_memhp
need_module memory-notifier-error-inject
plan 28

leave_offline
plug 2 1
inject_load 0
module_load
# shellcheck disable=SC2086 # a list
set -- $blocks
block=$1

# Another block keeps the node in memory: node_* is not wanted here.
set_state "$2" online_movable

# try STATE: asks for it in a process of its own. Sets mark, result, asker, records.
try()
{
	mark=$(status seq)
	# shellcheck disable=SC2016 # for the other shell
	asker=$(sh -c '{ echo "$2" >"$1/state"; } 2>/dev/null; echo "$? $$"' sh \
		"$MEMORY/memory$block" "$1")
	result=${asker% *}
	asker=${asker#* }
	records=$(events "$mark")
}

# of EVENT KEY: a value of the record of that event.
of()
{
	value "$2" "$(echo "$records" | grep " event=$1 ")"
}

is_number()
{
	[ "$1" -ge 0 ] 2>/dev/null
}

try online_movable
equal "online succeeds" "$result" 0
equal "online: events" "$(names "$mark" "$block")" "going_online online"
check "online: duration" is_number "$(of online dur_us)"
equal "online: no duration at its beginning" "$(of going_online dur_us)" -
equal "online: stage and error" "$(of online stage) $(of online err)" "- 0"

equal "address" "$(of online addr)" "$(printf '0x%x' $((block * $(block_bytes))))"
equal "size" "$(of online size)" "$(block_bytes)"
equal "node" "$(of online nid)" "$(cd "$MEMORY/memory$block" && echo node[0-9]* | sed 's/node//')"
equal "zone" "$(of online zone)" Movable
equal "requester's pid" "$(of going_online pid) $(of online pid)" "$asker $asker"
equal "requester's name" "$(of online comm)" sh
equal "no work function" "$(of online work)" -

try offline
equal "offline: events" "$result: $(names "$mark" "$block")" "0: going_offline offline"
check "offline: duration" is_number "$(of offline dur_us)"

inject MEM_GOING_ONLINE 12
try online_movable
inject MEM_GOING_ONLINE 0
equal "vetoed online fails" "$result" 1
equal "vetoed online: events" "$(names "$mark" "$block")" \
	"going_online cancel_online online_failed"
equal "vetoed online: stage and error, as the notifier hears it" \
	"$(of cancel_online stage) $(of cancel_online err)" "notifier -"
equal "vetoed online: stage and error at the end" \
	"$(of online_failed stage) $(of online_failed err)" "notifier 12"
check "vetoed online: duration" is_number "$(of cancel_online dur_us)"
check "vetoed online: the end comes last" [ "$(of online_failed dur_us)" -ge \
	"$(of cancel_online dur_us)" ]
equal "vetoed online: requester" "$(of online_failed pid) $(of online_failed comm)" "$asker sh"
equal "vetoed online: place" "$(of online_failed nid) $(of online_failed zone)" \
	"$(of going_online nid) Movable"

set_state "$block" online_movable
inject MEM_GOING_OFFLINE 16
try offline
inject MEM_GOING_OFFLINE 0
equal "vetoed offline fails" "$result" 1
equal "vetoed offline: events" "$(names "$mark" "$block")" \
	"going_offline cancel_offline offline_failed"
equal "vetoed offline: stage and error" "$(of offline_failed stage) $(of offline_failed err)" \
	"notifier 16"

line=$(block_line "$block")
equal "outcomes are counted" \
	"$(for key in online offline cancel_online cancel_offline online_failed offline_failed; do
		echo "$line" | values $key
	done | tr '\n' ' ')" "2 1 1 1 1 1 "
equal "block: state and last failure" \
	"$(value state "$line") $(value stage "$line") $(value err "$line")" \
	"online notifier 16"
equal "block: time of the last failure" "$(value failed_ns "$line")" \
	"$(of offline_failed boot_ns)"
