#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The history has no gaps: numbers are consecutive, and a reader that was overtaken is told by how
# many records, exactly.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 2
need_memhp
plan 9

leave_offline
plug 2 1
module_load_with ring=0 2>/dev/null
check "a ring of no records is refused" [ ! -d /sys/module/memhp ]
module_load_with ring=5
equal "the size is rounded up to a power of two" "$(status ring)" 8
# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$2" online_movable

exec 3<"$MEMHP/events"
first=$(events | head -n 1 | values seq)
seen=$(dd bs=512 count=1 <&3 2>/dev/null | values seq)
equal "a reader begins with the oldest record" "$seen" "$first"

before=$(status seq)
# four records a turn
for turn in 1 2 3 4 5; do
	set_state "$1" online_movable || diag "turn $turn: online failed"
	set_state "$1" offline || diag "turn $turn: offline failed"
done
newest=$(status seq)
equal "every event is numbered" "$newest" $((before + 20))

dd iflag=nonblock bs=512 <&3 2>/dev/null >/tmp/memhp-ring.$$
at_end "rm -f /tmp/memhp-ring.$$"
equal "an overtaken reader is told" "$(head -n 1 /tmp/memhp-ring.$$)" \
	"event=lost count=$((newest - 8 - seen))"
equal "and goes on with the oldest record, without a gap" \
	"$(tail -n +2 /tmp/memhp-ring.$$ | values seq | tr '\n' ' ')" \
	"$(seq $((newest - 7)) "$newest" | tr '\n' ' ')"
equal "a new reader has lost nothing" "$(events | values event | grep -c lost)" 0
equal "status agrees on the oldest" "$(status oldest_seq)" $((newest - 7))

set_state "$1" online_movable
equal "a reader that keeps up loses nothing" \
	"$(dd iflag=nonblock bs=512 <&3 2>/dev/null | values event | tr '\n' ' ')" \
	"going_online online "
exec 3<&-
