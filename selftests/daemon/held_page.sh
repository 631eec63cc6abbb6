#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel tries for ever to offline a block of which a page is held. Where others do, memhpd takes those.
# Else it ends the attempt at its deadline, looks whether the page is still held, and succeeds when it is let
# go; so does memhpctl without the daemon.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 20

report=$(mktemp)
at_end "rm -f $report"

failures()
{
	value cancel_offline "$(block_line "$1")"
}

has_failed()
{
	[ "$(failures "$1")" -gt "$2" ]
}

# offline_held N WHO OTHER: block N, held for an attempt, goes offline. Before the page is let go OTHER goes and
# comes, for longer than the backoff would have lasted.
offline_held()
{
	hold "$1"
	before=$(failures "$1")
	memhpctl --json offline "$1" --attempt-deadline 300ms --deadline 2m >"$report" 2>&1 &
	job=$!
	check "$2: the attempt is ended" wait_until 30 has_failed "$1" "$before"
	equal "$2: the module saw a signal while pages moved" "$(value stage "$(block_line "$1")")" migrate
	until=$(($(uptime_seconds) + 3))
	while [ "$(uptime_seconds)" -lt $until ]; do
		set_state "$3" offline || abort "memory$3 does not go offline"
		set_state "$3" online_movable || abort "memory$3 does not come back"
	done
	equal "$2: there is no other as long as the page is held" "$(failures "$1")" $((before + 1))
	release "$held"
	wait "$job"
	equal "$2: succeeds when the page is let go" "$?" 0
	equal "$2: offline" "$(block_state "$1")" offline
	tells "$2: the report counts the failure" '"failed_attempts": 1' "$report"
}

set_auto_online offline
module_load
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks

holders=
for block in "$2" "$3" "$4"; do
	hold "$block"
	holders="$holders $held"
done
memhpctl --json offline "$(($(block_bytes) >> 20))M" >"$report" 2>&1
equal "a size is taken where no page is held" "$? $(zones_of "$1") $(zones_of "$2" "$3" "$4")" \
	"0 offline Movable"
tells "by the first attempt" '"failed_attempts": 0' "$report"
for holder in $holders; do
	release "$holder"
done
memhpctl online "$1" --zone movable >/dev/null

offline_held "$2" memhpd "$4"

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
offline_held "$1" memhpctl "$3"
equal "nothing is left behind" "$(pgrep -c -x memhp-writer)" 0
hold "$3"
memhpctl offline "$3" --attempt-deadline 200ms --deadline 1s >"$report" 2>&1
equal "memhpctl: the deadline of the request" "$?" 1
release "$held"
