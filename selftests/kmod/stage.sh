#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The stage and the error of a failure: a veto behind our first notifier (notifier), a veto before it
# (unknown), an offline that was ended by a signal while pages would not move (migrate), and those
# that no notifier hears of (isolate, check).

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 2
need_memhp
need_module memory-notifier-error-inject
plan 19

leave_offline
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
block=$1
set_state "$2" online_movable

# veto ACTION STATE: a request that fails. Sets outcome: events, and stage, error and duration of
# the last of them.
veto()
{
	mark=$(status seq)
	inject "$1" 16
	set_state "$block" "$2" && diag "$2 was not vetoed"
	inject "$1" 0
	last=$(events "$mark" | tail -n 1)
	outcome="$(names "$mark" "$block"): $(value stage "$last")"
	outcome="$outcome $(value err "$last")"
	known=$(value dur_us "$last" | sed 's/[0-9][0-9]*/known/')
}

inject_load 0
module_load
veto MEM_GOING_ONLINE online_movable
equal "online, veto after us" "$outcome" \
	"going_online cancel_online online_failed: notifier 16"
equal "its duration" "$known" known
set_state "$block" online_movable
veto MEM_GOING_OFFLINE offline
equal "offline, veto after us" "$outcome" \
	"going_offline cancel_offline offline_failed: notifier 16"
equal "the block is online" "$(value state "$(block_line "$block")")" online
set_state "$block" offline
module_unload
inject_unload

# Of the highest priority like ours, but there before us.
inject_load 2147483647
module_load
veto MEM_GOING_ONLINE online_movable
equal "online, veto before us" "$outcome" "cancel_online online_failed: unknown 16"
equal "its duration is known all the same" "$known" known
set_state "$block" online_movable
veto MEM_GOING_OFFLINE offline
equal "offline, veto before us" "$outcome" \
	"cancel_offline offline_failed: unknown 16"
equal "the block is still online" "$(value state "$(block_line "$block")")" online
inject_unload

hold "$block"
equal "the page held is in the block" "$(value block "$held_pages")" "$block"

op_is()
{
	[ "$(status op)" = "$1" ]
}

mark=$(status seq)
sh -c "echo offline >$MEMORY/memory$block/state" 2>/dev/null &
writer=$!
at_end "kill $writer 2>/dev/null"
wait_until 20 op_is going_offline || abort "the offline did not begin"
equal "status: the operation that runs" \
	"$(status op_block) $(status op_pid) $(status op_comm) $(status op_work)" \
	"$block $writer sh -"
kill -TERM "$writer"
wait "$writer"
last=$(events "$mark" | tail -n 1)
equal "offline ended by a signal" "$(names "$mark" "$block"): $(value stage "$last")" \
	"going_offline cancel_offline offline_failed: migrate"
equal "its error" "$(value err "$last")" 4
equal "no operation runs any more" "$(status op)" ""
release "$held"

# failing BLOCK: asks to take it offline. Sets said, the error by the system's name for it, and last,
# its records without going_* and cancel_*. An offline that goes on and on, as one may in a zone of
# the kernel, is ended by a signal: said is empty then.
failing()
{
	mark=$(status seq)
	said=$(printf offline |
		LC_ALL=C timeout 5 dd "of=$MEMORY/memory$1/state" 2>&1 >/dev/null |
		sed -n 's/.*: //;1p')
	last=$(events "$mark" | grep " block=$1 ")
}

# A block of the boot with pages of the kernel: among the highest is where the boot allocates.
for unmovable in $(block_numbers | sort -rn); do
	[ "$(value early "$(block_line "$unmovable")")" = 1 ] || continue
	failing "$unmovable"
	case $said in
	*busy*) break ;;
	esac
	set_state "$unmovable" online
done
equal "an unmovable page: the kernel's error" "$said" "Device or resource busy"
equal "an unmovable page" "$(value event "$last") $(value stage "$last")" \
	"offline_failed isolate"
equal "its error and place" "$(value err "$last") $(value nid "$last")" "16 0"
equal "the block is online and knows" \
	"$(block_line "$unmovable" | sed 's/.* state=\([a-z]*\) .* stage=\([a-z]*\) err=\([0-9]*\).*/\1 \2 \3/')" \
	"online isolate 16"

several=
for number in $(block_numbers); do
	if read_block "$number" valid_zones && [ "$content" = none ]; then
		several=$number
		break
	fi
done
if [ -n "$several" ]; then
	failing "$several"
	equal "a block of several zones" \
		"$said: $(value event "$last") $(value stage "$last") $(value err "$last")" \
		"Invalid argument: offline_failed check 22"
else
	skip "no block of several zones"
fi
equal "nothing was missed" "$(status probes) $(status probes_missed)" "1 0"
