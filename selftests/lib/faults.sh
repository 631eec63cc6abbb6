# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Objections to what the kernel is about to do, to be sourced by memhp.sh: the injector of the kernel
# for memory notifiers, and the test module memhp_veto for any.

INJECT=$DEBUGFS/notifier-error-inject/memory/actions

# --- Failing notifiers ----------------------------------------------------------------------------

# inject_load PRIORITY: loads the notifier that fails on demand.
inject_load()
{
	at_end inject_unload
	modprobe memory-notifier-error-inject "priority=$1"
}

inject_unload()
{
	modprobe -q -r memory-notifier-error-inject 2>/dev/null || :
}

# inject ACTION ERRNO: 0 ends it.
inject()
{
	echo "-$2" >"$INJECT/$1/error"
}

# --- Vetoes ---------------------------------------------------------------------------------------

VETO=/sys/module/memhp_veto/parameters/veto
VETO_KO=$(dirname "$0")/../kmod/memhp_veto.ko

need_veto()
{
	[ -f "$VETO_KO" ] || skip_all "no test module $VETO_KO"
}

# veto_load PRIORITY: loads the notifier that objects to any action; 2147483647 is the highest.
veto_load()
{
	at_end veto_unload
	insmod "$VETO_KO" "priority=$1"
}

veto_unload()
{
	[ ! -d /sys/module/memhp_veto ] || rmmod memhp_veto
}

# veto_knows ACTION: whether this kernel has it.
veto_knows()
{
	grep -q "^$1 " "$VETO"
}

# veto ACTION ANSWER: an errno, "bad" or "stop"; 0 ends it.
veto()
{
	echo "$1 $2" >"$VETO"
}

# --- Failed ejections -----------------------------------------------------------------------------

# stuck BLOCK: the firmware's worker has tried this block for a while.
stuck()
{
	[ "$(status op_block) $(status op_work)" = "$1 acpi_hotplug_work_fn" ]
}

# told STATUS: the host has heard that of the DIMM of plug().
told()
{
	# shellcheck disable=SC2154 # set by plug()
	[ "$(hotplug ost "$dimm" 2>/dev/null)" = "$1" ]
}

# fail_unplug BLOCK: an unplug of the DIMM of plug() that fails at this block, with the module loaded
# as abortable. Sets mark to the number of events before.
fail_unplug()
{
	hold "$1"
	# shellcheck disable=SC2034 # for the tests
	mark=$(status seq)
	hotplug del-dimm "$dimm" || abort "the host does not ask"
	wait_until 30 stuck "$1" || abort "the unplug does not get to memory$1"
	kill -TERM "$(status op_pid)"
	wait_until 30 told 130 || abort "the unplug does not end"
	barrier
	# shellcheck disable=SC2154 # set by hold()
	release "$held"
}
