#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel booted with memhp_default_state=online_movable. memhpd takes over, puts that back whenever it ends,
# and with the policy "leave" keeps nothing offline that would be online without it.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
grep -q memhp_default_state=online_movable /proc/cmdline ||
	skip_all "the machine was not booted for this test"
plan 14

found="the kernel's default"
equal "$found" "$(setting auto_online_blocks)" online_movable
module_load
no_restart
daemon_start
equal "$found while memhpd runs" "$(setting auto_online_blocks)" offline
plug 4 1
# shellcheck disable=SC2086 # a list
check "a DIMM is onlined" wait_until 20 all_movable $blocks
# shellcheck disable=SC2086 # a list
equal "by memhpd, one attempt a block" "$(attempts_of $blocks) $(daemon_value onlined)" "4 0 0 4"

# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$1" offline
memhpctl offline "$2" >/dev/null
look
look
equal "what was taken offline stays so" "$(zones_of "$1" "$2")" offline
daemon_kill
equal "after SIGKILL: $found" "$(setting auto_online_blocks)" online_movable
equal "what was taken offline stays so" "$(zones_of "$1" "$2")" offline
daemon_start
look
equal "after another start: the same" "$(zones_of "$1" "$2") $(zones_of "$3" "$4")" "offline Movable"
systemctl stop memhpd
equal "after a stop: $found" "$(setting auto_online_blocks)" online_movable
equal "what was taken offline stays so" "$(zones_of "$1" "$2")" offline

plug 2 1
# shellcheck disable=SC2086 # a list
equal "without memhpd the kernel onlines a DIMM" "$(zones_of $blocks) $(attempts_of $blocks)" \
	"Movable 2 0 0"

configure '[online]' 'action = "leave"' 'owner_grace = "1s"'
daemon_start
plug 2 1
# shellcheck disable=SC2086 # a list
check "leave: after the grace so does memhpd" wait_until 20 all_movable $blocks
configure '[online]' 'action = "leave"' 'owner_grace = "1h"'
systemctl reload memhpd
plug 2 1
look
# shellcheck disable=SC2086 # a list
equal "leave: in the grace it is the owner's" "$(zones_of $blocks)" offline
systemctl stop memhpd
# shellcheck disable=SC2086 # a list
equal "leave: at a stop it gets online at once" "$(zones_of $blocks)" Movable
