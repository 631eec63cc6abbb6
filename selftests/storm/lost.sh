#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel drops most of the events of a large DIMM, for memhpd's receive buffer has 4 KiB: every block
# gets online all the same, in the right zone, and none twice. 512 blocks; 4096 with LONG=1.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

COUNT=512
[ "${LONG:-0}" = 0 ] || COUNT=4096

all_online()
{
	[ "$(status blocks_offline)" = "$offline_before" ]
}

some_came()
{
	[ "$(block_numbers | wc -l)" -ge $((before + 100)) ]
}

need_root
need_hotplug
need_memhpd
need_memhp
plan 11

set_auto_online offline
module_load
offline_before=$(status blocks_offline)
no_watchdog
daemon_environment MEMHP_UEVENT_BUFFER=4K
configure '[online]' 'hard_ratio = "off"'
daemon_start
pid=$(daemon_pid)
deliberate=$(daemon_value deliberately_offline)
daemon_stopped
before=$(block_numbers | wc -l)
# Some are lost for certain, others while it looks.
{
	wait_until 60 some_came
	daemon_continued
} &
plug_dimm "$COUNT" 1
check "$COUNT blocks get online" wait_until 300 all_online
# shellcheck disable=SC2086 # a list
equal "and movable" "$(zones_of $blocks)" Movable
check "although events were lost" [ "$(daemon_value lost_events)" -gt 0 ]
check "which is in the log" daemon_logged 'the kernel dropped uevents (1 times so far)'
# shellcheck disable=SC2086 # a list
equal "one attempt a block, none failed" "$(attempts_of $blocks)" "$COUNT 0 0"
equal "as memhpd counts" \
	"$(daemon_value onlined) $(daemon_value failed_attempts) $(daemon_value wrong_zone)" "$COUNT 0 0"

equal "the same memhpd all the time" "$(daemon_pid)" "$pid"

# What is lost of a block that somebody takes offline is seen by comparing.
# shellcheck disable=SC2086 # a list
set -- $blocks
daemon_stopped
udevadm trigger --action=add --subsystem-match=memory
set_state "$2" offline
set_state "$4" offline
daemon_continued
look
equal "taken offline while the events were lost: stays so" "$(zones_of "$2" "$4")" offline
equal "and is known" "$(daemon_value deliberately_offline)" $((deliberate + 2))
equal "one online and one offline each" "$(attempts_of "$2" "$4")" "2 2 0"

daemon_environment MEMHP_UEVENT_BUFFER=lots
systemctl restart memhpd
check "another size than a size is told" daemon_logged "MEMHP_UEVENT_BUFFER is not used: .*lots"
