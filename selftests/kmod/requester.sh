#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# An unplug by the firmware runs in a kernel worker: the records name its work function.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
plan 4

leave_offline
module_load
plug 1 1
block=${blocks% }
set_state "$block" online_movable
mark=$(status seq)
unplug "$dimm" || abort "the DIMM stays"
equal "the firmware's unplug" "$(names "$mark" "$block")" "going_offline offline node_offline"
equal "its work function" "$(events "$mark" | values work | sort -u)" acpi_hotplug_work_fn
equal "its task is a kernel worker" \
	"$(events "$mark" | values comm | sed 's/^\(kworker\).*/\1/' | sort -u)" kworker
equal "the block remembers" "$(value work "$(block_line "$block")")" acpi_hotplug_work_fn
