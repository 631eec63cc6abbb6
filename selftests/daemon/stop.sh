#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# systemctl stop in the middle of an offline that hangs ends it cleanly: no writer left, the block
# online, the client told, the marker gone, auto_online_blocks put back, but not over a foreign value.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 9

report=$(mktemp)
at_end "rm -f $report"
set_auto_online online_movable
daemon_start
check "the marker is there" [ -e /run/memhpd/active ]
plug 2 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks

hold "$1"
memhpctl offline "$1" --attempt-deadline 1m >"$report" 2>&1 &
client=$!
wait_state "$1" going-offline || abort "the offline does not begin"
systemctl stop memhpd
equal "the stop is clean" "$(systemctl show -P Result memhpd)" success
equal "the block is online" "$(zone_of "$1")" Movable
equal "no writer is left" "$(pgrep -c -x memhp-writer)" 0
wait "$client"
equal "the client ends with a failure" "$?" 1
check "and is told why" grep -q cancelled "$report"
check "the marker is gone" [ ! -e /run/memhpd/active ]
equal "auto_online_blocks is back" "$(cat "$MEMORY/auto_online_blocks")" online_movable
release "$held"

# By default memhpd would have put it right.
configure '[online]' 'defend = false'
daemon_start
echo online_kernel >"$MEMORY/auto_online_blocks"
systemctl stop memhpd
equal "a value that somebody else set stays" "$(cat "$MEMORY/auto_online_blocks")" online_kernel
