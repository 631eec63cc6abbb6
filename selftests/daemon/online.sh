#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpd onlines a DIMM as movable: one that is plugged in, one that is there when it starts, with the
# kernel module and without it. It takes over auto_online_blocks and gives it back.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 13

# What a machine with the kernel's auto-online would do to memhpd.
set_auto_online online

daemon_start
equal "without the module: auto_online_blocks while memhpd runs" \
	"$(cat "$MEMORY/auto_online_blocks")" offline
plug 8 1
# shellcheck disable=SC2086 # a list
check "a DIMM is onlined movable" wait_until 20 all_movable $blocks
first=${blocks%% *}
equal "source" "$(memhpctl list -o SOURCE "$first" | tail -n 1)" acpi-dimm
equal "node" "$(memhpctl list -o NODE "$first" | tail -n 1 | tr -d ' ')" 1
check "device" sh -c "memhpctl list -o DEVICE $first | grep -q '^PNP0C80:'"
equal "blocks onlined" "$(daemon_value onlined)" 8
equal "none in the wrong zone" "$(daemon_value wrong_zone)" 0
check "one line in the log for all of them" wait_until 10 daemon_logged 'onlined 8 blocks (1G)'
systemctl stop memhpd
equal "auto_online_blocks afterwards" "$(cat "$MEMORY/auto_online_blocks")" online

module_load
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
check "with the module: onlined movable" wait_until 20 all_movable $blocks
equal "by memhpd's writer" \
	"$(for block in $blocks; do value comm "$(block_line "$block")"; done | sort -u)" memhp-writer
systemctl stop memhpd

# The udev rule must not be what onlines this one.
leave_offline
plug 4 1
# shellcheck disable=SC2086 # a list
equal "plugged in while memhpd is down" "$(zones_of $blocks)" offline
daemon_start
# shellcheck disable=SC2086 # a list
check "is onlined by its first scan" wait_until 20 all_movable $blocks
