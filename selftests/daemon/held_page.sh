#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel tries for ever to offline a block of which a page is held. memhpd ends the attempt at its
# deadline, tries again, and succeeds when the page is let go; so does memhpctl without the daemon.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 16

report=$(mktemp)
at_end "rm -f $report"

cancelled_twice()
{
	[ "$(value cancel_offline "$(block_line "$1")")" -ge $(($2 + 2)) ]
}

# offline_held N WHO: block N, held for two attempts, goes offline.
offline_held()
{
	hold "$1"
	before=$(value cancel_offline "$(block_line "$1")")
	memhpctl --json offline "$1" --attempt-deadline 300ms --deadline 2m >"$report" 2>&1 &
	job=$!
	check "$2: the attempt is ended, and there is another" wait_until 30 cancelled_twice "$1" "$before"
	equal "$2: the module saw a signal while pages moved" "$(value stage "$(block_line "$1")")" migrate
	release "$held"
	wait "$job"
	equal "$2: succeeds when the page is let go" "$?" 0
	equal "$2: offline" "$(block_state "$1")" offline
	tells "$2: the report counts the failures" '"failed_attempts": [1-9]' "$report"
}

set_auto_online offline
module_load
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
offline_held "$2" memhpd

hold "$3"
memhpctl offline "$3" --attempt-deadline 200ms --deadline 1s >"$report" 2>&1
equal "memhpd: the deadline of the request" "$?" 1
tells "memhpd: says why" 'a page in it is held (failed at stage migrate)' "$report"
equal "memhpd: the block is online as before" "$(zone_of "$3")" Movable
# A debug kernel takes more than a second to end the attempt on the first.
memhpctl offline "$3" "$4" --attempt-deadline 200ms --deadline 4s >"$report" 2>&1
equal "memhpd: partly done" "$? $(zone_of "$3") $(zone_of "$4")" "64 Movable offline"
release "$held"

systemctl stop memhpd
offline_held "$1" memhpctl
equal "nothing is left behind" "$(pgrep -c -x memhp-writer)" 0
hold "$3"
memhpctl offline "$3" --attempt-deadline 200ms --deadline 1s >"$report" 2>&1
equal "memhpctl: the deadline of the request" "$?" 1
release "$held"
