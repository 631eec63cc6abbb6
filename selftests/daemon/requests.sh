#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Requests to memhpd: a client that goes away cancels its request, one with --no-wait does not; an
# online does not wait behind an offline that hangs; only root may change anything.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 10

set_auto_online offline
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
memhpctl offline "$4" >/dev/null

hold "$2"
memhpctl offline "$2" --attempt-deadline 1m >/dev/null 2>&1 &
client=$!
wait_state "$2" going-offline || abort "the offline does not begin"
check "an online passes the offline that hangs" memhpctl online "$4"
check "which is tried again" wait_state "$2" going-offline
kill -INT "$client"
kill -TERM "$client"
wait "$client"
check "a client that goes away cancels" wait_state "$2" online
check "which memhpd says" wait_until 10 daemon_logged "offline $2: 0 of 1 blocks .*cancelled"

memhpctl offline "$2" --no-wait --attempt-deadline 300ms >/dev/null
equal "--no-wait returns" "$?" 0
check "and the request goes on" wait_state "$2" going-offline
release "$held"
check "to its end" wait_state "$2" offline

setpriv --reuid 65534 --regid 65534 --clear-groups memhpctl offline "$1" >/dev/null 2>&1
equal "another user may not offline" "$? $(block_state "$1")" "1 online"
setpriv --reuid 65534 --regid "$(getent group memhp | cut -d: -f3)" --clear-groups \
	memhpctl status | grep -q '^memhpd: running'
equal "a member of the group memhp may read" "$?" 0
equal "others may not" "$(setpriv --reuid 65534 --regid 65534 --clear-groups memhpctl status |
	grep -c '^memhpd: running')" 0
