#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpd's socket as others use it: systemd's varlinkctl reads the interface and calls it; who may read
# may not change; clients that misbehave, and a crowd of idle ones, keep nobody out and take no memory.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

SOCKET=/run/memhp/io.memhp
need_root
need_hotplug
need_memhpd
need_memhp
command -v varlinkctl >/dev/null || skip_all "no varlinkctl (systemd 255 has it)"
plan 35

# ask METHOD [PARAMETERS [OPTION…]]: the answer, or the name of the error.
ask()
{
	ask_method=io.memhp.$1
	ask_parameters=${2:-"{}"}
	shift
	[ $# -eq 0 ] || shift
	if ask_answer=$(varlinkctl --json=short "$@" call "$SOCKET" "$ask_method" \
		"$ask_parameters" 2>/tmp/ask.$$); then
		printf '%s\n' "$ask_answer" | records
	else
		sed -n 's/.*failed: //p' /tmp/ask.$$
	fi
}
at_end "rm -f /tmp/ask.$$"

# records: what varlinkctl prints of several answers, without the marks that some releases put between them.
records()
{
	tr -d '\036'
}

# raw: what comes back for the bytes of stdin, a message a line.
raw()
{
	socat -t 5 - "UNIX-CONNECT:$SOCKET" 2>/dev/null | tr '\0' '\n'
}

# as USER GROUP COMMAND…: numbers.
as()
{
	as_user=$1
	as_group=$2
	shift 2
	setpriv --reuid "$as_user" --regid "$as_group" --clear-groups "$@"
}

# follow FILE: events into a file, from now on. Sets follower.
follow()
{
	varlinkctl --more --timeout=infinity --json=short call "$SOCKET" io.memhp.Events '{}' \
		>"$1" 2>/dev/null &
	follower=$!
	at_end "kill $follower 2>/dev/null; wait $follower; rm -f $1"
	wait_until 10 grep -q '"source"' "$1" || abort "no events"
}

# told FILE EVENT BLOCK: how often.
told()
{
	records <"$1" | jq -c --arg event "$2" --argjson block "$3" \
		'select(.event.event == $event and .event.block == $block)' | wc -l
}

# is_told FILE EVENT BLOCK
is_told()
{
	[ "$(told "$@")" -gt 0 ]
}

# has_duration FILE BLOCK: the online of a block.
has_duration()
{
	records <"$1" | jq -e --argjson block "$2" \
		'select(.event.event == "online" and .event.block == $block) | .event.dur_us > 0' >/dev/null
}

# resident: memory of memhpd, in KiB.
resident()
{
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(daemon_pid)/status"
}

set_auto_online offline
configure '[online]' 'action = "movable"'
daemon_start

# --- What it says of itself -----------------------------------------------------------------------

equal "info" "$(varlinkctl --json=short info "$SOCKET" | jq -c '[.product, .interfaces]')" \
	'["memhpd",["org.varlink.service","io.memhp"]]'
equal "list-interfaces" "$(varlinkctl list-interfaces "$SOCKET" | tr '\n' ' ')" \
	"io.memhp org.varlink.service "
methods="Blocks Cancel Events Metrics Offline Online Policy Reload Status"
found=$(varlinkctl introspect "$SOCKET" io.memhp 2>/tmp/ask.$$ | sed -n 's/^method \([A-Za-z]*\)(.*/\1/p')
missing=
for method in $methods; do
	printf '%s\n' "$found" | grep -qx "$method" || missing="$missing $method"
done
equal "introspect finds the methods" "$missing" ""
equal "and has nothing against the text" "$(cat /tmp/ask.$$)" ""
varlinkctl --json=short call "$SOCKET" org.varlink.service.GetInterfaceDescription \
	'{"interface":"io.memhp"}' | jq -r .description >/tmp/ask.$$
check "which is valid" sh -c "varlinkctl validate-idl /tmp/ask.$$ >/dev/null"
equal "org.varlink.service is described" \
	"$(varlinkctl introspect "$SOCKET" org.varlink.service | grep -c '^method Get')" 2

# --- Calls ----------------------------------------------------------------------------------------

equal "Status" "$(ask Status | jq -r '.status.action, .status.mode' | tr '\n' ' ')" "movable daemon "
equal "Blocks" "$(ask Blocks | jq '.blocks | length')" "$(block_numbers | wc -l)"
equal "Blocks, some at a time" "$(ask Blocks '{}' --more | jq '.blocks | length' |
	awk '{ sum += $1 } END { print sum }')" "$(block_numbers | wc -l)"
check "Metrics" sh -c "varlinkctl --json=short call $SOCKET io.memhp.Metrics '{}' |
	jq -r .text | grep -q '^memhp_block_size_bytes '"
equal "Policy" "$(ask Policy | jq -r '.policy.origin')" file
equal "Reload" "$(ask Reload)" '{}'
equal "Events without --more" "$(ask Events)" org.varlink.service.ExpectedMore
equal "a method that is not there" "$(ask Lunch)" org.varlink.service.MethodNotFound
equal "a parameter that is not there" "$(ask Offline '{"target":["1"],"detatch":true}')" \
	org.varlink.service.InvalidParameter

# --- Events and progress --------------------------------------------------------------------------

without=$(mktemp)
follow "$without"
plug 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"
# shellcheck disable=SC2086 # a list
set -- $blocks
check "without the module: a block that came" wait_until 10 is_told "$without" add "$4"
check "and is online" wait_until 10 is_told "$without" online "$4"

hold "$2"
progress=$(mktemp)
at_end "rm -f $progress"
ask Offline "{\"target\":[\"$1-$2\"],\"deadline_ms\":1500,\"attempt_deadline_ms\":300}" --more \
	>"$progress"
equal "an offline tells its progress, and then its report" \
	"$(jq -c 'if .progress then "p" else "r" end' "$progress" | uniq | tr -d '"\n')" pr
equal "which is true" "$(jq -c 'select(.report).report | [.done, .stayed[0].block, .stayed[0].killed]' \
	"$progress")" "[[$1],$2,true]"
check "its failure is an event" is_told "$without" offline_failed "$2"
equal "its success is one" "$(told "$without" offline "$1")" 1
release "$held"

with=$(mktemp)
module_load
follow "$with"
equal "with the module" "$(records <"$with" | jq -r 'select(.event.source).event.source')" module
check "who follows already is told" wait_until 10 grep -q '"source":"module"' "$without"
ask Online "{\"target\":[\"$1\"]}" >/dev/null
check "an online has its duration" wait_until 10 has_duration "$with" "$1"
equal "and is told once" "$(told "$with" online "$1")" 1
kill "$follower"
check "the module can go" wait_until 5 module_unload

# --- Who may what ---------------------------------------------------------------------------------

group=$(getent group memhp | cut -d: -f3)
equal "a member of the group reads" \
	"$(as 65533 "$group" varlinkctl --json=short call "$SOCKET" io.memhp.Status '{}' |
		jq -r .status.action)" movable
refused=
for call in 'Online {"target":["1"]}' 'Offline {"target":["1"]}' 'Cancel {"id":1}' 'Reload {}'; do
	refused="$refused$(as 65533 "$group" varlinkctl call "$SOCKET" "io.memhp.${call%% *}" \
		"${call#* }" 2>&1 >/dev/null | sed -n 's/.*failed: org.varlink.service.//p') "
done
equal "and changes nothing" "$refused" \
	"PermissionDenied PermissionDenied PermissionDenied PermissionDenied "
check "nobody does not even connect" sh -c "! setpriv --reuid 65534 --regid 65534 --clear-groups \
	varlinkctl info $SOCKET >/dev/null 2>&1"

# --- Clients that misbehave -----------------------------------------------------------------------

equal "garbage is told what it is" "$(printf 'lunch\0' | raw | jq -r .error)" io.memhp.InvalidMessage
# By one byte: socat would not read the answer when its next write is too late.
equal "a message that is too long, too" \
	"$(head -c 1048577 /dev/zero | tr '\0' x | raw | jq -r .error)" io.memhp.InvalidMessage
equal "many calls at once are answered" \
	"$(i=0; while [ $((i += 1)) -le 200 ]; do printf '{"method":"io.memhp.Metrics"}\0'; done |
		raw | jq -r 'select(.parameters.text).parameters.text' |
		grep -c '^memhp_block_size_bytes ')" 200

before=$(resident)
crowd=$(mktemp)
setpriv --reuid 65533 --regid "$group" --clear-groups "$LIB/crowd" "$SOCKET" 200 200000 \
	>"$crowd" 2>/dev/null &
crowd_pid=$!
at_end "kill $crowd_pid 2>/dev/null; wait $crowd_pid; rm -f $crowd"
wait_until 60 grep -q waiting "$crowd" || abort "no crowd"
diag "a crowd of 200: $(cat "$crowd"), memhpd has $(($(resident) - before)) KiB more"
check "200 idle clients do not keep root out" sh -c \
	"[ \"\$(varlinkctl --json=short call $SOCKET io.memhp.Status '{}' | jq -r .status.action)\" = movable ]"
equal "nor another user" "$(as 65532 "$group" memhpctl status | grep -c '^memhpd: running')" 1
# 4 MiB of one user's may wait, in buffers that are twice as large at most.
check "and take little memory" [ "$(resident)" -lt $((before + 12288)) ]
