#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Blocks of 2 GiB, of 16 sections each: numbers, addresses and pages are those of the whole block.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
[ "$(block_bytes)" -eq $((2 << 30)) ] || skip_all "blocks are of $(block_bytes) bytes"
plan 9

leave_offline
module_load
equal "size of a block" "$(status block_size)" $((2 << 30))
equal "blocks of the boot" "$(status blocks_online) $(status blocks)" \
	"$(grep -lx online "$MEMORY"/memory*/state | wc -l) $(block_numbers | wc -l)"
equal "all are early" "$(values early <"$MEMHP/blocks" | sort -u)" 1

plug 1 1
block=${blocks% }
equal "a new one is not" "$(value early "$(block_line "$block")")" 0
mark=$(status seq)
set_state "$block" online_movable
line=$(events "$mark" | grep ' event=online ')
equal "block, address, size" \
	"$(value block "$line") $(value addr "$line") $(value size "$line")" \
	"$block $(printf '0x%x' $((block * (2 << 30)))) $((2 << 30))"
equal "pages of the node" "$(grep '^nid=1 ' "$MEMHP/nodes" | values pages_movable)" 524288
if [ "$(status pages)" = 1 ]; then
	equal "pages of the block" "$(dd if="$MEMHP/pages" bs=4096 count=1 skip="$block" \
		iflag=skip_bytes 2>/dev/null | tr ' ' '\n' | awk -F= '
		$1 ~ /^(free|anon|file|slab|table|huge_free|huge|movable|offline|reserved|other|absent)$/ {
			sum += $2
		}
		END { print sum }')" 524288
else
	skip "no file pages on this kernel"
fi
module_unload
module_load
equal "stock at load" "$(value state "$(block_line "$block")") $(value zone "$(block_line "$block")")" \
	"online Movable"
set_state "$block" offline
equal "offline" "$(value state "$(block_line "$block")") $(status events_offline)" "offline 1"
