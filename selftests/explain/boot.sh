#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Blocks of the boot: the kernel itself, its crash kernel, tables of ACPI, holes, blocks of several zones,
# named as /proc/iomem names them, and none of them goes. What a user without privilege learns.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/explain.sh
. "$LIB/explain.sh"

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

# refused BLOCK: the kernel does not even begin to move pages.
refused()
{
	case $(outcome "$1") in
	"isolate 16" | "check 22") ;;
	*) return 1 ;;
	esac
}

# of_two_zones: a block of the boot in which one zone ends and the next begins, without a hole: not the first
# block, nor the last, behind which the firmware has its tables.
of_two_zones()
{
	for number in $(block_numbers | sed '1d;$d'); do
		read_block "$number" valid_zones
		[ "$content" != none ] || echo "$number"
	done
}

code=$(block_with "Kernel code")
crash=$(block_with "Crash kernel")
tables=$(block_with "ACPI Tables")
[ -n "$code$crash" ] || skip_all "the kernel shows no addresses"
[ -n "$crash" ] || skip_all "no crash kernel in this machine"
[ -n "$tables" ] || skip_all "no tables of ACPI in this machine"
plan 16

module_load
equal "the kernel itself" "$(in_the_way "$code" "Kernel code")" "cannot_go true"
check "... does not go" refused "$code"
equal "the crash kernel" "$(in_the_way "$crash" "Crash kernel")" "cannot_go true"
check "... does not go" refused "$crash"
equal "tables of ACPI" "$(in_the_way "$tables" "ACPI Tables")" "cannot_go true"
check "... do not go" refused "$tables"
equal "a hole" "$(verdict 0)" "cannot_go hole"
check "... with its size" [ "$(jq '.blocks[0].hole' "$explained")" -gt 0 ]
equal "... does not go" "$(outcome 0)" "check 22"
mixed=$(of_two_zones | grep -vx "$tables")
equal "two zones" "$(verdict "${mixed:-none}")" "cannot_go several_zones"
equal "... do not go" "$(outcome "${mixed:-none}")" "check 22"
module_unload
equal "the same without the module" "$(verdict 0)" "cannot_go hole"

memhpctl explain all >"$explained"
tells "all blocks in short" '^blocks\{0,1\} .*: cannot go: ' "$explained"
tells "... those of two zones too" 'cannot go: it lies in several zones' "$explained"
setpriv --reuid 65534 --clear-groups memhpctl explain "$crash" >"$explained"
check "without privilege: unknown" sh -c "head -n 1 '$explained' | grep -q 'unknown$'"
tells "... and why" '^not known: what pages are used for: .*denied' "$explained"
