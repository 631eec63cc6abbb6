#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A DIMM that was onlined into the kernel zone before memhpd came: memhpd tells of it, and with
# online.rezone moves what is free. Nothing stays offline, not even when memhpd is killed at the worst
# moment.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
need_module memory-notifier-error-inject
plan 16

offline_blocks()
{
	for offline_one in "$@"; do
		! in_state "$offline_one" offline || echo "$offline_one"
	done
}

one_offline()
{
	[ "$(offline_blocks "$@" | wc -l)" -eq 1 ]
}

# settled N: the daemon is done with moving, and at least so many blocks have moved.
settled()
{
	[ "$(daemon_value moving)" = 0 ] && [ "$(daemon_value rezoned)" -ge "$1" ]
}

# rezone true|false: memory of other tests may be in the kernel zone for good, and is left alone.
rezone()
{
	rezone_first=${blocks%% *}
	rezone_last=$(echo "$blocks" | awk '{ print $NF }')
	configure '[online]' 'action = "kernel-default"' "rezone = $1" \
		'[[online.rule]]' 'action = "movable"' "range = \"$(printf '0x%x-0x%x' \
			$((rezone_first * $(block_bytes))) $(((rezone_last + 1) * $(block_bytes) - 1)))\"" \
		'[offline]' 'deadline = "20s"'
}

leave_offline
plug_dimm 8 1
for block in $blocks; do
	set_state "$block" online_kernel
done
# shellcheck disable=SC2086 # a list
equal "a DIMM in the kernel zone" "$(zones_of $blocks)" Normal

rezone false
daemon_start
look
equal "memhpd knows of each block" "$(daemon_value misplaced)" 8
check "and tells once" wait_until 10 daemon_logged \
	'(1G) are online in zone Normal, not movable as policy wants it: was there when memhpd came'
check "policy show too" sh -c "memhpctl policy show | grep -q 'in the wrong zone'"
# shellcheck disable=SC2086 # a list
equal "and leaves them alone" "$(zones_of $blocks)" Normal

# The block that is moved first cannot come back, and memhpd is killed.
inject_load 0
inject MEM_GOING_ONLINE 12
no_restart
rezone true
systemctl reload memhpd
# shellcheck disable=SC2086 # a list
check "rezone: one block is on its way" wait_until 30 one_offline $blocks
look
# shellcheck disable=SC2086 # a list
away=$(offline_blocks $blocks)
equal "no other goes as long as it is away" "$(echo "$away" | wc -w)" 1
daemon_kill
equal "after SIGKILL it is offline" "$(block_state "$away")" offline
inject MEM_GOING_ONLINE 0
rezone false
daemon_start
check "the next memhpd brings it back" wait_until 20 all_movable "$away"
check "and says so" daemon_logged "blocks $away were left offline for what should have been a moment"

# What will not go is left alone.
tell_of_those_that_stay()
{
	daemon_log | grep -c 'online.rezone: blocks .* stay in the kernel zone: Device or resource busy'
}

all_told()
{
	[ "$(tell_of_those_that_stay)" -gt 0 ] && settled 0
}

inject MEM_GOING_OFFLINE 16
rezone true
systemctl reload memhpd
check "blocks that do not go are told of" wait_until 60 all_told
look
look
# shellcheck disable=SC2086 # a list
equal "once, they are online, and not tried again" \
	"$(tell_of_those_that_stay) $(offline_blocks $blocks) $(daemon_value misplaced)" "1  7"
inject MEM_GOING_OFFLINE 0

systemctl reload memhpd
check "after a reload they are moved" wait_until 60 settled 1
look
# shellcheck disable=SC2086 # a list
equal "none is offline" "$(offline_blocks $blocks)" ""
moved=0
for block in $blocks; do
	[ "$(zone_of "$block")" != Movable ] || moved=$((moved + 1))
done
diag "$moved of 8 blocks are movable"
equal "what stayed is known" "$(daemon_value misplaced)" $((8 - moved))
check "and it is not all of them" [ "$moved" -gt 1 ]
if [ "$moved" -eq 8 ]; then
	# shellcheck disable=SC2086 # a list
	offline_all $blocks
	unplug "$dimm" || diag "$dimm stays"
fi
