#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What somebody took offline stays offline, by whatever way (state, memhpctl, chmem): through looks at the
# machine, a restart and a kill of the daemon. A DIMM that is taken out and plugged in again begins anew.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 14

set_auto_online offline
daemon_start
before=$(daemon_value deliberately_offline)
plug 12 1
# shellcheck disable=SC2086 # a list
check "a DIMM is onlined" wait_until 20 all_movable $blocks
# shellcheck disable=SC2086 # a list
set -- $blocks

set_state "$1" offline
look
equal "echo offline: offline after a look" "$(block_state "$1")" offline
look
equal "and after another" "$(block_state "$1")" offline
memhpctl offline "$2" >/dev/null
look
equal "memhpctl offline: the same" "$(block_state "$2")" offline

# From the top of the machine's memory down, which is the DIMM's.
chmem -d 1g >/dev/null
result=$?
rest=$(shift 4 && echo "$@")
# shellcheck disable=SC2086 # a list
equal "chmem -d 1g" "$result $(zones_of $rest)" "0 offline"
look
look
# shellcheck disable=SC2086 # a list
equal "chmem: offline after two looks" "$(zones_of $rest)" offline

systemctl restart memhpd
look
equal "after a restart" "$(block_state "$1") $(block_state "$2")" "offline offline"

# While it is down nobody tells it: it compares.
systemctl stop memhpd
set_state "$3" offline
daemon_start
look
equal "taken offline while memhpd was stopped" "$(block_state "$3")" offline

no_restart
kill -KILL "$(daemon_pid)"
wait_until 10 sh -c '! systemctl is-active -q memhpd' || abort "memhpd survives SIGKILL"
daemon_start
look
equal "after SIGKILL" "$(zones_of "$1" "$2" "$3")" offline
# shellcheck disable=SC2086 # a list
equal "what chmem took too" "$(zones_of $rest)" offline
equal "while the fourth is online" "$(zone_of "$4")" Movable
equal "memhpd counts them" "$(($(daemon_value deliberately_offline) - before))" 11

memhpctl online "$1" >/dev/null
equal "memhpctl online ends it" "$(zone_of "$1")" Movable

offline_all "$@"
unplug "$dimm" || abort "the DIMM stays"
plug 4 1
# shellcheck disable=SC2086 # a list
check "the DIMM comes back: a new life" wait_until 20 all_movable $blocks
