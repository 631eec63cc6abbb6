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
