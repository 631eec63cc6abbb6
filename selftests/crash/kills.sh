#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SIGKILL of memhpd, of its writer or of both, at random moments of mixed work: a DIMM that comes, one that
# the host wants back and a veto keeps, requests that somebody waits for or nobody, all or nothing or not,
# with a page held. Each time systemd starts memhpd again, and it goes on. In the end everything is as it
# was asked for, and by the module's record nothing was done twice.
#
# CRASH_SEED repeats the moments of a run; LONG=1 kills ten times as often.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
need_module memory-notifier-error-inject
command -v jq >/dev/null || skip_all "no jq"
plan 14

ROUNDS=4
[ "${LONG:-}" != 1 ] || ROUNDS=40
KILLS=5 # a round
GROUP=6 # blocks
CGROUP=/sys/fs/cgroup/system.slice/memhpd.service
seed=${CRASH_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
diag "CRASH_SEED=$seed, $ROUNDS rounds of $KILLS kills"
files=$(mktemp -d)
at_end "rm -rf $files"

# --- What went wrong ------------------------------------------------------------------------------

# wrong KIND TEXT
wrong()
{
	echo "round $round, after $struck: $2" >>"$files/wrong.$1"
}

# none DESCRIPTION KIND: nothing of this kind went wrong.
none()
{
	check "$1" [ ! -s "$files/wrong.$2" ]
	[ ! -s "$files/wrong.$2" ] || diag "$(cat "$files/wrong.$2")"
}

# --- The processes --------------------------------------------------------------------------------

# processes: sets daemon and writer to those of the service, each empty where there is none. Starts no
# process, for the moment is to be short.
processes()
{
	daemon=
	writer=
	[ -r $CGROUP/cgroup.procs ] || return 0
	while read -r process; do
		name=
		line=
		{ read -r name <"/proc/$process/comm"; } 2>/dev/null || continue
		# The line has no end.
		{ read -r line <"/proc/$process/cmdline"; } 2>/dev/null || :
		case $name,$line in
		memhp-writer,*) writer=$process ;;
		memhpd,*--restore*) ;;
		memhpd,*) daemon=$process ;;
		esac
	done <$CGROUP/cgroup.procs
}

is_back()
{
	processes
	[ -n "$daemon" ] && [ "$daemon" != "$1" ] && [ -n "$writer" ] && [ "$writer" != "$2" ]
}

# supervised OLD: the writer that was is gone, and there is none without its memhpd.
supervised()
{
	processes
	[ -n "$1" ] && [ -d "/proc/$1" ] && return 1
	[ -z "$writer" ] || [ -n "$daemon" ]
}

# look_for_halves: while no memhpd runs nothing is on its way offline.
look_for_halves()
{
	halves=
	for one in $all; do
		! in_state "$one" going-offline || halves="$halves $one"
	done
	processes
	[ -z "$daemon" ] || return 0
	looks=$((looks + 1))
	[ -z "$halves" ] || wrong half "blocks$halves are going offline, and there is no memhpd"
}

# hit WHO: kills it, and sets old and old_writer to who was there. memhpd ends its writer too, at the
# deadline of an attempt, and then there is none for a moment: fails, and nothing has happened.
hit()
{
	processes
	old=$daemon
	old_writer=$writer
	if [ "$1" != memhpd ]; then
		kill -KILL "$old_writer" 2>/dev/null || return
	fi
	[ "$1" = writer ] || kill -KILL "$old" 2>/dev/null
}

# strike: the next kill, and what has to hold right after it.
strike()
{
	read -r who moment <&3
	struck="$who after $moment s"
	sleep "$moment"
	wait_until 10 hit "$who" || wrong dead "there was none to be killed"
	kills=$((kills + 1))
	if [ "$who" = writer ]; then
		wait_until 20 is_back "" "$old_writer" || wrong dead "no other writer"
		return
	fi
	wait_until 10 supervised "$old_writer" || wrong unsupervised "writer $old_writer lives on"
	look_for_halves
	wait_until 30 is_back "$old" "$old_writer" || wrong dead "systemd starts no memhpd"
}

# --- The work -------------------------------------------------------------------------------------

# comes: asks for a DIMM, and does not wait for it. Sets coming to the process that does.
comes()
{
	plug_count=$GROUP
	plug_before=$(block_numbers)
	hotplug add-dimm $((GROUP * $(block_bytes) >> 20))M --node 0 >"$files/dimm" &
	coming=$!
}

# come: it is here. Sets new to its blocks.
come()
{
	wait "$coming" || abort "no DIMM: $(cat "$files/dimm")"
	wait_until 60 plug_complete || abort "the blocks of $(cat "$files/dimm") did not appear"
	new=$(new_blocks | tr '\n' ' ')
}

# open_are N: requests, and that of an unplug is one of them.
open_are()
{
	[ "$(daemon_status '.requests | length')" = "$1" ]
}

over()
{
	memhpctl --json status 2>/dev/null | jq -e '.daemon |
		.requests == [] and .unplugs == [] and .pending_online == 0' >/dev/null
}

# account N…: "block state online offline" of each block, by the module.
account()
{
	printf '%s\n' "$@" | awk '
		NR == FNR { wanted["block=" $1]; next }
		$1 in wanted {
			for (i = 1; i <= NF; i++) {
				split($i, field, "=")
				of[field[1]] = field[2]
			}
			print of["block"], of["state"], of["online"], of["offline"]
		}' - "$MEMHP/blocks"
}

# judge KIND RULE N…: of each block what was done in this round. Rules: "offline" (once, and so it is),
# "any" (offline once, or not touched), "back" (online; offline and online once each, or not touched).
judge()
{
	judged=$1
	rule=$2
	shift 2
	account "$@" | awk -v rule="$rule" '
		NR == FNR { on[$1] = $3; off[$1] = $4; next }
		{
			ons = $3 - on[$1]
			offs = $4 - off[$1]
			seen = $2 " " ons " " offs
			good = rule != "back" && seen == "offline 0 1" ||
				rule == "any" && seen == "online 0 0" ||
				rule == "back" && (seen == "online 0 0" || seen == "online 1 1")
			if (!good)
				print "block " $1 " is " $2 ", went online " ons " and offline " offs " times"
		}' "$files/before" - >"$files/found"
	[ ! -s "$files/found" ] || wrong "$judged" "$(cat "$files/found")"
}

# --- Rounds ---------------------------------------------------------------------------------------

set_auto_online online_kernel
module_load
configure '[offline]' 'attempt_deadline = "300ms"' '[offline.backoff]' 'max = "300ms"'
mkdir -p "$DROP_IN"
at_end "rm -f $DROP_IN/crash.conf; systemctl daemon-reload"
printf '[Service]\nRestartSec=200ms\n' >"$DROP_IN/crash.conf"
systemctl daemon-reload
inject_load 0
awk -v "seed=$seed" -v "count=$((ROUNDS * KILLS))" 'BEGIN {
	srand(seed)
	split("memhpd writer both", who)
	while (count-- > 0)
		printf "%s %.3f\n", who[int(rand() * 3) + 1], rand() * 0.8
}' >"$files/plan"
exec 3<"$files/plan"

daemon_start
round=0
struck="nothing"
kills=0
looks=0
plug $((4 * GROUP + 1)) 1
work=$blocks
plug_dimm $GROUP 0
here=$dimm
here_blocks=$blocks
# shellcheck disable=SC2016 # evaluated then
at_end 'offline_all $here_blocks; unplug "$here"'
all="$work $here_blocks"
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $all || abort "the DIMMs are not online"

while [ $round -lt $ROUNDS ]; do
	round=$((round + 1))
	hold node 1
	held_block=$(value block "$held_pages")
	# shellcheck disable=SC2046 # a list
	set -- $(echo "$work" | tr ' ' '\n' | grep -vx "$held_block")
	alone="$1 $2 $3 $4 $5 $6"
	shift $GROUP
	waited="$1 $2 $3 $4 $5 $6"
	shift $GROUP
	back="$1 $2 $3 $4 $5 $6"
	shift $GROUP
	through="$1 $2 $3 $4 $5 $6 $held_block"
	# shellcheck disable=SC2086 # a list
	account $work >"$files/before"

	# The veto keeps everything offline from going until all of it is on its way.
	inject MEM_GOING_OFFLINE 16
	hotplug del-dimm "$here" || abort "the host does not ask"
	# shellcheck disable=SC2034 # told() looks at it
	dimm=$here
	wait_until 30 told 130 || abort "the kernel does not give up"
	# shellcheck disable=SC2086 # lists
	{
		memhpctl offline $alone --no-wait >/dev/null || abort "no request"
		memhpctl offline $through --no-wait --all-or-nothing >/dev/null || abort "no request"
		memhpctl offline $waited >/dev/null 2>&1 3<&- &
		waits=$!
		memhpctl offline $back $held_block --all-or-nothing --deadline 5s \
			>/dev/null 2>&1 3<&- &
		gives_up=$!
	}
	wait_until 20 open_are 5 || wrong pending "the work does not begin"
	comes
	[ $((round % 2)) -eq 0 ] || inject MEM_GOING_OFFLINE 0
	strike
	inject MEM_GOING_OFFLINE 0
	for _ in $(seq 2 $KILLS); do
		strike
	done
	come
	wait "$waits"
	ended=$?
	wait "$gives_up"
	release "$held"

	gone "$here" 60 || wrong unplug "the host does not get back $here"
	wait_until 60 over || wrong pending "$(memhpctl --json status | jq -c .daemon.requests)"
	# shellcheck disable=SC2086 # lists
	{
		wait_until 20 all_movable $new || wrong online "blocks $new: $(zones_of $new)"
		judge alone offline $alone
		judge through offline $through
		rule=any
		[ "$ended" -ne 0 ] || rule=offline
		judge waited "$rule" $waited
		judge undone back $back
		account $new | grep -v ' online 1 0$' >"$files/found"
		[ ! -s "$files/found" ] || wrong twice "what came: $(cat "$files/found")"
		account $here_blocks | grep -v ' gone 1 1$' >"$files/found"
		[ ! -s "$files/found" ] || wrong twice "what went: $(cat "$files/found")"
		memhpctl online $alone $waited $through >/dev/null
		wait_until 20 all_movable $work || wrong online "blocks $work: $(zones_of $work)"
	}
	here=$(cat "$files/dimm")
	here_blocks=$new
	all="$work $here_blocks"
done

diag "$kills kills, $looks looks while no memhpd ran"
diag "$(awk '{ count[$1]++ } END { for (who in count) print who, count[who] }' "$files/plan")"
equal "so many kills" "$kills" $((ROUNDS * KILLS))
none "no writer outlives its memhpd" unsupervised
none "no block is left half way" half
check "as was looked for" [ "$looks" -gt 0 ]
none "memhpd and its writer are back each time" dead
none "what nobody waits for goes on to its end" alone
none "so does what has to go as a whole, when it can" through
none "what somebody waits for ends there, or is done" waited
none "what would not go as a whole is back" undone
none "what was plugged in is online and movable" online
none "the host has what it asked for" unplug
none "nothing stays pending" pending
none "nothing is done twice" twice
systemctl stop memhpd
equal "auto_online_blocks is as it was before the first" \
	"$(cat "$MEMORY/auto_online_blocks")" online_kernel
