#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Blocks are written in the order that keeps a hole above the zone's lowest block, as the module saw
# it: the kernel's walk of the zone after each of them stays short.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 5

seen()
{
	events "$1" | grep " event=$2 " | values block | tr '\n' ' '
}

set_auto_online offline
module_load
daemon_start
plug 6 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
equal "online: the lowest, the third to the last, the second" "$(seen 0 online)" \
	"$1 $3 $4 $5 $6 $2 "

mark=$(status seq)
memhpctl offline device:"$(memhpctl list -o DEVICE "$1" | tail -n 1)" >/dev/null
equal "offline: the second, from the top down, the lowest" "$(seen "$mark" offline)" \
	"$2 $6 $5 $4 $3 $1 "

# A DIMM beside a full zone: with online.borrow that zone lends its second block.
configure '[online]' 'borrow = true' 'hard_ratio = "off"'
systemctl reload memhpd
plug 70 1
# shellcheck disable=SC2086 # a list
wait_until 60 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
lender=$2
mark=$(status seq)
plug 61 1
# shellcheck disable=SC2086 # a list
wait_until 60 all_movable $blocks || abort "the second DIMM is not online"
check "borrow: the block is back" wait_until 20 all_movable "$lender"
equal "it was away once" "$(names "$mark" "$lender")" "going_offline offline going_online online"
equal "while all others came" "$(seen "$mark" online | wc -w) $(seen "$mark" online | awk '{ print $NF }')" \
	"62 $lender"
