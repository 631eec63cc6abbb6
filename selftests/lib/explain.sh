# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Functions of the tests of memhpctl explain, to be sourced after memhp.sh.

need_explain()
{
	command -v memhpctl >/dev/null || skip_all "memhpctl is not installed"
	explained=$(mktemp)
	at_end "rm -f $explained"
}

# explain BLOCK FILTER: what jq makes of what is said of the block.
explain()
{
	memhpctl --json explain "$1" >"$explained" || echo "memhpctl fails"
	jq -r ".blocks[0] | $2" "$explained"
}

# verdict BLOCK: "cannot_go held_page"
verdict()
{
	explain "$1" '"\(.verdict) \(.cause)"'
}

# is_judged BLOCK VERDICT
is_judged()
{
	[ "$(verdict "$1")" = "$2" ]
}

# --- What becomes of it in truth ------------------------------------------------------------------

failed_to_move()
{
	sed -n 's/^pgmigrate_fail //p' /proc/vmstat
}

# The attempt has an end, or the kernel has failed to move a page again and again.
attempt_decided()
{
	[ -s "$attempt_ended" ] || [ "$(failed_to_move)" -ge $((attempt_failures + 5)) ]
}

# outcome BLOCK: what comes of a real attempt to take it offline: "went" (then it is back in its zone), or
# stage and errno of the module's record. An attempt of which the kernel sees no end is ended by a signal,
# which is "migrate 4".
outcome()
{
	read_block "$1" valid_zones
	attempt_zone=kernel
	# shellcheck disable=SC2154 # read_block sets it
	[ "$content" != Movable ] || attempt_zone=movable
	attempt_ended=$(mktemp)
	attempt_failures=$(failed_to_move)
	sh -c "echo offline >$MEMORY/memory$1/state; echo \$? >$attempt_ended" 2>/dev/null &
	attempt=$!
	wait_until 20 attempt_decided || :
	release "$attempt"
	rm "$attempt_ended"
	if in_state "$1" offline; then
		set_state "$1" "online_$attempt_zone" && echo went
	else
		attempt_line=$(block_line "$1")
		echo "$(value stage "$attempt_line") $(value err "$attempt_line")"
	fi
}

# stays BLOCK: it does not go, in truth.
stays()
{
	[ "$(outcome "$1")" != went ]
}

# --- What is planted ------------------------------------------------------------------------------

# uses WORD…: a usemem that runs until the end of the test, or release. Sets user to its number.
uses()
{
	uses_output=$(mktemp)
	at_end "rm -f $uses_output"
	"$(dirname "$0")/../explain/usemem" "$@" >"$uses_output" &
	user=$!
	at_end "release $user"
	wait_until 60 grep -q '^used' "$uses_output" || abort "usemem $*: no memory"
}

# reads_directly BLOCK: like hold(), of a page into which a device reads that does not answer until
# device_answers.
reads_directly()
{
	modprobe dm-mod
	dmsetup create memhp-late --table "0 2048 error" || abort "no device-mapper device"
	at_end "dmsetup remove memhp-late"
	dmsetup suspend --noflush --nolockfs memhp-late || abort "the device is not suspended"
	# By the kernel's own name: without udev there is no other.
	hold direct "/dev/$(dmsetup info -c --noheadings -o blkdevname memhp-late)" "$1"
	# Before its process is ended, which waits for the answer.
	at_end device_answers
}

device_answers()
{
	dmsetup resume memhp-late
}
