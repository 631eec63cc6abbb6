#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel without online_policy puts the blocks of a failed ejection back into the kernel zone, unless
# their last write said otherwise: memhpd has each block remember where it belongs, again after each
# time that the kernel has forgotten it; so does memhpctl without the daemon.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
[ ! -e /sys/module/memory_hotplug/parameters/online_policy ] || skip_all "this kernel has online_policy"
plan 7

# The blocks that the kernel took and put back since the event $mark.
put_back()
{
	events "$mark" | grep ' event=online ' | grep acpi_hotplug_work_fn | values block | sort -un |
		tr '\n' ' '
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
equal "the kernel put two blocks back by itself" "$(put_back)" "$1 $2 "
equal "into the movable zone" "$(zones_of "$@")" Movable
look
look
fail_unplug "$3"
equal "and again" "$(put_back)" "$1 $2 "
equal "into the movable zone, again" "$(zones_of "$@")" Movable

systemctl stop memhpd
fail_unplug "$3"
fail_unplug "$3"
check "without memhpd they are lost at last" [ "$(zones_of "$@")" != Movable ]
offline_all "$@"
memhpctl online "$@" --zone movable >/dev/null
equal "memhpctl onlines them" "$(zones_of "$@")" Movable
fail_unplug "$3"
equal "and the kernel remembers" "$(zones_of "$@")" Movable
