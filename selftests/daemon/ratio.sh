#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Movable memory is bounded by the kernel memory of the boot: beyond the bound a DIMM stays offline,
# goes into the kernel zone, or is onlined all the same with a warning, as the configuration says. The
# kernel's own decision, under the settings that memhpd gives it, is the same.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_online_policy
plan 16

# With room for four blocks and a half, and BEYOND.
bound()
{
	early=$(memhpctl --json status | jq .ratio.kernel)
	movable=$(memhpctl --json status | jq .ratio.movable)
	configure '[online]' "beyond_ratio = \"$1\"" "max_movable_ratio = $(
		awk -v e="$early" -v m="$movable" -v b="$(block_bytes)" -v n="$2" \
			'BEGIN { printf "%.2f", (m + (n + 0.5) * b) / e }'
	)"
}

beyond_is()
{
	[ "$(daemon_value beyond_ratio)" = "$1" ]
}

set_auto_online offline
# Memory of other tests may be in the kernel zone for good: it counts for nothing.
present=$(awk '/present/ { sum += $2 } END { printf "%.0f", sum * 4096 }' /proc/zoneinfo)
equal "the count is complete" \
	"$(memhpctl --json status | jq '.ratio.kernel + .ratio.kernel_added + .ratio.movable')" "$present"
bound offline 4
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
check "within the bound: movable" wait_until 20 all_movable $blocks
equal "the ratio in status" \
	"$(memhpctl --json status | jq -c '[.ratio.movable, .ratio.standing]')" \
	"[$((movable + 4 * $(block_bytes))),\"within\"]"
first=${blocks%% *}
set_state "$first" offline
set_state "$first" online
equal "the kernel by itself does the same" "$(zone_of "$first")" Movable

plug_dimm 2 1
check "a DIMM beyond it is counted" wait_until 20 beyond_is 2
look
# shellcheck disable=SC2086 # a list
equal "and stays offline" "$(zones_of $blocks)" offline
check "policy show tells why" sh -c \
	"memhpctl policy show | grep -q 'offline by online.beyond_ratio: movable : kernel would be .*, beyond max_movable_ratio'"
check "so does the log" wait_until 10 daemon_logged 'offline by online.beyond_ratio'
look
equal "once" "$(daemon_log | grep -c 'offline by online.beyond_ratio')" 1
# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$1" online
equal "the kernel by itself: not movable" "$(zone_of "$1")" Normal

bound kernel 0
systemctl reload memhpd
check "kernel: the other block goes into the kernel zone" wait_until 20 in_state "$2" online
equal "that is its zone" "$(zone_of "$2")" Normal
equal "and none is in the wrong one" "$(daemon_value wrong_zone) $(daemon_value misplaced)" "0 0"

bound warn 0
systemctl reload memhpd
plug 2 1
# shellcheck disable=SC2086 # a list
check "warn: movable all the same" wait_until 20 all_movable $blocks
check "with a warning" wait_until 10 daemon_logged \
	'is onlined as movable all the same: movable : kernel would be'
check "and in status" sh -c "memhpctl status | grep -q '^ratio: .*BEYOND max_movable_ratio'"
