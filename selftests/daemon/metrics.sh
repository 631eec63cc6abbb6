#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Metrics by memhpctl, over the socket and in the file for the node exporter, which follows changes and
# a reload, and goes with memhpd. What is wrong with the file is said once.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 20

DIRECTORY=/var/lib/prometheus/node-exporter
FILE=$DIRECTORY/memhp.prom

# metric NAME [FILE]: its value; NAME with its labels.
metric()
{
	if [ $# -eq 2 ]; then
		cat "$2"
	else
		memhpctl metrics
	fi | awk -v name="$1" '$1 == name { print $2 }'
}

# file_has NAME VALUE
file_has()
{
	[ "$(metric "$1" "$FILE")" = "$2" ]
}

status_has()
{
	memhpctl status | grep -q "$1"
}

set_auto_online offline
mkdir -p "$DIRECTORY"
at_end "rm -rf /var/lib/prometheus"
configure '[metrics]' "textfile = \"$FILE\""
daemon_start
check "the file is written at the start" wait_until 10 test -s "$FILE"
equal "for all to read" "$(stat -c %a "$FILE")" 644
equal "memhpd runs" "$(metric memhp_up "$FILE") $(metric memhp_up)" "1 1"

movable='memhp_memory_bytes{node="1",zone="Movable",state="online"}'
onlined='memhp_changed_blocks_total{operation="online"}'
dimms='memhp_blocks{source="acpi-dimm",state="online"}'
# A DIMM in a kernel zone, of a test before, may still be there.
stayed=$(metric "$dimms")
equal "nothing has come yet" "$(metric "$onlined")$(metric "$movable")" 0
plug 2 1
# shellcheck disable=SC2086 # a list
check "memory comes" wait_until 20 all_movable $blocks
equal "it is counted" "$(metric "$onlined")" 2
equal "where it is" "$(metric "$movable")" "$((2 * $(block_bytes)))"
equal "by its source" "$(metric "$dimms")" "$((${stayed:-0} + 2))"
check "the file follows" wait_until 20 file_has "$onlined" 2

# A block with holes: the kernel refuses.
memhpctl offline --yes "$(block_numbers | head -n 1)" >/dev/null 2>&1
equal "what failed is counted by its errno" \
	"$(metric 'memhp_failed_attempts_total{operation="offline",errno="EINVAL"}')" 1
equal "no line is malformed" \
	"$(grep -Ev '^# (HELP|TYPE) |^memhp_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9]+$' "$FILE")" ""
equal "nothing else is left in the directory" "$(ls "$DIRECTORY")" memhp.prom
equal "a reader of the socket may ask" "$(printf '{"method":"io.memhp.Metrics"}\0' |
	setpriv --reuid 65534 --regid "$(getent group memhp | cut -d: -f3)" --clear-groups \
		socat -t 10 - UNIX-CONNECT:/run/memhp/io.memhp | tr -d '\0' |
	jq -r .parameters.text | grep -c '^memhp_up 1$')" 1

configure '[metrics]' 'textfile = "/var/lib/prometheus/nowhere/memhp.prom"'
systemctl reload memhpd
check "a directory that is missing is said" wait_until 10 daemon_logged \
	'metrics are not written: .*there is no directory /var/lib/prometheus/nowhere$'
check "the old file is gone" test ! -e "$FILE"
configure '[metrics]' 'textfile = "/var/lib/memhp.prom"'
systemctl reload memhpd
check "where the unit may not write, it says what to do" wait_until 10 status_has \
	'metrics are not written: .*ReadWritePaths=/var/lib '
configure '[metrics]' "textfile = \"$FILE\""
systemctl reload memhpd
check "and back" wait_until 10 test -s "$FILE"

systemctl stop memhpd
check "the file goes with memhpd" test ! -e "$FILE"
memhpctl metrics >"$DIRECTORY/out" 2>"$DIRECTORY/err"
equal "without memhpd there is a part" "$? $(metric memhp_up "$DIRECTORY/out")" "64 0"
tells "and the reason" '^memhpctl: memhpd is not running' "$DIRECTORY/err"
