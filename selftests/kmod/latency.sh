#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The histograms of "latency" are those of the records in "events": each end of an attempt in the line
# of its operation and result, and in the bucket of its duration.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 2
need_memhp
need_module memory-notifier-error-inject
plan 8

leave_offline
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
inject_load 0
module_load

# "op result count unmeasured sum max bucket…" of each line, as the records have it.
of_events()
{
	events | awk '
	function value(key, i) {
		for (i = 1; i <= NF; i++)
			if (index($i, key "=") == 1)
				return substr($i, length(key) + 2)
	}
	BEGIN {
		results = "ok check isolate node notifier migrate unknown"
		split(results, result)
	}
	{
		event = value("event")
		if (event !~ /^(online|offline|online_failed|offline_failed)$/)
			next
		stage = value("stage")
		line = (event ~ /^online/ ? "online " : "offline ") (stage == "-" ? "ok" : stage)
		us = value("dur_us") + 0
		count[line]++
		sum[line] += us
		if (us > max[line])
			max[line] = us
		bucket = 0
		for (; us >= 1 && bucket < 31; us /= 2)
			bucket++
		buckets[line, bucket]++
	}
	END {
		for (op = 1; op <= 2; op++)
			for (r = 1; r <= 7; r++) {
				line = (op == 1 ? "online " : "offline ") result[r]
				printf "%s %d 0 %d %d", line, count[line], sum[line], max[line]
				for (bucket = 0; bucket < 32; bucket++)
					printf " %d", buckets[line, bucket]
				print ""
			}
	}'
}

of_latency()
{
	sed 's/[a-z_]*[0-9]*=//g' "$MEMHP/latency"
}

equal "nothing at first" "$(of_latency | awk '{ for (i = 3; i <= NF; i++) sum += $i } END { print sum }')" 0
for round in 1 2 3; do
	for block in "$@"; do
		set_state "$block" online_movable
		[ "$round" != 2 ] || set_state 0 offline || :
		set_state "$block" offline
	done
done
inject MEM_GOING_ONLINE 12
set_state "$1" online_movable || :
inject MEM_GOING_ONLINE 0
equal "the records' durations" "$(of_latency)" "$(of_events)"
equal "onlines that succeeded" "$(sed -n 's/^op=online result=ok count=\([0-9]*\) .*/\1/p' "$MEMHP/latency")" 6
equal "offlines that the first check refused" \
	"$(sed -n 's/^op=offline result=check count=\([0-9]*\) .*/\1/p' "$MEMHP/latency")" 2
equal "onlines that a notifier refused" \
	"$(sed -n 's/^op=online result=notifier count=\([0-9]*\) .*/\1/p' "$MEMHP/latency")" 1
equal "all ends" "$(values count <"$MEMHP/latency" | awk '{ sum += $1 } END { print sum }')" \
	$(($(status events_online) + $(status events_offline) + $(status events_online_failed) +
		$(status events_offline_failed)))

# buckets: the names of the columns, which are the lower bounds.
buckets()
{
	head -n 1 "$MEMHP/latency" | tr ' ' '\n' | sed -n 's/^from_\([0-9]*\)=.*/\1/p'
}

equal "32 buckets" "$(buckets | wc -l)" 32
equal "each begins where two of the one before do" \
	"$(buckets | awk 'NR > 2 && $1 != 2 * last { print "not", $1 } { last = $1 }')" ""
