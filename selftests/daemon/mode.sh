#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Which mode memhpd is in and why: auto without a balloon, a configuration that the kernel can follow,
# rules that it cannot, and a reload that changes it. memhpctl status names both.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_memhpd
plan 11

# mode_is MODE WHY
mode_is()
{
	[ "$(daemon_status '"\(.mode): \(.mode_why)"')" = "$1: $2" ]
}

# reload_to MODE WHY LINE…: with the lines as [online].
reload_to()
{
	to_mode=$1
	to_why=$2
	shift 2
	configure '[online]' "$@"
	systemctl reload memhpd
	check "$to_mode: $to_why" wait_until 10 mode_is "$to_mode" "$to_why"
}

set_auto_online online
daemon_start
equal "auto" "$(daemon_status '"\(.mode): \(.mode_why)"')" \
	"daemon: auto: no driver here waits for each block"
check "memhpctl status" sh -c \
	"memhpctl status | grep -q '^mode: *daemon (auto: no driver here waits for each block)'"
check "the log" daemon_logged 'daemon mode (auto: no driver here waits for each block)'

reload_to daemon online.mode 'mode = "daemon"'
reload_to kernel online.mode 'mode = "kernel"'
equal "auto_online_blocks" "$(setting auto_online_blocks)" online
reload_to kernel online.mode 'mode = "kernel"' 'action = "kernel-default"' \
	'[[online.rule]]' 'node = 4000' 'action = "movable"' \
	'[[online.rule]]' 'source = "dax-kmem"' 'action = "movable"'
equal "auto_online_blocks follows" "$(setting auto_online_blocks)" online
reload_to daemon "online.mode is kernel, but rule 1 (node=1) wants offline, other memory movable" \
	'mode = "kernel"' '[[online.rule]]' 'node = 1' 'action = "offline"'
equal "auto_online_blocks once more" "$(setting auto_online_blocks)" offline
systemctl stop memhpd
equal "and at the end" "$(setting auto_online_blocks)" online
