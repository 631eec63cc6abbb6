#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Blocks of the boot: the kernel itself, its crash kernel, holes, blocks of several zones, named as
# /proc/iomem names them. What a user without privilege learns.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=explain.sh
. "$(dirname "$0")/explain.sh"

need_root
need_explain
need_memhp

# block_with NAME: the block in which the middle of this resource lies.
block_with()
{
	where=$(sed -n "s/^ *\([0-9a-f]*\)-\([0-9a-f]*\) : $1\$/\1 \2/p" /proc/iomem | head -n 1)
	[ -n "$where" ] || return
	echo $(((0x${where% *} + 0x${where#* }) / 2 / $(block_bytes)))
}

# in_the_way BLOCK NAME: "cannot_go true" where the block cannot go for a reason that the boot has set,
# and that is named.
in_the_way()
{
	explain "$1" "\"\(.verdict) \((.cause | IN(\"reserved\", \"hole\", \"several_zones\")) and
		(.contains | index(\"$2\") != null))\""
}

code=$(block_with "Kernel code")
crash=$(block_with "Crash kernel")
[ -n "$code$crash" ] || skip_all "the kernel shows no addresses"
[ -n "$crash" ] || skip_all "no crash kernel in this machine"
plan 10

equal "the kernel itself" "$(in_the_way "$code" "Kernel code")" "cannot_go true"
equal "the crash kernel" "$(in_the_way "$crash" "Crash kernel")" "cannot_go true"
equal "a hole" "$(verdict 0)" "cannot_go hole"
check "... with its size" [ "$(explain 0 .hole)" -gt 0 ]
check "... as the kernel sees it" sh -c "! echo offline 2>/dev/null >$MEMORY/memory0/state"

module_load
equal "the same with the module" "$(verdict 0)" "cannot_go hole"
check "what was given away at boot does not go" \
	sh -c "! timeout 5 sh -c 'echo offline >$MEMORY/memory$crash/state' 2>/dev/null"

memhpctl explain all >"$explained"
check "all blocks in short" grep -q '^blocks\{0,1\} .*: cannot go: ' "$explained"
setpriv --reuid 65534 --clear-groups memhpctl explain "$crash" >"$explained"
check "without privilege: unknown" sh -c "head -n 1 '$explained' | grep -q 'unknown$'"
check "... and why" grep -q '^not known: what pages are used for: .*denied' "$explained"
