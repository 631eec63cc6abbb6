#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The firmware asks for a DIMM, a held page is in the way, and the kernel puts back the blocks that it
# had taken offline already. Without memhpd they land in the kernel zone; under its settings they stay
# movable, also on a node that has no memory of the boot.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
need_online_policy
plan 5

set_auto_online offline
module_load_with abortable=1
configure '[unplug]' 'retry = false'
daemon_start
before=$(daemon_value deliberately_offline)
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
equal "nothing counts as taken offline on purpose" "$(daemon_value deliberately_offline)" "$before"

systemctl stop memhpd
fail_unplug "$3"
equal "without memhpd: not all of them" "$(zones_of "$@")" "Movable Normal"
