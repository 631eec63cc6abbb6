#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Documentation/abi.md describes what there is: the same files, keys, events, stages and parameters.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 1
need_memhp
plan 12

DOC=$(dirname "$0")/abi.md
leave_offline
plug 1 1
block=${blocks% }

# documented SECTION COLUMN: names in the first column of its tables with that title, sorted.
documented()
{
	awk -v section="## $1" -v title="| $2 |" '
	/^## / { here = $0 == section }
	/^$/ { table = 0 }
	here && index($0, title) == 1 { table = 1 }
	here && table && /^[|] `/ {
		split($0, cell, "|")
		while (match(cell[2], /`[^`]*`/)) {
			print substr(cell[2], RSTART + 1, RLENGTH - 2)
			cell[2] = substr(cell[2], RSTART + RLENGTH)
		}
	}' "$DOC" | sort
}

# keys: of the fields on stdin, sorted.
keys()
{
	tr ' ' '\n' | sed 's/=.*//' | sort -u
}

# Opened before there are records, the ring of one has lost some when it is read.
module_load_with ring=1
exec 7<"$MEMHP/events"
set_state "$block" online_movable
equal "keys of events" "$(dd bs=512 iflag=nonblock <&7 2>/dev/null | keys)" "$(documented events key)"
exec 7<&-
module_unload

module_load
check "there is something documented" [ -n "$(documented status key)" ]
equal "names of events" \
	"$(sed -n 's/^events_\(.*\)=.*/\1/p' "$MEMHP/status" | { cat; echo lost; } | sort)" \
	"$(documented events event)"
equal "names of stages" "$(values result <"$MEMHP/latency" | grep -v '^ok$' | sort -u)" \
	"$(documented events stage)"
equal "keys of blocks" "$(keys <"$MEMHP/blocks")" "$(documented blocks key)"
equal "keys of latency" "$(keys <"$MEMHP/latency")" "$(documented latency key)"

# Not every kernel has every zone.
equal "keys of nodes" "$(keys <"$MEMHP/nodes" | grep -v '^pages_')" \
	"$(documented nodes key | grep -v '^pages_')"
equal "no zone is missing" \
	"$(keys <"$MEMHP/nodes" | grep '^pages_' | grep -vxF "$(documented nodes key)")" ""

if [ "$(status pages)" = 1 ]; then
	equal "keys of pages" "$(dd if="$MEMHP/pages" bs=4096 count=1 2>/dev/null | keys)" \
		"$(documented pages key)"
	files=$(ls "$MEMHP")
else
	skip "no file pages on this kernel"
	files=$(ls "$MEMHP" && echo pages)
fi
equal "files" "$(echo "$files" | sort)" \
	"$(sed -n 's/^## //p' "$DOC" | grep '^[a-z]*$' | sort)"

# Keys that are there while an operation runs: a page is held, so it does not end.
hold "$block"
sh -c "echo offline >$MEMORY/memory$block/state" 2>/dev/null &
writer=$!
at_end "kill $writer 2>/dev/null"
wait_until 20 grep -q ^op= "$MEMHP/status" || abort "the offline did not begin"
equal "keys of status" "$(keys <"$MEMHP/status")" "$(documented status key)"
kill "$writer"
wait "$writer" || :

equal "module parameters" "$(cd /sys/module/memhp/parameters && ls)" \
	"$(documented "Module parameters" parameter)"
