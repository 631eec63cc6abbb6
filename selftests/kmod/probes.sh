#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the probes add, mode by mode: without them (0) the notifiers' account is all there is, and the
# rest works; at the pages (2) failures before the pages have no record; a wrong mode is refused.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 2
need_memhp
need_module memory-notifier-error-inject
plan 18

leave_offline
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
block=$1
set_state "$2" online_movable
inject_load 0

# veto ACTION STATE: a request that fails. Sets seen: events, then stage and error of each.
veto()
{
	mark=$(status seq)
	inject "$1" 16
	set_state "$block" "$2" && diag "$2 was not vetoed"
	inject "$1" 0
	seen="$(names "$mark" "$block"):$(events "$mark" | awk '{
		sub(/.* stage=/, ""); sub(/ pid=.*/, ""); sub(/err=/, ""); printf " %s", $0 }')"
}

check "unknown mode: refused" sh -c '! modprobe memhp probes=3 2>/dev/null'
equal "unknown mode: not loaded" "$(module_loaded && echo loaded)" ""
check "unknown mode: the log says what is allowed" sh -c \
	"dmesg | grep -q 'memhp: probes=3: must be 0, 1 or 2'"

module_load_with probes=0
equal "without probes: status" "$(status probes) $(status probes_missed)" "0 0"
veto MEM_GOING_ONLINE online_movable
equal "without probes: vetoed online" "$seen" "going_online cancel_online: - 0 notifier -"
set_state "$block" online_movable
veto MEM_GOING_OFFLINE offline
equal "without probes: vetoed offline" "$seen" "going_offline cancel_offline: - 0 notifier -"
set_state "$block" offline
equal "without probes: successes" "$(status events_online) $(status events_offline)" "1 1"
equal "without probes: latency" \
	"$(grep 'result=\(ok\|notifier\)' "$MEMHP/latency" | values count | tr '\n' ' ')" "1 1 1 1 "
mark=$(status seq)
set_state 0 offline || :
equal "without probes: a failure that no notifier hears of" "$(events "$mark")" ""
module_unload

module_load_with probes=2
equal "at the pages: status" "$(status probes) $(status probes_missed)" "2 0"
veto MEM_GOING_ONLINE online_movable
equal "at the pages: vetoed online" "$seen" \
	"going_online cancel_online online_failed: - 0 notifier - notifier 16"
equal "at the pages: its place" "$(events "$mark" | values nid | sort -u)" \
	"$(cd "$MEMORY/memory$block" && echo node[0-9]* | sed 's/node//')"
set_state "$block" online_movable
veto MEM_GOING_OFFLINE offline
equal "at the pages: vetoed offline" "$seen" \
	"going_offline cancel_offline offline_failed: - 0 notifier - notifier 16"
module_unload

module_load
equal "by default: at the device" "$(status probes)" 1
veto MEM_GOING_OFFLINE offline
equal "by default: vetoed offline" "$seen" \
	"going_offline cancel_offline offline_failed: - 0 notifier - notifier 16"
set_state "$block" offline
equal "a success has one end" "$(names "$mark" "$block")" \
	"going_offline cancel_offline offline_failed going_offline offline"
# sysfs refuses this one itself: nothing was attempted.
mark=$(status seq)
set_state "$block" offline || :
equal "offline of what is offline is no attempt" "$(events "$mark")" ""
check "the probes go with the module" sh -c \
	"rmmod memhp && ! grep -q memory_subsys $DEBUGFS/kprobes/list"
