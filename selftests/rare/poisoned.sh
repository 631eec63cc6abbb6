#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A broken page: its block goes. Kernels since 6.2 do not take it back; older ones do, and have forgotten
# which page was broken.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/explain.sh
. "$LIB/explain.sh"

need_root
need_explain
need_hotplug
need_memhp
[ -e "$MEMORY/hard_offline_page" ] || skip_all "this kernel has no hard_offline_page"
plan 6

leave_offline
plug 1 1
block=${blocks% }
set_state "$block" online_movable
module_load
printf '0x%x' $((block * $(block_bytes) + $(block_bytes) / 2)) >"$MEMORY/hard_offline_page" ||
	abort "the page cannot be broken"
said=$(verdict "$block")
equal "a broken page is seen" "$(jq '.blocks[0].pages.poisoned' "$explained")" 1
memhpctl offline --trial "$block" >"$explained" 2>&1
equal "a trial is refused" "$? $(grep -c 'broken' "$explained") $(block_state "$block")" "1 1 online"

set_state "$block" offline
equal "the block goes" "$(block_state "$block")" offline
if set_state "$block" online_movable; then
	equal "it comes back, as was said" "$said" "can_go poisoned"
	equal "... and nobody knows which page was broken" "$(verdict "$block")" "can_go none"
	equal "... not even the kernel" "$(jq '.blocks[0].pages.poisoned' "$explained")" 0
else
	equal "it does not come back, as was said" "$said" "can_go_cannot_come_back poisoned"
	equal "... for this reason" \
		"$(value stage "$(block_line "$block")") $(value err "$(block_line "$block")")" "check 133"
	equal "... and stays away" "$(block_state "$block") $(verdict "$block")" "offline offline none"
fi
