#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SIGKILL of memhpd in the middle of an offline leaves no writer behind and no block half way; the
# daemon that systemd starts is fine, and knows what auto_online_blocks was. A writer that is killed
# by another hand is replaced.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 10

another_daemon()
{
	now=$(daemon_pid)
	[ "$now" != 0 ] && [ "$now" != "$1" ] && memhpctl --json status | grep -q '"scans"'
}

set_auto_online online_kernel
daemon_start
plug 2 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks

hold "$2"
memhpctl offline "$2" --attempt-deadline 1m >/dev/null 2>&1 &
client=$!
wait_state "$2" going-offline || abort "the offline does not begin"
old=$(daemon_pid)
writer=$(writer_of "$old")
kill -KILL "$old"
check "the writer dies with it" wait_until 10 sh -c "! kill -0 $writer 2>/dev/null"
check "the block is not half way" wait_state "$2" online
wait "$client"
equal "the client is told" "$?" 1
check "systemd starts another" wait_until 20 another_daemon "$old"
release "$held"
check "it offlines" memhpctl offline "$2"
check "it onlines" memhpctl online "$2"
plug 2 1
# shellcheck disable=SC2086 # a list
check "it onlines what is plugged in" wait_until 20 all_movable $blocks

writer=$(writer_of "$(daemon_pid)")
kill -KILL "$writer"
check "a killed writer is replaced" wait_until 10 sh -c \
	"pgrep -P $(daemon_pid) -x memhp-writer | grep -vqx $writer"
check "and the new one writes" memhpctl offline "$1"

systemctl stop memhpd
equal "auto_online_blocks is as it was before the first" \
	"$(cat "$MEMORY/auto_online_blocks")" online_kernel
