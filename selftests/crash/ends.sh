#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# systemctl stop ends within 5 s, whatever goes on: an offline of which a page is held, an unplug that
# memhpd works on, a burst of onlines, a kernel worker that holds the hotplug lock. systemd would report
# the bound as a failure of the unit. The next memhpd goes on.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
need_module memory-notifier-error-inject
plan 16

# Not so many that the ratio would have them in a kernel zone.
BURST=128 # blocks

# stops WHAT: and the unit has ended in order. A process that systemd had to kill is no success.
stops()
{
	systemctl stop memhpd
	equal "$1: memhpd stops in time" "$(systemctl show -P Result memhpd)" success
	equal "$1: no writer is left" "$(pgrep -c -x memhp-writer)" 0
}


burst_runs()
{
	[ "$(status blocks_online)" -gt "$before" ]
}

set_auto_online offline
module_load
no_watchdog
configure '[offline]' 'attempt_deadline = "1m"'
stop_within 5
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks

hold "$4"
memhpctl offline "$1-$4" --all-or-nothing >/dev/null 2>&1 &
client=$!
wait_state "$4" going-offline 20 || abort "the offline does not begin"
stops "an offline that hangs"
equal "an offline that hangs: all is back" "$(zones_of "$@")" Movable
wait "$client"
release "$held"

# The kernel worker fails at once, memhpd tries for a minute.
inject_load 0
inject MEM_GOING_OFFLINE 16
daemon_start
hotplug del-dimm "$dimm" || abort "the host does not ask"
wait_until 30 told 130 || abort "the kernel does not give up"
wait_until 20 unplugs_are 1 || abort "the failure is not noticed"
hold "$3"
inject MEM_GOING_OFFLINE 0
wait_state "$3" going-offline 20 || abort "the offline does not begin"
stops "an unplug"
equal "an unplug: all is back" "$(zones_of "$@")" Movable
daemon_start
check "an unplug: the next memhpd goes on" wait_state "$3" going-offline 20
release "$held"
check "an unplug: to its end" gone "$dimm" 60

# All of it waits for memhpd, which begins, and then is told to stop.
before=$(status blocks_online)
daemon_stopped
plug_dimm "$BURST" 1
# shellcheck disable=SC2016 # evaluated then
at_end 'offline_all $blocks; unplug "$dimm"'
daemon_continued
wait_until 30 burst_runs || abort "nothing comes online"
diag "$(status blocks_online) blocks are online, $before were"
stops "a burst"
diag "$(status blocks_online) blocks are online, $before were"
daemon_start
# shellcheck disable=SC2086 # a list
check "a burst: all of it is online" wait_until 60 all_movable $blocks
# shellcheck disable=SC2086 # a list
equal "a burst: by one attempt a block" "$(attempts_of $blocks)" "$BURST 0 0"

# shellcheck disable=SC2086 # a list
set -- $blocks
hold node 1
hotplug del-dimm "$dimm" || abort "the host does not ask"
wait_until 60 stuck "$(value block "$held_pages")" || abort "the kernel worker does not hang"
memhpctl offline "$1" "$2" --no-wait >/dev/null
stops "a kernel worker that hangs"
release "$held"
check "a kernel worker that hangs: it ends when the page is free" gone "$dimm" 60
daemon_start
check "a kernel worker that hangs: nothing is left to be done" wait_until 20 \
	sh -c "memhpctl --json status | jq -e '.daemon | .requests == [] and .unplugs == []' >/dev/null"
