#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# On a machine without a host to plug in memory the module's tests borrow movable blocks that are
# there, and put them back.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
plan 5

leave_offline
plug 4 1
# shellcheck disable=SC2086 # a list
set -- $blocks
for number in "$@"; do
	set_state "$number" online_movable || abort "memory$number does not go online"
done

# A machine without a host, as far as the tests can see.
hidden=$(mktemp -d)
at_end "rm -rf $hidden"
printf '#!/bin/sh\nexit 4\n' >"$hidden/hotplug"
chmod +x "$hidden/hotplug"

# run PROGRAM: exit status of a test of the module.
run()
{
	PATH=$hidden:$PATH "$(dirname "$0")/../kmod/$1" >"$hidden/output" 2>&1
	run_status=$?
	[ "$run_status" -eq 0 ] || diag "$(cat "$hidden/output")" >&2
	echo "$run_status"
}

for program in events outcomes unload; do
	equal "$program.sh with borrowed blocks" "$(run "$program.sh" | tail -n 1)" 0
done
equal "what needs a host is skipped" "$(run node.sh | tail -n 1)" 4
equal "the borrowed blocks are back" "$(online_movable_blocks | tr '\n' ' ')" "$* "
