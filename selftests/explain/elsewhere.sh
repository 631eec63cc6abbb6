#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What is in a block goes to the other nodes. Planted: no room there for huge pages in use, and then there
# is. And memory that a balloon has given back to the host, which is no obstacle: it settles in the block
# because the other node is full. Each verdict is held against a real attempt.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/explain.sh
. "$LIB/explain.sh"

need_root
need_explain
need_hotplug
need_memhp
need_module virtio_balloon
plan 10

# pool NODE: where the number of its huge pages of 2 MiB is.
pool()
{
	echo "/sys/devices/system/node/node$1/hugepages/hugepages-2048kB/nr_hugepages"
}

# fill: node 0 has next to no memory left. Its huge pages are there for one who does not take them.
fill()
{
	at_end "echo $(cat /proc/sys/vm/min_free_kbytes) >/proc/sys/vm/min_free_kbytes"
	echo 16384 >/proc/sys/vm/min_free_kbytes
	echo 3 >/proc/sys/vm/drop_caches
	at_end "echo 0 >$(pool 0)"
	echo 100000 >"$(pool 0)"
	uses reserve 0 2048 "$(sed -n 's/^HugePages_Free: *//p' /proc/meminfo)"
	filler=$user
}

empty()
{
	release "$filler"
	echo 0 >"$(pool 0)"
}

# vmstat NAME
vmstat()
{
	sed -n "s/^$1 //p" /proc/vmstat
}

given_back()
{
	[ $(($(vmstat balloon_inflate) - $(vmstat balloon_deflate))) -eq "$1" ]
}

leave_offline
plug 1 1
block=${blocks% }
set_state "$block" online_movable
module_load

# As many as fit, so that what is left elsewhere is certain to be too little.
at_end "echo 0 >$(pool 1)"
echo 62 >"$(pool 1)"
uses huge 1 2048 "$(cat "$(pool 1)")"
planted=$user
equal "huge pages for which there is room" "$(verdict "$block")" "can_go none"
fill
equal "there is none" "$(verdict "$block")" "cannot_go huge_page"
diag "$(jq -c '.blocks[0] | .why, .room' "$explained")"
equal "... so the kernel fails to move them" "$(outcome "$block")" "migrate 4"
empty
equal "there is again" "$(verdict "$block")" "can_go none"
equal "... and they go" "$(outcome "$block")" went
release "$planted"
echo 0 >"$(pool 1)"

fill
at_end "hotplug balloon 0M"
# More than node 0 can still give.
hotplug balloon 100M || abort "no balloon"
wait_until 60 given_back 25600 || abort "the balloon has $(vmstat balloon_inflate) pages"
empty
equal "a balloon in the block" "$(verdict "$block")" "can_go none"
planted=$(jq '.blocks[0].pages.offline' "$explained")
check "... it is there" [ "$planted" -ge 4096 ]
moved=$(vmstat balloon_migrate)
equal "... and the block goes" "$(outcome "$block")" went
check "... its pages elsewhere" [ $(($(vmstat balloon_migrate) - moved)) -ge "$planted" ]
hotplug balloon 0M
check "it shrinks" wait_until 60 given_back 0
