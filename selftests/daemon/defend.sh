#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Another program changes the kernel's settings while memhpd runs: it notices at once, tells the time,
# and puts them right three times; then it leaves them, until it is reloaded.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_memhpd
plan 17

# left: memhpd has noticed, and leaves it.
left()
{
	[ "$(daemon_status '.settings[] | select(.setting == "auto_online_blocks") | .left')" = true ]
}

set_auto_online online
daemon_start
for time in first second third; do
	set_setting auto_online_blocks online_kernel
	check "the $time change is put right" \
		wait_until 10 setting_is auto_online_blocks offline
done
check "the log has the times" daemon_logged \
	"another program changed auto_online_blocks from offline to online_kernel at $(date +%F) [0-9:]*; putting it right (3 of 3"
equal "status counts" "$(daemon_status \
	'.settings[] | select(.setting == "auto_online_blocks") | "\(.put_right) \(.foreign)"')" \
	"3 online_kernel"
set_setting auto_online_blocks online_movable
check "the fourth is noticed" wait_until 10 left
equal "and left" "$(setting auto_online_blocks)" online_movable
check "the log says so" daemon_logged 'having put it right 3 times within an hour, memhpd leaves it'
check "memhpctl status too" sh -c \
	"memhpctl status | grep -q 'auto_online_blocks online_movable (found online); changed to online_movable by another program at .*, and left so; memhpd wants offline'"
look
equal "also after a look" "$(setting auto_online_blocks)" online_movable

if [ -n "$(setting online_policy)" ]; then
	set_setting online_policy contig-zones
	check "another setting is put right" wait_until 10 setting_is online_policy auto-movable
else
	skip "this kernel has no online_policy"
fi
systemctl reload memhpd
check "a reload begins anew" wait_until 10 setting_is auto_online_blocks offline
set_setting auto_online_blocks online
check "and defends again" wait_until 10 setting_is auto_online_blocks offline
systemctl stop memhpd
equal "a stop puts back what was found" "$(setting auto_online_blocks)" online

configure '[online]' 'defend = false'
daemon_start
set_setting auto_online_blocks online_kernel
check "defend = false: noticed" wait_until 10 left
equal "defend = false: left" "$(setting auto_online_blocks)" online_kernel
systemctl stop memhpd
equal "defend = false: also at the stop" "$(setting auto_online_blocks)" online_kernel
