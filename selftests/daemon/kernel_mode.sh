#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Kernel mode: memhpd has the kernel online a DIMM as movable, and checks it. Blocks that went to the
# wrong zone are counted and told, those that the kernel left offline are onlined.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 16

set_auto_online offline
module_load
configure '[online]' 'mode = "kernel"' 'defend = false'
daemon_start
equal "the mode" "$(daemon_status '"\(.mode), \(.mode_why)"')" "kernel, online.mode"
equal "auto_online_blocks: by the ratio" "$(setting auto_online_blocks)" online

plug 4 1
# shellcheck disable=SC2086 # a list
equal "a DIMM is movable as soon as it is there" "$(zones_of $blocks)" Movable
equal "the kernel did it" \
	"$(for block in $blocks; do block_line "$block" | values work; done | sort -u)" \
	acpi_hotplug_work_fn
look
equal "memhpd has seen it" "$(daemon_value found_online)" 4
equal "none in a wrong zone" "$(daemon_value wrong_zone)" 0
equal "none left to memhpd" "$(daemon_value onlined) $(daemon_value left_offline)" "0 0"
check "the log says so" wait_until 10 daemon_logged \
	'the kernel onlined 4 blocks (512M), [0-9-]*: 4 Movable'
check "policy show tells of each" sh -c \
	"memhpctl policy show | grep -q 'movable by online.action, through the kernel'"

# Somebody wants the kernel zone. The blocks may stay there for good.
set_setting auto_online_blocks online_kernel
plug_dimm 2 1
look
# shellcheck disable=SC2086 # a list
equal "the kernel puts them elsewhere" "$(zones_of $blocks)" Normal
equal "which is counted" "$(daemon_value wrong_zone)" 2
check "and told" wait_until 10 daemon_logged \
	'blocks [0-9-]* (256M) are online in zone Normal, not movable as policy wants it: put there by the kernel'
check "memhpctl status tells of the foreign value" sh -c \
	"memhpctl status | grep -q 'auto_online_blocks online_kernel.*changed to online_kernel by another program at .*left so'"

set_setting auto_online_blocks offline
plug 2 1
# shellcheck disable=SC2086 # a list
check "what the kernel leaves offline is onlined" wait_until 20 all_movable $blocks
equal "and counted" "$(daemon_value left_offline) $(daemon_value onlined)" "2 2"
check "and told" daemon_logged 'the kernel left blocks [0-9-]* offline; onlining them'
