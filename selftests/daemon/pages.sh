#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What makes an offline hard: huge pages, free and in use, memory that is locked, files in a tmpfs, a machine
# with little memory left. What moves is as it was; what cannot move stays, with the reason.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 22

report=$(mktemp)
at_end "rm -f $report"
NODE=/sys/devices/system/node/node1
GIGANTIC=$NODE/hugepages/hugepages-1048576kB/nr_hugepages
HUGE=$NODE/hugepages/hugepages-2048kB/nr_hugepages

# all_offline N…
all_offline()
{
	[ "$(zones_of "$@")" = offline ]
}

# goes WHAT N…: these blocks go offline, all of them.
goes()
{
	goes_what=$1
	shift
	memhpctl offline "$@" --deadline 30s >"$report" 2>&1
	equal "$goes_what: goes offline" "$? $(zones_of "$@")" "0 offline"
	[ ! -s "$report" ] || diag "$(cat "$report")"
}

# comes_back N…
comes_back()
{
	memhpctl online "$@" >/dev/null
	all_movable "$@" || abort "blocks $* do not come back"
}

# available: MiB that new programs can have.
available()
{
	awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo
}

request_waits()
{
	daemon_status '.requests[0].waiting' | grep -q 'would stay available .* min_free asks for'
}

set_auto_online offline
configure '[offline]' 'attempt_deadline = "500ms"'
daemon_start
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
need_mib=$(($(block_bytes) >> 20))

# --- Huge pages of 2 MiB ------------------------------------------------------------------------

at_end "[ ! -e $HUGE ] || echo 0 >$HUGE"
echo 16 >"$HUGE"
equal "16 huge pages are free" "$(cat "$HUGE")" 16
goes "free huge pages" "$@"
comes_back "$@"

echo 16 >"$HUGE"
use huge2M 1 16
# shellcheck disable=SC2086 # a list
goes "huge pages in use, others on the node" $used
# shellcheck disable=SC2086 # a list
comes_back $used
goes "huge pages in use, none elsewhere" "$@"
check "and they are as they were" intact "$user"
comes_back "$@"
echo 0 >"$HUGE"

# --- Locked memory and files in memory ------------------------------------------------------------

use locked 1 64
goes "locked memory" "$@"
check "and it is as it was" intact "$user"
comes_back "$@"

files=$(mktemp -d)
at_end "umount $files; rmdir $files"
mount -t tmpfs -o mpol=prefer:1 tmpfs "$files"
free_before=$(awk '/MemFree/ { print $4 }' $NODE/meminfo)
head -c 64M /dev/urandom >"$files/file"
check "a file is on the node" [ $((free_before - $(awk '/MemFree/ { print $4 }' $NODE/meminfo))) -gt 60000 ]
sum=$(cksum <"$files/file")
goes "a tmpfs" "$@"
equal "and its file is as it was" "$(cksum <"$files/file")" "$sum"
comes_back "$@"

# --- A full machine -------------------------------------------------------------------------------

# Enough for the block as long as nobody needs more.
min_free=$(($(available) - need_mib - 128))
use plain 0 256
memhpctl offline "$1" --min-free ${min_free}M --no-wait >/dev/null
check "a full machine: the request waits and says so" wait_until 20 request_waits
check "and so does the status" sh -c \
	"memhpctl status | grep -q 'waiting: .* would stay available .* min_free asks for'"
check "and so does the log" daemon_logged "waits, 0 of 1 blocks done: .* min_free asks for"
equal "nothing goes" "$(zone_of "$1")" Movable
release "$user"
check "when there is room it goes on by itself" wait_until 20 all_offline "$1"
check "and says so" daemon_logged "^offline $1: goes on"

# A request that waits need not do so for what the host takes.
memhpctl offline "$2-$4" --min-free 100% --no-wait >/dev/null
wait_until 20 request_waits || abort "the request does not wait"
unplug "$dimm" || abort "the DIMM stays"
check "what the host takes meanwhile needs no waiting for" wait_until 20 \
	daemon_logged "^offline $2-$4: 3 of 3 blocks"

# --- A huge page of 1 GiB -------------------------------------------------------------------------

# It lies across blocks, and is made only in the kernel's own memory.
if [ ! -e /sys/kernel/mm/hugepages/hugepages-1048576kB ]; then
	for _ in 1 2 3 4 5; do
		skip "no huge pages of 1 GiB on this machine"
	done
	exit 0
fi
configure '[online]' 'action = "kernel"' '[offline]' 'attempt_deadline = "500ms"' \
	'assist = ["hugepages"]'
systemctl reload memhpd
plug $(((2 << 30) / $(block_bytes))) 1
online_as_kernel()
{
	[ "$(zones_of "$@")" = Normal ]
}
# shellcheck disable=SC2086 # a list
wait_until 20 online_as_kernel $blocks || abort "the DIMM is not online"
at_end "[ ! -e $GIGANTIC ] || echo 0 >$GIGANTIC"
echo 1 >$GIGANTIC
equal "there is one of 1 GiB" "$(cat $GIGANTIC)" 1
use huge1G 1 1024
# shellcheck disable=SC2086 # a list
set -- $used
memhpctl offline "$2" --deadline 3s >"$report" 2>&1
equal "in use it keeps its blocks online" "$? $(zone_of "$2")" "1 Normal"
tells "with the reason" "^memhpctl: block $2: " "$report"
diag "$(cat "$report")"
check "and is as it was" intact "$user"
memhpctl offline "$2" --deadline 20s >"$report" 2>&1
equal "free it is given back, and the block goes" "$? $(zone_of "$2")" "0 offline"
diag "$(cat "$report")"
