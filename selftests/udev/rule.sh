#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The udev rule onlines a DIMM as movable where no memhpd runs, stands back where one does, and takes
# over again when memhpd was killed.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

RULE=/usr/lib/udev/rules.d/80-memhp.rules

need_root
need_hotplug
[ -e "$RULE" ] || skip_all "the rule is not installed"
systemctl is-active -q systemd-udevd || skip_all "no udevd"
need_memhpd
plan 6

if udevadm verify --help >/dev/null 2>&1; then
	check "udevadm verify" udevadm verify "$RULE"
else
	skip "udevadm verify: this udevadm has no such verb"
fi
check "built-in match keys only" sh -c "! grep -Eq '(PROGRAM|RUN|IMPORT)' $RULE"

set_auto_online offline
plug 4 1
# shellcheck disable=SC2086 # a list
check "alone: movable" wait_until 20 all_movable $blocks

configure '[online]' 'action = "leave"'
daemon_start
plug 2 1
look
udevadm settle
# shellcheck disable=SC2086 # a list
equal "memhpd leaves a DIMM offline: so does the rule" "$(zones_of $blocks)" offline

no_restart
kill -KILL "$(daemon_pid)"
check "memhpd is killed: its marker is gone" wait_until 10 [ ! -e /run/memhpd/active ]
plug 2 1
# shellcheck disable=SC2086 # a list
check "and the rule onlines again" wait_until 20 all_movable $blocks
