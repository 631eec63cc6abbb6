#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Whatever auto_online_blocks is by the kernel's default (Debian 12: offline, Debian 13: online), memhpd
# onlines each block once, and with the policy "leave" a device gets what the kernel would have done.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
need_online_policy
plan 12

none_pending()
{
	[ "$(daemon_value pending_online)" = 0 ]
}

module_load
leave_offline
for default in offline online; do
	set_setting auto_online_blocks $default
	configure '[online]'
	daemon_start
	# Of what was left offline it may have decided anew.
	look
	wait_until 10 none_pending || abort "memhpd does not come to an end"
	onlined=$(daemon_value onlined)
	plug 4 1
	# shellcheck disable=SC2086 # a list
	check "$default: a DIMM is movable" wait_until 20 all_movable $blocks
	look
	# shellcheck disable=SC2086 # a list
	equal "$default: by one attempt a block, all memhpd's" \
		"$(attempts_of $blocks) $(($(daemon_value onlined) - onlined)) $(daemon_value found_online)" \
		"4 0 0 4 0"
	# shellcheck disable=SC2086 # a list
	set -- $blocks
	set_state "$1" offline
	look
	configure '[online]' 'action = "leave"' 'owner_grace = "1ms"'
	systemctl reload memhpd
	look
	look
	wait_until 10 none_pending || abort "memhpd does not come to an end"
	equal "$default: leave does not bring back what was taken offline" "$(zone_of "$1")" offline
	# The kernel's own zone, where blocks may have to stay.
	plug_dimm 2 1
	look
	look
	wait_until 10 none_pending || abort "memhpd does not come to an end"
	# shellcheck disable=SC2086 # a list
	set -- $blocks
	case $default in
	offline) wanted="offline 0 0 0" ;;
	online) wanted="Normal 2 0 0" ;;
	esac
	# shellcheck disable=SC2086 # a list
	equal "$default: leave is as without memhpd" "$(zones_of $blocks) $(attempts_of $blocks)" \
		"$wanted"
	systemctl stop memhpd
	equal "$default: is put back" "$(setting auto_online_blocks)" $default
	# shellcheck disable=SC2086 # a list
	equal "$default: and nothing changes at the stop" \
		"$(zones_of $blocks) $(attempts_of $blocks)" "$wanted"
	[ $default = online ] || unplug "$dimm"
done
