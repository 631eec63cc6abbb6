#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The firmware asks for a DIMM, a held page is in the way, and the kernel puts back the blocks that it
# had taken offline already. Without memhpd they land in the kernel zone; under its settings they stay
# movable, also on a node that has no memory of the boot.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
need_online_policy
plan 5

# stuck BLOCK: the firmware's worker has tried this block for a while.
stuck()
{
	[ "$(status op_block) $(status op_work)" = "$1 acpi_hotplug_work_fn" ]
}

# told STATUS: the host has heard that of the DIMM.
told()
{
	[ "$(hotplug ost "$dimm" 2>/dev/null)" = "$1" ]
}

# fail_unplug BLOCK: an unplug that fails at this block. Sets mark to the number of events before.
fail_unplug()
{
	hold "$1"
	mark=$(status seq)
	hotplug del-dimm "$dimm" || abort "the host does not ask"
	wait_until 30 stuck "$1" || abort "the unplug does not get to memory$1"
	kill -TERM "$(status op_pid)"
	wait_until 30 told 130 || abort "the unplug does not end"
	barrier
	release "$held"
}

set_auto_online offline
module_load_with abortable=1
configure '[unplug]' 'retry = false'
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
fail_unplug "$3"
equal "the kernel took the first blocks" \
	"$(events "$mark" | grep ' event=offline ' | values block | sort -un | tr '\n' ' ')" "$1 $2 "
equal "and put them back by itself" "$(events "$mark" | grep ' event=online ' | values work | sort -u)" \
	acpi_hotplug_work_fn
equal "into the movable zone" "$(zones_of "$@")" Movable
look
equal "nothing counts as taken offline on purpose" "$(daemon_value deliberately_offline)" 0

systemctl stop memhpd
fail_unplug "$3"
equal "without memhpd: not all of them" "$(zones_of "$@")" "Movable Normal"
