#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What keeps a block of a kernel zone, planted: a fixed buffer of an io_uring, page tables, the kernel's
# allocator. Each verdict is held against a real attempt.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/explain.sh
. "$LIB/explain.sh"

need_root
need_explain
need_hotplug
need_memhp
plan 11

leave_offline
# Its memory stays in use, so it stays.
plug_dimm 1 1
block=${blocks% }
set_state "$block" online_kernel
module_load
[ "$(status pages)" = 1 ] || skip_all "this kernel does not show references"
# Recent kernels have slab in the first memory of a node as soon as it is online.
first=$(verdict "$block")
case $first in
"can_go none") truth=went ;;
"cannot_go slab") truth="isolate 16" ;;
*) truth="'can_go none' or 'cannot_go slab'" ;;
esac
equal "a block that nobody uses yet: $first" "$(outcome "$block")" "$truth"

hold fixed "$block"
# Memory of the kernel may be there by now as well.
equal "a fixed buffer" "$(explain "$block" .verdict)" cannot_go
check "... is named" sh -c "jq -r '.blocks[0].why' '$explained' | grep -q 'pid $held (holdpage): a fixed buffer'"
equal "... of this process" \
	"$(jq -r '.blocks[0].held[0].owner | "\(.pid) \(.comm) \(.proof)"' "$explained")" \
	"$held holdpage fixed_buffer"
equal "... which pins it" "$(jq -r '.blocks[0].held[0].pinned' "$explained")" true
check "... does not go" stays "$block"
release "$held"

uses table 1 2000
equal "page tables" "$(verdict "$block")" "cannot_go page_tables"
check "... so many" [ "$(jq -r '.blocks[0].pages.table' "$explained")" -ge 2000 ]
equal "... do not go" "$(outcome "$block")" "isolate 16"
release "$user"

mkdir /tmp/memhp-explain.$$
at_end "rm -rf /tmp/memhp-explain.$$"
# shellcheck disable=SC2016 # for that shell
numactl --membind=1 sh -c 'cd "$0" && i=0 && while [ $i -lt 4000 ]; do : >$i; i=$((i + 1)); done' \
	/tmp/memhp-explain.$$
equal "the kernel's allocator" "$(verdict "$block")" "cannot_go slab"
equal "... does not go" "$(outcome "$block")" "isolate 16"
