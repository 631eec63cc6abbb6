#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# An unplug by the firmware that cannot end, because a page is held: with abortable=1 a SIGTERM to its
# kernel worker ends it, all of it, the memory stays online and the host is told "busy"; without it
# the signal changes nothing. Other requesters are as they always were.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_hotplug
need_memhp
plan 23

leave_offline
plug 4 1
# shellcheck disable=SC2086 # a list
set -- $blocks
for block in "$@"; do
	set_state "$block" online_movable
done

idle()
{
	[ -z "$(status op)" ]
}

states()
{
	for block in "$@"; do
		block_state "$block"
	done | sort | uniq -c | sed 's/^ *//'
}

failed_moves()
{
	sed -n 's/^pgmigrate_fail //p' /proc/vmstat
}

moves_failed()
{
	[ "$(failed_moves)" -ge "$1" ]
}

# goes_on: the kernel has tried many times more to move the held page.
goes_on()
{
	wait_until 20 moves_failed $(($(failed_moves) + 20))
}

module_load
equal "off by default" "$(status abortable)" 0
hold "$2"
hotplug del-dimm "$dimm" || abort "the host does not ask"
wait_until 30 stuck "$2" || abort "the unplug does not get to memory$2"
worker=$(status op_pid)
kill -TERM "$worker"
check "off: the kernel goes on" goes_on
check "off: the worker does not take the signal" stuck "$2"
equal "off: nothing is pending" "$(sed -n 's/^SigPnd:\t//p;s/^ShdPnd:\t//p' "/proc/$worker/status" | sort -u)" \
	0000000000000000
release "$held"
check "off: it ends when the page is free" gone "$dimm" 30
module_unload

module_load_with abortable=1
equal "on: status" "$(status abortable)" 1
plug 4 1
# shellcheck disable=SC2086 # a list
set -- $blocks
for block in "$@"; do
	set_state "$block" online_movable
done
hold "$2"
mark=$(status seq)
hotplug del-dimm "$dimm" || abort "the host does not ask"
wait_until 30 stuck "$2" || abort "the unplug does not get to memory$2"
check "on: the module cannot be unloaded meanwhile" sh -c '! rmmod memhp 2>/dev/null'
worker=$(status op_pid)
kill -TERM "$worker"
check "on: one signal ends the work" wait_until 20 told 130
barrier
check "on: no operation runs" idle
equal "on: every block is online again" "$(states "$@")" "4 online"
equal "on: the attempts on the held block" \
	"$(events "$mark" | grep " event=offline_failed block=$2 " | values stage | sort -u)" migrate
equal "on: their error" \
	"$(events "$mark" | grep " event=offline_failed block=$2 " | values err | sort -u)" 4
equal "on: the worker has forgotten the signal" \
	"$(sed -n 's/^SigPnd:\t//p;s/^ShdPnd:\t//p' "/proc/$worker/status" | sort -u)" 0000000000000000
barrier
check "on: the kernel does not try again" idle

# The next request is another piece of work, which has taken no signal yet.
mark=$(status seq)
hotplug del-dimm "$dimm" || abort "the host does not ask"
wait_until 30 stuck "$2" || abort "the unplug does not get to memory$2 again"
check "on: the next unplug goes on" goes_on
check "on: it is not ended by the signal before" stuck "$2"
kill -TERM "$(status op_pid)"
check "on: but by its own" wait_until 20 told 130
barrier

# A request by sysfs is not the firmware's.
sh -c "trap '' TERM; echo offline >$MEMORY/memory$2/state" 2>/dev/null &
writer=$!
writing()
{
	[ "$(status op_block) $(status op_comm)" = "$2 sh" ]
}
wait_until 20 writing "$@" || abort "the offline by sysfs did not begin"
kill -TERM "$writer"
check "on: the kernel goes on for a writer that ignores the signal" goes_on
check "on: the writer is still at it" writing "$@"
kill -KILL "$writer"
wait "$writer"
check "on: and ends when it is killed" wait_until 10 idle

release "$held"
hotplug del-dimm "$dimm" || abort "the host does not ask"
check "on: the unplug succeeds when the page is free" gone "$dimm" 30
check "on: the module goes, and nothing holds it" module_unload
equal "no complaint of the kernel" "$(dmesg | grep -ci 'warning:\|bug:')" 0
