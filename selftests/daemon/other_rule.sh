#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A distribution's own udev rule, which onlines whatever is added, beside ours: with memhpd and without,
# each block is onlined once, and what was taken offline stays so.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

OTHER=/run/udev/rules.d/40-distribution.rules

need_root
need_hotplug
systemctl is-active -q systemd-udevd || skip_all "no udevd"
need_memhpd
need_memhp
plan 11

set_auto_online offline
module_load
mkdir -p "${OTHER%/*}"
at_end "rm $OTHER; udevadm control --reload"
echo 'SUBSYSTEM=="memory", ACTION=="add", ATTR{state}=="offline", ATTR{state}="online"' >"$OTHER"
udevadm control --reload

# all_online N…: whatever the zone.
all_online()
{
	for online_block in "$@"; do
		in_state "$online_block" online || return 1
	done
}

daemon_start
plug 8 1
# shellcheck disable=SC2086 # a list
check "with memhpd: a DIMM is onlined" wait_until 20 all_online $blocks
udevadm settle
look
# shellcheck disable=SC2086 # a list
equal "one attempt a block" "$(attempts_of $blocks)" "8 0 0"
equal "memhpd counts each, as its own or as found" \
	"$(($(daemon_value onlined) + $(daemon_value found_online)))" 8
if [ -n "$(setting online_policy)" ]; then
	# shellcheck disable=SC2086 # a list
	equal "movable, although that rule names no zone" "$(zones_of $blocks)" Movable
else
	skip "this kernel has no online_policy"
fi

no_restart
# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$1" offline
memhpctl offline "$2" >/dev/null
look
look
equal "what was taken offline stays so" "$(zones_of "$1" "$2")" offline
daemon_kill
daemon_start
look
equal "after SIGKILL and another start" "$(zones_of "$1" "$2")" offline
systemctl restart memhpd
look
equal "after a restart" "$(zones_of "$1" "$2")" offline
equal "with no attempt but those" "$(attempts_of "$@")" "8 2 0"

configure '[online]' 'action = "leave"'
systemctl reload memhpd
plug 2 1
# shellcheck disable=SC2086 # a list
check "leave: that rule onlines, as without memhpd" wait_until 20 all_online $blocks

systemctl stop memhpd
plug 4 1
# shellcheck disable=SC2086 # a list
check "without memhpd: one of the rules does" wait_until 20 all_online $blocks
udevadm settle
# shellcheck disable=SC2086 # a list
equal "one attempt a block" "$(attempts_of $blocks)" "4 0 0"
