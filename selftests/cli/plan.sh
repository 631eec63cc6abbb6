#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl plan: what it says of memory to come and to go is what happens then, for several policies.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 14

scratch=$(mktemp -d)
at_end "rm -rf $scratch"
size=$((4 * $(block_bytes) >> 20))M

# planned FILTER: of the plan that was made last.
planned()
{
	jq -cS "$1" "$scratch/plan"
}

now()
{
	memhpctl --json status | jq -cS "$1"
}

# as_planned: nodes, totals and ratio are now as the plan has them.
as_planned()
{
	equal "$1: the nodes" "$(now .nodes)" "$(planned .after.nodes)"
	equal "$1: the ratio" "$(now .ratio.ratio)" "$(planned .after.ratio.ratio)"
}

set_auto_online offline
daemon_start
memhpctl --json plan add "$size" --node 1 >"$scratch/plan"
equal "a DIMM: planned" "$? $(planned '[.parts[] | [.count, .action, .zone]]')" \
	'0 [[4,"movable","Movable"]]'
equal "nothing has happened" "$(now .nodes)" "$(planned .before.nodes)"
equal "its memmap, on another node" "$(planned '[.memmap.size, .memmap.node]')" \
	"[$((4 * $(block_bytes) / 64)),null]"
check "node 1 without kernel memory: a warning" sh -c \
	"jq -r '.warnings[]' $scratch/plan | grep -q '^node 1 has no kernel memory then'"
plug 4 1
# shellcheck disable=SC2086 # a list
check "the DIMM is onlined" wait_until 20 all_movable $blocks
as_planned "the DIMM"

device=$(memhpctl list -o DEVICE "${blocks%% *}" | tail -n 1)
memhpctl --json plan offline "device:$device" >"$scratch/plan"
equal "without the DIMM: planned" "$? $(planned '[.ejectable, .size]')" \
	"0 [[\"$device\"],$((4 * $(block_bytes)))]"
memhpctl offline "device:$device" >/dev/null
as_planned "without the DIMM"

# What is offline is no part of the ratio, so the same once more.
configure '[online]' 'max_movable_ratio = 0.01' 'beyond_ratio = "kernel"'
systemctl reload memhpd
memhpctl --json plan add "$size" --node 1 >"$scratch/plan"
equal "beyond the ratio: planned" "$(planned '[.parts[] | [.count, .action, .by]]')" \
	'[[4,"kernel","online.beyond_ratio"]]'
before=$blocks
plug 4 1
# shellcheck disable=SC2086 # a list
in_kernel_zone()
{
	[ "$(zones_of $blocks)" = Normal ]
}
check "and it is" wait_until 20 in_kernel_zone
as_planned "beyond the ratio"
diag "blocks $before, then $blocks"
