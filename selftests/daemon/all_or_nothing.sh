#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# An offline that the machine cannot spare waits and says so, and can be cancelled. All or nothing puts
# back what went, each block into its zone, also where memhpd is killed in between; a request that
# nobody waits for goes on in the next memhpd. Huge pages that were given back are there again.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 17

report=$(mktemp)
at_end "rm -f $report"
huge=/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages

# states: of the four blocks.
states()
{
	for one in $blocks; do
		zone_of "$one"
	done | tr '\n' ' '
}

states_are()
{
	[ "$(states)" = "$1" ]
}

no_requests()
{
	[ "$(daemon_status '.requests | length')" = 0 ]
}

request_waits()
{
	daemon_status '.requests[0].waiting' | grep -q 'min_free asks for'
}

set_auto_online offline
configure '[offline]' 'assist = ["hugepages", "compact", "slab"]'
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks

memhpctl offline "$2" --min-free 100% --deadline 1s >"$report" 2>&1
equal "what cannot be spared stays" "$? $(zone_of "$2")" "1 Movable"
tells "and it says why" 'waiting, 0 of 1 blocks done: .* min_free asks for' "$report"
memhpctl offline "$2" --min-free 100% --no-wait >"$report"
tells "a request gets a number" 'as request [0-9]*; ' "$report"
check "the status says that it waits" wait_until 10 request_waits
check "it can be cancelled" memhpctl cancel "$(sed -n 's/.*as request \([0-9]*\);.*/\1/p' "$report")"
check "and ends" wait_until 10 no_requests

memhpctl offline "$4" >/dev/null
memhpctl online "$4" --zone kernel >/dev/null || abort "$4 is not in the kernel zone"
hold "$2"
echo 4 >"$huge"
at_end "echo 0 >$huge"
equal "huge pages are there" "$(cat "$huge")" 4
memhpctl offline "$1-$4" --all-or-nothing --attempt-deadline 200ms --deadline 3s >"$report" 2>&1
equal "not all goes: failed" "$?" 1
equal "all is back in its zone" "$(states)" "Movable Movable Movable Normal "
tells "and it says so" 'back online, for not all would go: ' "$report"
check "nothing was lost" sh -c "! grep -q 'NOT back' $report"
equal "so are the huge pages" "$(cat "$huge")" 4
echo 0 >"$huge"

no_restart
memhpctl offline "$1-$3" --all-or-nothing --attempt-deadline 200ms >/dev/null 2>&1 &
client=$!
wait_until 20 states_are "offline Movable offline Normal " || abort "the offline does not begin"
daemon_kill
wait "$client"
daemon_start
check "what a killed memhpd left offline comes back" \
	wait_until 20 states_are "Movable Movable Movable Normal "
check "and nothing is pending" wait_until 10 no_requests

memhpctl offline "$1-$3" --no-wait --all-or-nothing --attempt-deadline 200ms >/dev/null
wait_state "$1" offline 20 || abort "the offline does not begin"
systemctl stop memhpd
equal "a stop keeps what nobody waits for" "$(block_state "$1") $(block_state "$2")" "offline online"
daemon_start
release "$held"
check "the next memhpd goes on with it" wait_state "$2" offline 60
equal "to its end" "$(states)" "offline offline offline Normal "
