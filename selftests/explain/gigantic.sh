#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A gigantic page in use keeps its blocks until there is another one elsewhere.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/explain.sh
. "$LIB/explain.sh"

need_root
need_explain
need_hotplug
need_memhp
pool=/sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages
[ -e "$pool" ] || skip_all "no gigantic pages of 1 GiB"
plan 4

leave_offline
# Wherever it begins, there is a whole one in it.
plug $((((2 << 30) - 1) / $(block_bytes) + 1)) 1
for block in $blocks; do
	set_state "$block" online_kernel
done
module_load
echo 1 >$pool
at_end "echo 0 >$pool"
[ "$(cat $pool)" = 1 ] || skip_all "no gigantic page is to be had"
for block in $blocks; do
	[ "$(explain "$block" .pages.huge)" = 0 ] || break
done
equal "a free one" "$(verdict "$block")" "can_go none"
check "... fills the block" [ "$(jq -r '.blocks[0].pages.free' "$explained")" -eq 0 ]
uses huge 1 1048576 1
equal "in use" "$(verdict "$block")" "cannot_go huge_page"
check "... does not go" stays "$block"
release "$user"
