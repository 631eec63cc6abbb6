#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The comparer of the truth test finds what is wrong: sample/ holds the logs of a short run (without the
# blocks that nothing happened to, and without histograms), which are falsified here one by one.

# shellcheck disable=SC2016 # the programs are for awk
# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

plan 41

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
at_end "rm -rf $work"

# The properties that do not hold, in one line.
failing()
{
	"$here/../truth/truth_compare" "$work/logs" | sed -n 's/^fail //p' | tr '\n' ';'
}

# falsify DESCRIPTION FILE AWK PROPERTY: the file goes through awk; then this property does not hold.
falsify()
{
	rm -rf "$work/logs"
	cp -r "$here/sample" "$work/logs"
	awk "$renumber $3" "$here/sample/$2" >"$work/logs/$2"
	if cmp -s "$here/sample/$2" "$work/logs/$2"; then
		fail "$1"
		diag "nothing was falsified in $2"
		return
	fi
	case ";$(failing)" in
	*";$4;"*)
		pass "$1" ;;
	*)
		fail "$1"
		diag "wanted: $4"
		diag "   got: $(failing)" ;;
	esac
}

# For awk: first(PATTERN) is true at the first line that matches; put(LINE) prints a record with the
# next number, so that the numbers have no gap.
renumber='
function first(pattern) { return $0 ~ pattern && !seen++ }
function put(line) { sub(/^seq=[0-9]*/, "seq=" ++seq, line); print line }
'

ends="every attempt has exactly one end in the history"
places="block, node and direction of the records"
errors="errors of the records"
askers="requesters of the records"
order="order of the records"
durations="durations of the records"
plans="stages and errors that were prepared"
stages="stages that the other records prove"
changes="first and last memory of a node"
uevents="every success has exactly one uevent, in the same order"
numbers="numbers of the records have no gap"
lost="the reader that falls behind is told what it lost"
requests="every attempt was asked for, and its result was given"

cp -r "$here/sample" "$work/logs"
equal "nothing is wrong with the sample" "$(failing)" ""

falsify "a record is missing" life-1.fast '!first("event=online ")' "$numbers"
falsify "an end is missing, the numbers have no gap" life-1.fast \
	'!first("event=offline_failed ") { put($0) }' "$ends"
falsify "an end comes twice" life-1.fast '{ put($0) } first("event=online ") { put($0) }' "$ends"
falsify "a record comes after the end" life-1.fast \
	'/event=going_online/ { going = $0 } { put($0) } first("event=online ") { put(going) }' \
	"$ends"
falsify "an end is one of success, falsely" life-1.fast \
	'first("event=offline_failed ") { sub(/_failed/, ""); sub(/stage=[a-z]*/, "stage=-") } 1' \
	"$errors"
falsify "an error is wrong" life-1.fast \
	'first("event=offline_failed ") { sub(/err=[0-9]*/, "err=99") } 1' "$errors"
falsify "an error is not known" life-1.fast \
	'first("event=offline_failed ") { sub(/err=[0-9]*/, "err=-") } 1' "$errors"
falsify "a block is wrong" life-3.fast \
	'first("event=online ") { sub(/block=[0-9]*/, "block=1") } 1' "$places"
falsify "a node is wrong" life-3.fast \
	'first("event=online ") { sub(/nid=[0-9]*/, "nid=7") } 1' "$places"
falsify "a direction is wrong" life-3.fast \
	'first("event=going_online ") { sub(/_online/, "_offline") } 1' \
	"$places"
falsify "a process is wrong" life-3.fast \
	'first("event=online ") { sub(/pid=[0-9]*/, "pid=1") } 1' "$askers"
falsify "its name is wrong" life-3.fast \
	'first("event=online ") { sub(/comm=[^ ]*/, "comm=init") } 1' "$askers"
falsify "two ends are the wrong way round" life-1.fast \
	'first("event=online ") { held = $0; next } { put($0) }
	held && /event=(online|offline)(_failed)? / { put(held); held = "" }' "$order"
falsify "a duration is too long" life-3.fast \
	'first("event=online ") { sub(/dur_us=/, "dur_us=99999999") } 1' \
	"$durations"
falsify "a duration is not known" life-3.fast \
	'first("event=online ") { sub(/dur_us=[0-9]*/, "dur_us=-") } 1' \
	"$durations"
falsify "the stage of an interrupted offline is wrong" life-1.fast \
	'/event=offline_failed / { sub(/stage=migrate/, "stage=notifier") } 1' "$plans"
falsify "the stage of an objection is wrong" life-1.fast \
	'/event=[a-z]*_failed / { sub(/stage=notifier/, "stage=node") } 1' "$plans"
falsify "a stage that nobody prepared is wrong" life-1.fast \
	'/event=[a-z]*_failed / { sub(/stage=[a-z]*/, "stage=unknown") } 1' "$stages"
falsify "the first memory of a node is missing" life-1.fast \
	'{ gsub(/first_memory/, "-") } 1' "$changes"
falsify "the record of a node's change is missing" life-1.fast \
	'!/event=node_/ { put($0) }' "$changes"
falsify "a record is of no attempt" life-1.fast 'NR == 1 { sub(/boot_ns=[0-9]*/, "boot_ns=1") } 1' \
	"every record is of an attempt"
falsify "the reader that keeps up lost something" life-3.fast \
	'!first("seq=1 ") { print; next } { print "event=lost count=1" }' \
	"$numbers"

falsify "the other reader lost more than it was told" life-1.slow \
	'first("event=lost") { sub(/=[0-9]*$/, "=1") } 1' \
	"$lost"
falsify "it was told nothing" life-1.slow '!/event=lost/' "$lost"
falsify "it read something else" life-1.slow \
	'first("event=online ") { sub(/dur_us=/, "dur_us=1") } 1' "$lost"
falsify "its last record is missing" life-3.slow 'NR > 1 { print last } { last = $0 }' "$lost"

falsify "a counter of status is wrong" life-1.status \
	'/^events_offline=/ { $0 = $0 "0" } 1' "counters of status"
falsify "a counter of a block is wrong" life-1.blocks \
	'first(" online=[1-9]") { sub(/ online=/, " online=1") } 1' \
	"counters and last failures of blocks"
falsify "the last failure of a block is wrong" life-1.blocks \
	'first("stage=isolate") { sub(/isolate/, "check") } 1' \
	"counters and last failures of blocks"
falsify "a counter of a node is wrong" life-1.nodes \
	'NR == 1 { sub(/offline_failed=/, "offline_failed=1") } 1' \
	"counters of nodes"
falsify "a duration of latency is wrong" life-1.latency \
	'first("sum_us=[1-9]") { sub(/sum_us=/, "sum_us=1") } 1' \
	"counts and durations of latency"

falsify "the trace has a begin without an end" trace '!first("online_end:")' \
	"the trace: every attempt has a begin and an end"
falsify "the trace has an end without a begin" trace '!first("online_begin:")' \
	"the trace: every attempt has a begin and an end"
falsify "an attempt is not in the trace" trace 'first("online_end: .*err=0") { last = ""; next }
	{ if (last) print last; last = $0 } END { print last }' "$requests"
falsify "a uevent is missing" uevents 'NR != 3' "$uevents"
falsify "two uevents are the wrong way round" uevents \
	'NR == 3 { sub(/=/, "=9") } 1' "$uevents"
falsify "a writer was told something else" requests \
	'first("err=0") { sub(/ err=0/, " err=5") } 1' "$requests"
falsify "nobody asked" requests '!first("plan=busy")' "$requests"
falsify "a block is in another state at the end" after \
	'NR == 3 { if (!sub(/state=online/, "state=offline")) sub(/state=offline/, "state=online") } 1' \
	"states at the end"
falsify "no offline was interrupted" requests \
	'{ sub(/plan=held planned=4/, "plan=none planned=0") } 1' \
	"everything has happened"
