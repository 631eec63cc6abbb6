#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The tracepoint memhp:memhp_event says the same as the file "events", record by record.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
need_module memory-notifier-error-inject
tracefs=/sys/kernel/tracing
[ -d $tracefs/events ] || mount -t tracefs tracefs $tracefs || skip_all "no tracefs"
plan 4

leave_offline
inject_load 0
module_load
plug 1 1
block=${blocks% }
instance=$tracefs/instances/memhp.$$
# A new instance takes over record-cmd. The records have their own comm; without it the scheduler
# is left alone, whose code would be patched for a probe on every task switch.
record_cmd=$(cat "$tracefs/options/record-cmd")
echo 0 >"$tracefs/options/record-cmd"
mkdir "$instance"
at_end "rmdir $instance"
echo "$record_cmd" >"$tracefs/options/record-cmd"

check "the tracepoint is there" [ -f "$instance/events/memhp/memhp_event/format" ]
echo 1 >"$instance/events/memhp/memhp_event/enable"
at_end "echo 0 >$instance/events/memhp/memhp_event/enable"

set_state "$block" online_movable
inject MEM_GOING_OFFLINE 16
set_state "$block" offline
inject MEM_GOING_OFFLINE 0
set_state "$block" offline

traced=$(sed -n 's/.* memhp_event: //p' "$instance/trace")
# The trace has numbers where the file says that there is none.
filed=$(events | sed 's/ dur_us=- / dur_us=-1 /;s/ err=- / err=-1 /;s/ work=-$/ work=/')
equal "as many as there were" "$(echo "$traced" | wc -l)" "$(status seq)"
equal "the same records" "$traced" "$filed"
equal "all kinds of this test" "$(echo "$traced" | values event | tr '\n' ' ')" \
	"going_online online node_online going_offline cancel_offline offline_failed going_offline offline node_offline "
