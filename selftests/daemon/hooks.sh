#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The programs of settled.d run once after a burst, at most once in an interval, in a unit of their own,
# with the totals in the environment. One that hangs is ended and reported, and the next runs all the same.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
command -v jq >/dev/null || skip_all "no jq"
plan 24

UNIT=memhp-settled.service
INTERVAL=15 # seconds
UNIT_DROP_IN=/run/systemd/system/$UNIT.d
seen=$(mktemp -d)
at_end "rm -rf $seen"

# add_hook FILE LINE…: a shell script.
add_hook()
{
	hook_file=$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$hook_file"
	chmod 755 "$hook_file"
	at_end "rm -f $hook_file"
}

# runs: how often the recording program was run.
runs()
{
	find "$seen" -name 'env.*' | wc -l
}

has_run()
{
	[ "$(runs)" -ge "$1" ]
}

# told N NAME: a variable of the Nth run.
told()
{
	sed -n "s/^$2=//p" "$seen/env.$1"
}

# grew N NAME: by how many blocks the total was larger after it than before, in the Nth run.
grew()
{
	echo $((($(told "$1" "MEMHP_$2_AFTER") - $(told "$1" "MEMHP_$2_BEFORE")) / $(block_bytes)))
}

# settled_since SECOND: of the uptime. A burst is over when nothing has happened for 3 s.
settled_since()
{
	[ "$(uptime_seconds)" -gt $(($1 + 3)) ]
}

unit_is()
{
	[ "$(systemctl show -P ActiveState "$UNIT")" = "$1" ]
}

# Each run of it leaves a file of its own: the environment, the cgroup, the capabilities, the time.
RECORD="number=\$((\$(find $seen -name 'env.*' | wc -l) + 1))
{
	env
	cat /proc/self/cgroup
	grep CapBnd /proc/self/status
	echo AT=\$(cut -d. -f1 /proc/uptime)
} >$seen/now
mv $seen/now $seen/env.\$number"

set_auto_online offline
check "there is a directory for the programs" test -d /etc/memhp/settled.d
add_hook /etc/memhp/settled.d/10-record "$RECORD"
printf 'exit 1\n' >/etc/memhp/settled.d/README
at_end "rm -f /etc/memhp/settled.d/README"
configure ''
# What came and went while another test's memhpd was down is not this test's.
rm -f /run/memhp/settled.*
daemon_start
check "memhpd brings the unit that waits" systemctl -q is-active memhp-settled.path
movable=$(memhpctl --json status | jq .total.movable)
plug 4 1
# shellcheck disable=SC2086 # a list
check "memory comes" wait_until 20 all_movable $blocks
check "and the program is run" wait_until 20 has_run 1
check "to its end" wait_until 10 unit_is inactive
equal "once for all blocks" "$(grew 1 MOVABLE) $(grew 1 ONLINE) $(grew 1 KERNEL)" "4 4 0"
equal "with the totals from before" "$(told 1 MEMHP_MOVABLE_BEFORE)" "$movable"
equal "and after" "$(told 1 MEMHP_MOVABLE_AFTER)" "$(memhpctl --json status | jq .total.movable)"
equal "in blocks too" \
	"$(($(told 1 MEMHP_BLOCKS_AFTER) - $(told 1 MEMHP_BLOCKS_BEFORE))) $(told 1 MEMHP_BLOCK_SIZE)" \
	"4 $(block_bytes)"
equal "with the path of the configuration" "$(told 1 MEMHP_CONFIG)" "$CONFIG"
tells "in a unit of its own" "/$UNIT\$" "$seen/env.1"
equal "outside of memhpd's sandbox" "$(grep CapBnd "$seen/env.1")" "$(grep CapBnd /proc/1/status)"
check "memhpctl status says that it went well" sh -c \
	"memhpctl status | grep -q '^settled programs: run at .*, 1 of them, all good\$'"

# Another directory, in which one hangs, and two more bursts within the interval.
mkdir "$seen/other"
add_hook "$seen/other/10-hang" "echo \$\$ >$seen/hung" "sleep 1000 &" "echo \$! >>$seen/hung" "wait"
add_hook "$seen/other/20-record" "$RECORD"
mkdir -p "$UNIT_DROP_IN"
at_end "rm -rf $UNIT_DROP_IN; systemctl daemon-reload; systemctl reset-failed $UNIT"
printf '[Service]\nEnvironment=MEMHP_HOOK_TIMEOUT=2s\n' >"$UNIT_DROP_IN/test.conf"
systemctl daemon-reload
configure '[hooks]' "settled = \"$seen/other\"" "interval = \"${INTERVAL}s\""
systemctl reload memhpd
# shellcheck disable=SC2086 # a list
set -- $blocks
check "memory goes" memhpctl offline "$4"
gone_at=$(uptime_seconds)
wait_until 20 settled_since "$gone_at"
check "and goes again" memhpctl offline "$3"
equal "within the interval nothing is run" "$(runs)" 1
check "after it" wait_until 30 has_run 2
check "not before" [ $(($(told 2 AT) - $(told 1 AT))) -ge $((INTERVAL - 1)) ]
equal "once for both bursts" "$(grew 2 MOVABLE) $(grew 2 OFFLINE)" "-2 2"
equal "from the directory that the configuration names" "$(told 2 MEMHP_SETTLED_DIR)" "$seen/other"
check "the unit has failed" wait_until 10 unit_is failed
check "for one that hung" sh -c \
	"journalctl -u $UNIT -o cat --no-pager | grep -q '^10-hang: ended after 2.*had not finished'"
check "and memhpctl status says so" sh -c \
	"memhpctl status | grep -q '^settled programs: .*, 2 of them; 10-hang: ended after 2'"
ps -o pid= -p "$(tr '\n' , <"$seen/hung" | sed 's/,$//')" >"$seen/alive"
equal "nothing of it is left" "$(cat "$seen/alive")" ""
