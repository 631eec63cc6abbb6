#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Requests that meet: two on the same blocks, which both go or of which one fails, one on a device that the host wants back, blocks that vanish
# under a request. Each ends as it should, and no block is taken twice.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
need_module memory-notifier-error-inject
plan 17

one=$(mktemp)
other=$(mktemp)
at_end "rm -f $one $other"

comes()
{
	plug 4 1
	# shellcheck disable=SC2086 # a list
	wait_until 20 all_movable $blocks || abort "the DIMM is not online"
}

requests_are()
{
	[ "$(daemon_status '"\(.requests | length) \(.unplugs | length)"')" = "$1" ]
}

# all_or_nothing TARGET…: leaves it to memhpd; the number of the request.
all_or_nothing()
{
	memhpctl offline "$@" --all-or-nothing --no-wait |
		sed -n 's/.*as request \([0-9]*\);.*/\1/p'
}

set_auto_online offline
module_load_with abortable=1
configure '[offline]' 'attempt_deadline = "500ms"' '[offline.backoff]' 'max = "300ms"'
daemon_start
inject_load 0

# Two on the same blocks: the veto lets them begin together.
comes
# shellcheck disable=SC2086 # a list
set -- $blocks
inject MEM_GOING_OFFLINE 16
memhpctl offline "$1-$3" >"$one" 2>&1 &
first=$!
memhpctl offline "$2-$4" --all-or-nothing >"$other" 2>&1 &
second=$!
wait_until 20 requests_are "2 0" || abort "not both begin"
inject MEM_GOING_OFFLINE 0
wait "$first"
equal "two on the same blocks: one is done" "$?" 0
wait "$second"
equal "and the other" "$?" 0
equal "all is offline" "$(zones_of "$@")" offline
equal "by one offline a block" "$(attempts_of "$@" | cut -d' ' -f1,2)" "4 4"

# An offline and an online of the same block: the later one has the last word.
memhpctl online "$@" >/dev/null
hold "$2"
memhpctl offline "$1-$2" --no-wait >/dev/null
wait_until 20 in_state "$1" offline || abort "the offline does not begin"
check "an online of what an open request has taken" memhpctl online "$1"
release "$held"
check "the request ends" wait_until 20 requests_are "0 0"
equal "and leaves it online" "$(zones_of "$1") $(zones_of "$2")" "Movable offline"
memhpctl online "$2" >/dev/null

# Two of which one fails: what the other counts on stays.
hold "$4"
first=$(all_or_nothing "$1" "$4")
wait_until 20 in_state "$1" offline || abort "the offline does not begin"
second=$(all_or_nothing "$1" "$4")
memhpctl cancel "$first"
check "one of two has failed" wait_until 20 requests_are "1 0"
equal "what the other counts on is not put back" "$(zones_of "$1")" offline
memhpctl cancel "$second"
check "the last to fail puts it back" wait_until 20 in_state "$1" online
wait_until 20 requests_are "0 0" || abort "the request does not end"
first=$(all_or_nothing "$1" "$4")
wait_until 20 in_state "$1" offline || abort "the offline does not begin"
check "another is done with it" memhpctl offline "$1" "$2" --all-or-nothing
memhpctl cancel "$first"
wait_until 20 requests_are "0 0" || abort "the request does not end"
equal "and it stays as that was told" "$(zones_of "$1" "$2") $(zones_of "$4")" "offline Movable"
release "$held"
memhpctl online "$1" "$2" >/dev/null

# The host wants back what a request works on.
hold "$3"
memhpctl offline "$1-$4" --all-or-nothing >"$one" 2>&1 &
first=$!
wait_until 20 in_state "$1" offline || abort "the offline does not begin"
hotplug del-dimm "$dimm" || abort "the host does not ask"
wait_until 30 told 130 || abort "the kernel does not give up"
check "a request and an unplug of the same blocks go side by side" wait_until 20 requests_are "2 1"
release "$held"
check "the host has it back" gone "$dimm" 60
wait "$first"
equal "and the request is done" "$?" 0
diag "$(cat "$one")"

# The device goes, by the kernel alone, while a request tries it.
module_unload
configure '[offline]' 'attempt_deadline = "500ms"' '[offline.backoff]' 'max = "300ms"' \
	'[unplug]' 'retry = false'
systemctl reload memhpd
comes
# shellcheck disable=SC2086 # a list
set -- $blocks
hold "$3"
memhpctl offline "$3" "$4" >"$one" 2>&1 &
first=$!
wait_until 20 in_state "$4" offline || abort "the offline does not begin"
hotplug del-dimm "$dimm" || abort "the host does not ask"
release "$held"
check "blocks vanish under a request" gone "$dimm" 60
wait "$first"
equal "which is done then" "$?" 0
