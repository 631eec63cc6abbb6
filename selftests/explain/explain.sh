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

# goes BLOCK: it goes offline in truth, and is put back.
goes()
{
	timeout 20 sh -c "echo offline >$MEMORY/memory$1/state" && set_state "$1" online_movable
}

# uses WORD…: a usemem that runs until the end of the test, or release. Sets user to its number.
uses()
{
	uses_output=$(mktemp)
	at_end "rm -f $uses_output"
	"$(dirname "$0")/usemem" "$@" >"$uses_output" &
	user=$!
	at_end "release $user"
	wait_until 60 grep -q '^used' "$uses_output" || abort "usemem $*: no memory"
}
