#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel that is locked down after the module was loaded: its files stay readable, and it goes on
# recording. (A signed module is loaded in the same way on a machine with Secure Boot.)

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

SECURITY=/sys/kernel/security

need_root
need_hotplug
need_memhp
mountpoint -q "$SECURITY" || mount -t securityfs securityfs "$SECURITY" || skip_all "no securityfs"
[ -w "$SECURITY/lockdown" ] || skip_all "a kernel without lockdown"
plan 14

leave_offline
module_load
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$1" online_movable
# A file that lockdown hides, for comparison: mode 0644.
for plain in "$DEBUGFS"/fault_around_bytes "$DEBUGFS"/sched/verbose "$DEBUGFS"/x86/*; do
	[ "$(stat -c %a "$plain" 2>/dev/null)" != 644 ] || break
done
check "a writable file is readable before" sh -c "cat '$plain' >/dev/null"

echo integrity >"$SECURITY/lockdown" || abort "the kernel cannot be locked down"
equal "locked down" "$(cat "$SECURITY/lockdown")" "none [integrity] confidentiality"
check "... and means it" sh -c "! cat '$plain' >/dev/null 2>&1"

for file in abi status blocks nodes latency; do
	check "$file is readable" sh -c "[ -n \"\$(cat $MEMHP/$file)\" ]"
done
equal "events is readable" "$(names 0 "$1")" "going_online online node_online"
if [ "$(status pages)" = 1 ]; then
	check "pages is readable" sh -c "[ -n \"\$(cat $MEMHP/pages)\" ]"
else
	skip "no file pages on this kernel"
fi
mark=$(status seq)
set_state "$2" online_movable
equal "records go on" "$(names "$mark" "$2")" "going_online online"
equal "every file is read-only" "$(stat -c %a "$MEMHP"/* | sort -u)" 400
check "the module can be unloaded" module_unload
equal "and nothing is left" "$(ls "$MEMHP" 2>/dev/null)" ""
