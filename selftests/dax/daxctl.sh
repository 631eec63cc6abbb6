#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# daxctl makes system RAM of a dax device beside memhpd: it works although the kernel was to online by
# itself, which daxctl refuses; it alone onlines the blocks, each once; and what it takes offline stays so.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/dax.sh
. "$(dirname "$0")/../lib/dax.sh"

need_root
need_memhpd
need_memhp
need_dax
command -v daxctl >/dev/null || skip_all "daxctl is not installed"
plan 14

# to_devdax: gives the memory back, whatever state it is in.
to_devdax()
{
	[ -e $DAX/drivers/kmem/dax0.0 ] || return 0
	daxctl reconfigure-device --mode=devdax --force dax0.0 >/dev/null 2>&1
}

set_auto_online online
module_load
make_dax
at_end to_devdax
output=$(mktemp)
at_end "rm $output"
plug_before=$(block_numbers)

daxctl reconfigure-device --mode=system-ram dax0.0 >"$output" 2>&1
tells "without memhpd daxctl refuses" 'auto-online memory' "$output"
equal "and the device has no blocks" "$(new_blocks)" ""

daemon_start
daxctl reconfigure-device --mode=system-ram dax0.0 >"$output" 2>&1
equal "with memhpd it does it" "$?" 0
blocks=$(new_blocks | tr '\n' ' ')
# shellcheck disable=SC2086 # a list
count=$(echo $blocks | wc -w)
look
# shellcheck disable=SC2086 # a list
check "the device's $count blocks are movable" all_movable $blocks
# shellcheck disable=SC2086 # a list
equal "one attempt a block" "$(attempts_of $blocks)" "$count 0 0"
equal "all daxctl's" \
	"$(for block in $blocks; do block_line "$block" | values comm; done | sort -u)" daxctl
equal "none memhpd's" "$(daemon_value onlined) $(daemon_value wrong_zone)" "0 0"

daxctl offline-memory dax0.0 >"$output" 2>&1
equal "daxctl takes them offline" "$?" 0
no_restart
held_offline()
{
	look
	look
	# shellcheck disable=SC2086 # a list
	equal "$1" "$(zones_of $blocks)" offline
}
held_offline "offline over two looks"
daemon_kill
daemon_start
held_offline "and SIGKILL, and another start"
# shellcheck disable=SC2086 # a list
equal "without another attempt" "$(attempts_of $blocks)" "$count $count 0"

daxctl online-memory dax0.0 >"$output" 2>&1
# shellcheck disable=SC2086 # a list
equal "daxctl onlines them again" "$? $(zones_of $blocks)" "0 Movable"
daxctl reconfigure-device --mode=devdax --force dax0.0 >"$output" 2>&1
equal "and gives the device back" "$? $(new_blocks)" "0 "
look
equal "memhpd tried nothing, so nothing failed" \
	"$(daemon_value onlined) $(daemon_value failed_attempts)" "0 0"
