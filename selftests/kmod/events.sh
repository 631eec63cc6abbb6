#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The file "events" as a file: read, poll, lseek (events_test.c, with a memory block to switch).

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

need_root
need_blocks 2
need_memhp

leave_offline
module_load
plug 2 1
# shellcheck disable=SC2086 # a list
set -- $blocks
set_state "$2" online_movable

MEMHP_TEST_BLOCK=$1 "$(dirname "$0")/events_test"
