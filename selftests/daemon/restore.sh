#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What memhpd found of the kernel's settings comes back: at a stop, after SIGKILL by the unit's
# ExecStopPost, and by the next start where there is none. Always only where the value is memhpd's own.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_memhpd
need_online_policy
plan 18

for name in online_policy auto_movable_ratio auto_movable_numa_aware; do
	at_end "set_setting $name $(setting $name)"
done
set_auto_online online
set_setting online_policy contig-zones
set_setting auto_movable_ratio 250
set_setting auto_movable_numa_aware Y
found="online contig-zones 250 Y"
ours="offline auto-movable 1600 N"

daemon_start
equal "while it runs" "$(all_settings)" "$ours"
memhpd --restore 2>/dev/null
equal "--restore beside a running memhpd is refused" "$? $(all_settings)" "1 $ours"
systemctl stop memhpd
equal "after a stop" "$(all_settings)" "$found"
set_setting auto_movable_ratio 1600
memhpd --restore
equal "--restore after a stop has nothing to do" "$? $(setting auto_movable_ratio)" "0 1600"
set_setting auto_movable_ratio 250

no_restart
daemon_start
daemon_kill
equal "after SIGKILL" "$(all_settings)" "$found"
equal "nothing is held any more" "$(jq -c .settings /run/memhp/state.json)" "[]"

configure '[online]' 'defend = false'
daemon_start
set_setting auto_movable_ratio 555
set_setting auto_online_blocks online_kernel
daemon_kill
equal "after SIGKILL, but not over foreign values" "$(all_settings)" \
	"online_kernel contig-zones 555 Y"
set_setting auto_movable_ratio 250
set_setting auto_online_blocks online
configure '[online]'

no_stop_post
daemon_start
daemon_kill
equal "without ExecStopPost they stay" "$(all_settings)" "$ours"
daemon_start
equal "the next start knows what was found" \
	"$(daemon_status '[.settings[] | .found] | sort | join(" ")')" "250 Y contig-zones online"
equal "and has them as its own" "$(all_settings)" "$ours"
systemctl stop memhpd
equal "and its stop puts them back" "$(all_settings)" "$found"

daemon_start
daemon_kill
set_setting auto_movable_ratio 555
configure '[online]' 'action = "leave"'
daemon_start
equal "the next start puts back what it does not want, not over a foreign value" \
	"$(all_settings)" "offline contig-zones 555 Y"
equal "and takes that for found" "$(daemon_status \
	'.settings[] | select(.setting == "auto_movable_ratio") | .found')" 555
systemctl stop memhpd
equal "as its stop shows" "$(all_settings)" "online contig-zones 555 Y"
set_setting auto_movable_ratio 250
configure '[online]'

daemon_start
daemon_kill
set_setting online_policy contig-zones
memhpd --restore
equal "memhpd --restore by hand" "$? $(all_settings)" "0 $found"
memhpd --restore
equal "does it once" "$? $(all_settings)" "0 $found"

# A value that only looks like memhpd's own is nobody's leftover after a clean end.
set_setting auto_online_blocks offline
daemon_start
systemctl stop memhpd
equal "an administrator's offline stays" "$(setting auto_online_blocks)" offline
daemon_start
daemon_kill
memhpd --restore
equal "also after a kill" "$(setting auto_online_blocks)" offline
