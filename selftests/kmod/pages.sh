#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The file "pages" accounts for every page of a block, by what it is used for, and names the page that
# somebody holds.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
module_load
[ "$(status pages)" = 1 ] || skip_all "not on this kernel"
plan 19

leave_offline
plug 3 1
# shellcheck disable=SC2086 # a list
set -- $blocks
pages=$(($(block_bytes) / $(getconf PAGESIZE)))
set_state "$1" online_movable
set_state "$2" online_movable

# census BLOCK: its line, by one read at its number.
census()
{
	dd if="$MEMHP/pages" bs=4096 count=1 skip="$1" iflag=skip_bytes 2>/dev/null
}

# kind BLOCK KEY
kind()
{
	census "$1" | values "$2"
}

total()
{
	census "$1" | tr ' ' '\n' | awk -F= '
		$1 ~ /^(free|anon|file|slab|table|huge_free|huge|movable|offline|reserved|other|absent)$/ {
			sum += $2
		}
		END { print sum }'
}

equal "the block that was asked for" "$(kind "$1" block)" "$1"
equal "each page is of one kind" "$(total "$1")" "$pages"
equal "... in every block" "$(for number in $(block_numbers); do total "$number"; done | sort -u)" \
	"$pages"
equal "an offline block has no pages" "$(kind "$3" absent)" "$pages"
check "an empty block is free" [ "$(kind "$2" free)" -gt $((pages * 95 / 100)) ]
equal "nothing in it is held" "$(kind "$2" held) $(kind "$2" held_first)" "0 -"
check "memory of the boot has reserved pages" [ "$(kind 0 reserved)" -gt 0 ]
all=$(cat "$MEMHP/pages")
check "the kernel's memory is seen" \
	[ "$(echo "$all" | values slab | awk '{ sum += $1 } END { print sum }')" -gt 1000 ]
equal "all blocks, one a read" "$(echo "$all" | values block)" "$(block_numbers)"
equal "behind the last block" "$(census $(($(block_numbers | tail -n 1) + 1)))" ""
equal "a buffer that is too small" \
	"$(dd if="$MEMHP/pages" bs=64 count=1 2>&1 >/dev/null | sed -n 's/.*: //;1p')" \
	"Invalid argument"

mkdir /tmp/memhp-pages.$$
at_end "rmdir /tmp/memhp-pages.$$"
mount -t tmpfs -o mpol=bind:1 tmpfs /tmp/memhp-pages.$$ || abort "no tmpfs"
at_end "umount /tmp/memhp-pages.$$"
files()
{
	echo $(($(kind "$1" file) + $(kind "$2" file)))
}
before=$(files "$1" "$2")
dd if=/dev/zero of=/tmp/memhp-pages.$$/file bs=1M count=32 2>/dev/null
grown=$(($(files "$1" "$2") - before))
check "32 MiB of a file" [ "$grown" -ge 8192 ]
check "... and not much more" [ "$grown" -lt 8300 ]
rm /tmp/memhp-pages.$$/file

hold "$1"
# Pages that the holder touched and gave back wait in per-CPU lists; this empties them.
echo 1 >/proc/sys/vm/compact_memory
echo 1 >/proc/sys/vm/drop_caches
equal "one page is held" "$(kind "$1" held)" 1
set -- "$1" "$2" "$3" "$(kind "$1" held_first | tr ':' ' ')"
# shellcheck disable=SC2086 # fields
set -- "$1" "$2" "$3" $4
equal "by its number" "$4" "$(value pfn "$held_pages")"
equal "its kind" "$5" anon
check "it has one reference more than is accounted for" [ "$6" -eq $(($7 + 1)) ]
equal "the block beside is not touched by it" "$(kind "$2" held)" 0
release "$held"
equal "held no longer" "$(kind "$1" held)" 0
