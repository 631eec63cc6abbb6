#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The host asks for a DIMM and the kernel gives up: memhpd offlines and ejects it once that goes, or puts
# everything back at the deadline, also over a SIGKILL. A kernel worker that does not end is reported
# with the pages that hold it, and ended where the module permits it.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
need_module memory-notifier-error-inject
plan 26

# comes: a DIMM of four blocks, onlined by memhpd.
comes()
{
	plug 4 1
	# shellcheck disable=SC2086 # a list
	wait_until 20 all_movable $blocks || abort "the DIMM is not online"
}

# asked: the host asks for it, and hears that it does not get it.
asked()
{
	hotplug del-dimm "$dimm" || abort "the host does not ask"
	wait_until 30 told 130 || abort "the kernel does not give up"
}

is_stuck()
{
	[ "$(daemon_status .stuck.block)" = "$1" ]
}

# The module names pages where this kernel lets it.
holder_is_known()
{
	[ "$(status pages)" = 0 ] ||
		daemon_status .stuck.held | grep -q "$(value pfn "$held_pages"):anon:"
}

# The search for the owner takes a moment.
owner_is_known()
{
	[ "$(status pages)" = 0 ] ||
		[ "$(daemon_status "[.stuck.pages[]?.owner.pid] | index($held) != null")" = true ]
}

# as_member FILTER: daemon_status for one who is not root and may read.
as_member()
{
	setpriv --reuid 65534 --regid memhp --clear-groups memhpctl --json status |
		jq -r ".daemon | $1"
}

# Without the module: by the kernel's log.
set_auto_online offline
configure '[unplug]' 'deadline = "5m"' '[offline.backoff]' 'max = "500ms"'
daemon_start
before=$(daemon_status .deliberately_offline)
inject_load 0
comes
inject MEM_GOING_OFFLINE 16
asked
check "the failure is noticed" wait_until 20 unplugs_are 1
check "the status names the device" sh -c "memhpctl status | grep -q '^unplug of PNP0C80:'"
inject MEM_GOING_OFFLINE 0
check "what was in the way is gone: so is the DIMM" gone "$dimm" 30
check "and it is over" wait_until 10 unplugs_are 0
equal "as memhpd counts" "$(daemon_status '"\(.unplugs_asked) \(.unplugs_done) \(.unplugs_given_up)"')" "1 1 0"
check "and tells" daemon_logged '^unplug of PNP0C80:.*: given back after'

# All of it comes back.
configure '[unplug]' 'deadline = "3s"'
systemctl reload memhpd
comes
inject MEM_GOING_OFFLINE 16
asked
check "out of time: it is given up" wait_until 30 daemon_logged 'given up after .*: out of time'
inject MEM_GOING_OFFLINE 0
# shellcheck disable=SC2086 # a list
check "and all of it is where it was" wait_until 20 all_movable $blocks
equal "nothing counts as taken offline on purpose" "$(daemon_status .deliberately_offline)" "$before"

# A killed memhpd: the next one goes on.
configure '[unplug]' 'deadline = "5m"' '[offline.backoff]' 'max = "500ms"'
systemctl reload memhpd
no_restart
# shellcheck disable=SC2086 # a list
set -- $blocks
hold "$3"
inject MEM_GOING_OFFLINE 16
asked
wait_until 20 unplugs_are 1 || abort "the failure is not noticed"
inject MEM_GOING_OFFLINE 0
check "blocks before the held one go" wait_until 20 in_state "$1" offline
daemon_kill
release "$held"
daemon_start
check "a killed memhpd: the next one goes on" gone "$dimm" 60
check "to the end" wait_until 10 unplugs_are 0

# A worker that does not end, with the module.
module_load
comes
# shellcheck disable=SC2086 # a list
set -- $blocks
hold "$2"
hotplug del-dimm "$dimm" || abort "the host does not ask"
check "a worker that does not end is found" wait_until 30 is_stuck "$2"
equal "who" "$(daemon_status .stuck.work)" acpi_hotplug_work_fn
check "and what holds it, as far as the module tells" holder_is_known
check "and whose it is" wait_until 20 owner_is_known
equal "which only root is told" "$(as_member '"\(.stuck.block) \(.stuck.held) \(.stuck.pages)"')" \
	"$2 null null"
check "the status says so" sh -c "memhpctl status | grep -q '^block $2: a kernel worker'"
equal "nobody signals it" "$(daemon_status .stuck.signalled)" false
check "and how it would" daemon_logged "abortable=1 would let memhpd"
release "$held"
check "it ends when the page is free" gone "$dimm" 30
check "and is not stuck any more" wait_until 10 is_stuck null

module_unload
module_load_with abortable=1
comes
# shellcheck disable=SC2086 # a list
set -- $blocks
hold "$2"
asked
check "abortable: memhpd has ended it" daemon_logged "block $2: SIGTERM to pid"
check "and works on it" wait_until 20 unplugs_are 1
release "$held"
check "and ejects it when the page is free" gone "$dimm" 60
check "the module can go" module_unload
