# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The result of a test as TAP, and its end, to be sourced by memhp.sh. What a test changes it puts back
# by at_end.

# --- Results --------------------------------------------------------------------------------------

tap_planned=0
tap_count=0
tap_failed=0

# plan N: how many checks will follow. A test that makes fewer or more of them has failed.
plan()
{
	tap_planned=$1
	echo "TAP version 13"
	echo "1..$1"
}

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count $*"
}

fail()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count $*"
}

# check DESCRIPTION COMMAND…: the command succeeds.
check()
{
	check_what=$1
	shift
	if "$@"; then
		pass "$check_what"
	else
		fail "$check_what"
		diag "failed: $*"
	fi
}

# equal DESCRIPTION GOT WANTED
equal()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1"
		diag "wanted: $3"
		diag "   got: $2"
	fi
}

# tells DESCRIPTION PATTERN FILE: some line matches; where none does, what there is is shown.
tells()
{
	if grep -q -e "$2" "$3"; then
		pass "$1"
	else
		fail "$1"
		diag "no '$2' in:"
		diag "$(cat "$3")"
	fi
}

# skip REASON: one check that cannot be made here.
skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count # SKIP $*"
}

skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	tap_planned=0
	tap_count=0
	exit 4
}

# The test cannot go on.
abort()
{
	diag "$*"
	exit 1
}

# --- The end of a test ----------------------------------------------------------------------------

undo=

# at_end COMMAND: run at the end, the latest first.
at_end()
{
	undo="$1
$undo"
}

memhp_end()
{
	end_status=$?
	trap '' INT TERM HUP
	eval "$undo"
	if [ "$end_status" -eq 0 ] && [ "$tap_count" -ne "$tap_planned" ]; then
		diag "$tap_planned checks planned, $tap_count made"
		end_status=1
	fi
	if [ "$end_status" -eq 0 ] && [ "$tap_failed" -ne 0 ]; then
		end_status=1
	fi
	trap - EXIT
	exit "$end_status"
}

trap memhp_end EXIT
trap 'exit 1' INT TERM HUP

# --- Waiting --------------------------------------------------------------------------------------

# wait_until SECONDS COMMAND…: looks until the command succeeds; fails when the time is over.
wait_until()
{
	wait_end=$(($(date +%s) + $1))
	shift
	while ! "$@"; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep 0.05
	done
}

# uptime_seconds: whole ones since boot.
uptime_seconds()
{
	cut -d. -f1 /proc/uptime
}
