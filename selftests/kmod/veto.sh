#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a notifier ahead of ours can do to the record: it keeps the end or the beginning of an operation
# from us (NOTIFY_STOP), and objects where we cannot see it. Every attempt still ends in one record.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 2
need_memhp
need_veto
plan 18

leave_offline
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
block=$1

# Another block keeps the node in memory: nobody else should miss a change of the node.
set_state "$2" online_movable

# answer ACTION ANSWER STATE: a request during which the action gets that answer. Sets seen: the events
# that end an attempt, with stage and errno; known: whether each has a duration; given: how often the
# action got its answer.
answer()
{
	mark=$(status seq)
	veto "$1" "$2"
	set_state "$block" "$3"
	given=$(sed -n "s/^$1 .*given=//p" "$VETO")
	veto "$1" 0
	ends=$(events "$mark" | grep -E " event=(online|offline)(_failed)? ")
	seen=$(echo "$ends" | sed 's/.* event=\([a-z_]*\) .* \(stage=[^ ]* err=[^ ]*\) .*/\1 \2/')
	known=$(value dur_us "$ends" | sed 's/^[0-9][0-9]*$/known/')
}

veto_load 2147483647
module_load

answer MEM_ONLINE stop online_movable
equal "an online whose end is kept from us" "$seen $given" "online stage=- err=0 1"
equal "its duration" "$known" known
equal "the block is online" "$(value state "$(block_line "$block")")" online
answer MEM_OFFLINE stop offline
equal "an offline whose end is kept from us" "$seen $given" "offline stage=- err=0 1"
equal "the block is offline" "$(value state "$(block_line "$block")")" offline

answer MEM_GOING_ONLINE stop online_movable
equal "an online whose beginning is kept from us" "$seen $given" "online stage=- err=0 1"
equal "its duration" "$known" known
answer MEM_GOING_OFFLINE stop offline
equal "an offline whose beginning is kept from us" "$seen $given" "offline stage=- err=0 1"

answer MEM_GOING_ONLINE 12 online_movable
equal "an online, objection ahead of us" "$seen $given" "online_failed stage=unknown err=12 1"
set_state "$block" online_movable
answer MEM_GOING_OFFLINE bad offline
equal "an offline, objection ahead of us without an errno" "$seen $given" \
	"offline_failed stage=unknown err=1 1"
equal "the block is online" "$(value state "$(block_line "$block")")" online
set_state "$block" offline

module_unload
veto_unload
module_load
veto_load 0
answer MEM_GOING_ONLINE bad online_movable
equal "an online, objection behind us" "$seen $given" "online_failed stage=notifier err=1 1"
set_state "$block" online_movable
answer MEM_GOING_OFFLINE 16 offline
equal "an offline, objection behind us" "$seen $given" "offline_failed stage=notifier err=16 1"
answer MEM_OFFLINE 16 offline
equal "an objection that comes too late" "$seen $given" "offline stage=- err=0 1"

if veto_knows MEM_PREPARE_ONLINE; then
	answer MEM_PREPARE_ONLINE 12 online_movable
	equal "an online, objection before it begins" "$seen $given" \
		"online_failed stage=notifier err=12 1"
else
	skip "no MEM_PREPARE_ONLINE in this kernel"
fi

line=$(block_line "$block")
equal "outcomes of the block" "$(value online "$line") $(value offline "$line")" "1 1"
equal "its failures are counted" "$(value online_failed "$line")" \
	"$(status events_online_failed)"
equal "and those of its offlines" "$(value offline_failed "$line")" \
	"$(status events_offline_failed)"
