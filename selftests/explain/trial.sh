#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl offline --trial: one real attempt that is put back, with the kernel's own reason and the owner
# of the page, by memhpctl alone and by memhpd. Dynamic debug is as it was before. It is refused where a
# block could not come back as it was.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/explain.sh
. "$LIB/explain.sh"

need_root
need_explain
need_hotplug
need_memhp
need_module memory-notifier-error-inject
plan 22

leave_offline
plug 3 1
# shellcheck disable=SC2086 # a list
set -- $blocks

control=/proc/dynamic_debug/control
debug()
{
	grep 'offline_pages =' $control
}
debug_before=$(debug)

# trial BLOCK FILTER: sets status and said, what jq makes of it. The module is not loaded.
trial()
{
	memhpctl --json offline --trial "$1" --attempt-deadline 1s >"$explained" 2>&1
	status=$?
	said=$(jq -r "$2" "$explained" 2>/dev/null || cat "$explained")
}
place()
{
	echo "$(block_state "$1") $(cat "$MEMORY/memory$1/valid_zones")"
}

set_state "$1" online_movable
memhpctl offline --trial "$1" 2>"$explained"
equal "the last block of a node: refused" "$? $(place "$1")" "1 online Movable"
tells "... with the reason" 'the last of node 1' "$explained"
set_state "$2" online_movable
trial "$1" '"\(.verdict) \(.went) \(.back)"'
equal "a block that goes" "$status $said" "0 can_go true true"
equal "... is where it was" "$(place "$1")" "online Movable"
equal "dynamic debug is as before" "$(debug)" "$debug_before"

hold "$1"
trial "$1" '"\(.verdict) \(.cause) \(.killed) \(.kernel_reason)"'
equal "a held page" "$status $said" "1 cannot_go held_page true signal backoff"
equal "... without the module: whose it is" \
	"$(jq -r '.pages[0] | "\(.pfn) \(.owner.pid) \(.owner.comm)"' "$explained")" \
	"$(value pfn "$held_pages") $held holdpage"
equal "... and the block is online" "$(place "$1")" "online Movable"
release "$held"

inject_load 0
inject MEM_GOING_OFFLINE 16
trial "$1" '"\(.verdict) \(.cause) \(.kernel_reason)"'
inject MEM_GOING_OFFLINE 0
equal "a veto" "$status $said" "1 cannot_go veto notifier failure"
equal "... one attempt" "$(jq -r .kernel_log[] "$explained" | grep -c 'failed due to')" 1

# A block of the boot within its zone, with memory that was given away then: the crash kernel lies there.
number=$(memhpctl --json explain zone:movable |
	jq '.blocks | map(select(.cause == "reserved"))[0].block')
# The kernel names the first page in the way, which may be another.
trial "$number" '"\(.verdict) \(.cause | IN("reserved", "slab", "kernel_pages")) \(.kernel_reason)"'
equal "a reserved page" "$status $said" "1 cannot_go true failure to isolate range"
memhpctl offline --trial 0 2>"$explained"
equal "a block of several zones: refused" "$?" 1
tells "... with the reason" 'several zones or has a hole' "$explained"
memhpctl offline --trial "$3" 2>"$explained"
equal "an offline block: refused" "$? $(block_state "$3")" "1 offline"
memhpctl offline --trial "$1-$2" 2>"$explained"
equal "two blocks: a mistake" "$? $(place "$1")" "2 online Movable"
echo "file mm/memory_hotplug.c func offline_pages +p" >$control
debug_on=$(debug)
trial "$1" .verdict
equal "who prints already goes on" "$said $([ "$(debug)" = "$debug_on" ] && echo same)" "can_go same"
echo "file mm/memory_hotplug.c func offline_pages -p" >$control

mkdir -p /run/memhp /run/memhpd
log=$(mktemp)
at_end "rm -f $log"
memhpd >"$log" 2>&1 &
daemon=$!
at_end "release $daemon"
wait_until 20 [ -S /run/memhp/io.memhp ] || abort "memhpd does not start: $(cat "$log")"
trial "$1" '"\(.verdict) \(.went) \(.back)"'
equal "by memhpd: a block that goes" "$status $said" "0 can_go true true"
equal "... is where it was" "$(place "$1")" "online Movable"
tells "... by a request" "offline $1: a trial, putting it back" "$log"
equal "... that policy takes for nobody's wish" "$(memhpctl --json status | jq .daemon.deliberately_offline)" 0
hold "$1"
trial "$1" '"\(.verdict) \(.cause) \(.pages[0].owner.pid)"'
equal "by memhpd: a held page" "$status $said" "1 cannot_go held_page $held"
equal "... and the block is online" "$(place "$1")" "online Movable"
release "$held"
