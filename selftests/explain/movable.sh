#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What keeps a block of the movable zone, planted: a page in a pipe, with and without its owner, one that a
# device still has to fill, and a veto. And what does not: locked memory, tmpfs, a huge page for which there
# is room. Each verdict is held against a real attempt.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/explain.sh
. "$LIB/explain.sh"

need_root
need_explain
need_hotplug
need_memhp
need_module memory-notifier-error-inject
need_module dm-mod
plan 38

leave_offline
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
equal "an offline block" "$(verdict "$1")" "offline none"
set_state "$1" online_movable
module_load
[ "$(status pages)" = 1 ] || skip_all "this kernel does not show references"
equal "a free block" "$(verdict "$1")" "can_go none"
equal "... goes" "$(outcome "$1")" went

hold "$1"
pfn=$(value pfn "$held_pages")
equal "a page in a pipe" "$(verdict "$1")" "cannot_go held_page"
equal "... by its number" "$(jq -r '.blocks[0].held[0].pfn' "$explained")" "$pfn"
equal "... of this process" \
	"$(jq -r '.blocks[0].held[0].owner | "\(.pid) \(.comm) \(.proof)"' "$explained")" \
	"$held holdpage only_owner"
equal "... which is all that the block has" \
	"$(jq -r '.owners.processes[0] | "\(.pid) \(.comm)"' "$explained")" "$held holdpage"
check "... for people" sh -c "memhpctl explain $1 | grep -q '^  page $pfn is held .*: pid $held (holdpage)'"
check "... with what to do" sh -c "memhpctl explain $1 | grep -q 'what to do .*it goes when pid $held'"
equal "... and the kernel fails to move it" "$(outcome "$1")" "migrate 4"
module_unload
equal "without the module nobody knows" "$(verdict "$1")" "unknown unseen"
module_load
release "$held"
equal "let go" "$(verdict "$1")" "can_go none"
equal "... goes" "$(outcome "$1")" went

hold orphan "$1"
equal "a page that nobody maps any more" "$(verdict "$1")" "cannot_go held_page"
equal "... has no owner who could be named" "$(jq -r '.blocks[0].held[0].owner' "$explained")" null
equal "... and that is said" "$(jq -r '.blocks[0].held[0].text' "$explained")" \
	"no process maps it any more; who holds it is not known"
equal "... and the kernel fails to move it" "$(outcome "$1")" "migrate 4"
release "$held"

reads_directly "$1"
equal "a page into which a device reads" "$(verdict "$1")" "cannot_go held_page"
equal "... by its number" "$(jq -r '.blocks[0].held[0].pfn' "$explained")" "$(value pfn "$held_pages")"
equal "... of this process" \
	"$(jq -r '.blocks[0].held[0].owner | "\(.pid) \(.comm) \(.proof)"' "$explained")" \
	"$held holdpage only_owner"
check "... as far as can be known" sh -c "jq -r '.blocks[0].why' '$explained' | grep -q 'its memory, .*I/O'"
equal "... and the kernel fails to move it" "$(outcome "$1")" "migrate 4"
device_answers
check "... until the device has answered" wait_until 20 is_judged "$1" "can_go none"
equal "... goes" "$(outcome "$1")" went
release "$held"

inject_load 0
inject MEM_GOING_OFFLINE 16
set_state "$1" offline
equal "a veto" "$(verdict "$1")" "cannot_go veto"
equal "... and who had asked" \
	"$(jq -r '.blocks[0].last_failure | "\(.stage) \(.errno) \(.by)"' "$explained")" \
	"notifier 16 $(cat /proc/$$/comm)"
inject MEM_GOING_OFFLINE 0
equal "... is over" "$(outcome "$1")" went
equal "... and forgotten" "$(verdict "$1")" "can_go none"

uses lock 1 16
equal "locked memory is no obstacle" "$(verdict "$1")" "can_go none"
check "... it is there" [ "$(jq -r '.blocks[0].pages.unevictable' "$explained")" -ge 4096 ]
equal "... the block goes" "$(outcome "$1")" went
release "$user"

mkdir /tmp/memhp-explain.$$
at_end "rmdir /tmp/memhp-explain.$$"
mount -t tmpfs -o mpol=bind:1 tmpfs /tmp/memhp-explain.$$ || abort "no tmpfs"
at_end "umount /tmp/memhp-explain.$$"
dd if=/dev/zero of=/tmp/memhp-explain.$$/file bs=1M count=16 2>/dev/null
equal "nor is a tmpfs" "$(verdict "$1")" "can_go none"
check "... it is there" [ "$(jq -r '.blocks[0].pages.shmem' "$explained")" -ge 4096 ]
equal "... the block goes" "$(outcome "$1")" went

pool=/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
echo 4 >$pool
at_end "echo 0 >$pool"
uses huge 1 2048 2
equal "nor is a huge page for which there is room" "$(verdict "$1")" "can_go none"
equal "... it is there" \
	"$(jq -r '.blocks[0].pages.huge_pages[0] | "\(.pages) \(.count) \(.mapped)"' "$explained")" \
	"512 4 2"
equal "... the block goes" "$(outcome "$1")" went
equal "back, and empty" "$(explain "$1" '.pages.huge')" 0
release "$user"
