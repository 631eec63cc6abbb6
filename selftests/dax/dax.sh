#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A dax device under dax/kmem: its first appearance ends kernel mode, its memory is left to its owner
# by default, and a rule takes it; where the kernel has the state file of the whole device, through
# that.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/dax.sh
. "$(dirname "$0")/../lib/dax.sh"

need_root
need_memhpd
need_memhp
need_dax
plan 17

# bind_kmem: its memory becomes memory blocks. Sets blocks.
bind_kmem()
{
	plug_before=$(block_numbers)
	driver=$(basename "$(readlink $DAX/devices/dax0.0/driver)")
	echo dax0.0 >"$DAX/drivers/$driver/unbind"
	echo dax0.0 >$DAX/drivers/kmem/new_id
	wait_until 10 [ -e $DAX/drivers/kmem/dax0.0 ] || abort "kmem does not take dax0.0"
	barrier
	blocks=$(new_blocks | tr '\n' ' ')
	[ -n "$blocks" ] || abort "dax0.0 has no blocks"
}

# unbind_kmem: takes them away.
unbind_kmem()
{
	[ -e $DAX/drivers/kmem/dax0.0 ] || return 0
	if [ -e $DAX/devices/dax0.0/state ]; then
		echo unplugged >$DAX/devices/dax0.0/state
	else
		# shellcheck disable=SC2086 # a list
		offline_all $blocks
	fi
	echo dax0.0 >$DAX/drivers/kmem/unbind
	echo dax0.0 >$DAX/drivers/kmem/remove_id
	echo dax0.0 >$DAX/drivers/device_dax/bind
}

mode_is()
{
	[ "$(daemon_status .mode)" = "$1" ]
}

set_auto_online offline
module_load
configure '[online]' 'mode = "kernel"'
daemon_start
equal "without dax devices the kernel may online" "$(daemon_status .mode)" kernel
make_dax
at_end unbind_kmem
check "the first one ends that" wait_until 10 mode_is daemon
check "memhpctl status says why" sh -c \
	"memhpctl status | grep -q 'online.mode is kernel, but there are dax devices'"
equal "auto_online_blocks" "$(setting auto_online_blocks)" offline
systemctl stop memhpd

# What the kernel would have done is nothing.
configure '[online]' 'owner_grace = "1ms"'
daemon_start
bind_kmem
first=${blocks%% *}
look
look
# shellcheck disable=SC2086 # a list
equal "left to its owner" "$(zones_of $blocks)" offline
equal "source" "$(memhpctl list -o SOURCE "$first" | tail -n 1)" dax-kmem
equal "device" "$(memhpctl list -o DEVICE "$first" | tail -n 1)" dax0.0
check "policy show says why" sh -c \
	"memhpctl policy show | grep -q 'leave by default for dax-kmem'"

# onlined_movable: all blocks of the device are online and movable, and there are as many as there were.
onlined_movable()
{
	now=$(new_blocks | tr '\n' ' ')
	# shellcheck disable=SC2086 # a list
	[ "$now" = "$blocks" ] && all_movable $now
}

mark=$(status seq)
configure '[[online.rule]]' 'source = "dax-kmem"' 'action = "movable"'
systemctl reload memhpd
check "a rule takes it" wait_until 20 onlined_movable
# shellcheck disable=SC2086 # a list
equal "it has onlined each block once" "$(events "$mark" | grep -c ' event=online ')" \
	"$(echo $blocks | wc -w)"
if [ -e $DAX/devices/dax0.0/state ]; then
	equal "through the state of the device" "$(cat $DAX/devices/dax0.0/state)" online_movable
	look
	check "policy show says so" sh -c \
		"memhpctl policy show | grep -q 'movable by rule 1 (source=dax-kmem), as a whole'"
else
	check "block by block" sh -c \
		"memhpctl policy show | grep -q 'movable by rule 1 (source=dax-kmem)\$'"
	equal "by memhpd's writer" \
		"$(events "$mark" | grep ' event=online ' | values comm | sort -u)" memhp-writer
fi
# shellcheck disable=SC2086 # a list
equal "memhpd counts them as its own" \
	"$(daemon_value onlined) $(daemon_value found_online) $(daemon_value wrong_zone)" \
	"$(echo $blocks | wc -w) 0 0"
systemctl stop memhpd
unbind_kmem
equal "the device gives its memory back" "$(new_blocks)" ""

# What the kernel would have done is to online it.
echo online >"$MEMORY/auto_online_blocks"
configure '[online]' 'owner_grace = "3s"'
daemon_start
bind_kmem
look
# shellcheck disable=SC2086 # a list
equal "its owner has time" "$(zones_of $blocks)" offline

# all_online: under the kernel's own default, whatever the zone.
all_online()
{
	# shellcheck disable=SC2046 # a list
	set -- $(new_blocks)
	[ $# -gt 0 ] || return 1
	for online_block in "$@"; do
		in_state "$online_block" online || return 1
	done
}

check "then it gets what the kernel would have done" wait_until 20 all_online
look
# shellcheck disable=SC2046 # a list
equal "in the zone of the kernel's own policy" "$(zones_of $(new_blocks))" Normal
