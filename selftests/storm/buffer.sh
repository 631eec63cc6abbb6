#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpd's receive buffer takes more events than the system's default would, and events of a coldplug about
# blocks that are online cost nothing.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

# An event takes some 768 bytes, and the default is 212992 (net.core.rmem_default).
COUNT=384

need_root
need_hotplug
need_memhpd
need_memhp
plan 7

set_auto_online offline
module_load_with ring=4096
no_watchdog
daemon_start
before=$(status seq)
daemon_stopped
plug_dimm "$COUNT" 1
daemon_continued
# shellcheck disable=SC2086 # a list
check "$COUNT blocks came while memhpd could not read: online and movable" \
	wait_until 60 all_movable $blocks
equal "not one event was lost" "$(daemon_value lost_events)" 0
# shellcheck disable=SC2086 # a list
equal "one attempt a block" "$(attempts_of $blocks)" "$COUNT 0 0"

seq=$(status seq)
scans=$(daemon_value scans)
udevadm trigger --action=add --subsystem-match=memory
udevadm settle
look
equal "a coldplug of $(block_numbers | wc -l) blocks: no attempt" "$(status seq)" "$seq"
# The look above is one; another may have been due, as each minute.
check "and no look because of it" [ "$(daemon_value scans)" -le $((scans + 2)) ]

# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$2" offline
look
udevadm trigger --action=add "$MEMORY/memory$2"
udevadm settle
look
equal "nor does it bring back what somebody took offline" "$(block_state "$2")" offline
equal "all attempts so far" "$(events "$before" | values event | sort | uniq -c | tr -s ' \n' ' ')" \
	" 1 going_offline $COUNT going_online 1 node_online 1 offline $COUNT online "
