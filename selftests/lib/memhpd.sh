# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Functions of the tests that run memhpd, to be sourced; those of memhp.sh come with it. The daemon is
# driven as an operator does it: by systemctl, its configuration file, memhpctl.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

CONFIG=/etc/memhp/memhpd.toml
DROP_IN=/run/systemd/system/memhpd.service.d

# need_memhpd: the daemon is installed; it is stopped now, and again at the end.
need_memhpd()
{
	command -v memhpctl >/dev/null || skip_all "memhpctl is not installed"
	systemctl cat memhpd.service >/dev/null 2>&1 || skip_all "memhpd is not installed"
	at_end "systemctl stop memhpd"
	systemctl stop memhpd
}

daemon_start()
{
	systemctl reset-failed memhpd 2>/dev/null || :
	systemctl start memhpd || abort "memhpd does not start: $(daemon_log | tail -n 5)"
}

daemon_pid()
{
	systemctl show -P MainPID memhpd
}

# The process that writes for process $1 (memhpd or memhpctl): its child.
writer_of()
{
	pgrep -P "$1" -x memhp-writer
}

# daemon_log: what memhpd said since this test began.
daemon_log()
{
	journalctl -u memhpd -t memhpd -o cat --no-pager --since "@$test_began"
}
test_began=$(date +%s)

# daemon_logged PATTERN
daemon_logged()
{
	daemon_log | grep -q -- "$1"
}

# configure LINE…: the configuration until the end of the test.
configure()
{
	[ -e "$CONFIG.test" ] || {
		cp "$CONFIG" "$CONFIG.test"
		at_end "mv $CONFIG.test $CONFIG"
	}
	printf '%s\n' "$@" >"$CONFIG"
}

# no_restart: systemd does not start the daemon again after a crash, until the end of the test.
no_restart()
{
	mkdir -p "$DROP_IN"
	at_end "rm -rf $DROP_IN; systemctl daemon-reload"
	printf '[Service]\nRestart=no\n' >"$DROP_IN/test.conf"
	systemctl daemon-reload
}

# no_stop_post: systemd runs nothing after the daemon has ended, until the end of the test.
no_stop_post()
{
	mkdir -p "$DROP_IN"
	at_end "rm -f $DROP_IN/no-post.conf; systemctl daemon-reload"
	printf '[Service]\nExecStopPost=\n' >"$DROP_IN/no-post.conf"
	systemctl daemon-reload
}

# daemon_kill: SIGKILL, and waits until systemd has seen the end of it.
daemon_kill()
{
	kill -KILL "$(daemon_pid)"
	wait_until 10 systemctl -q is-failed memhpd || abort "memhpd survives SIGKILL"
}

# daemon_status FILTER: what jq makes of the daemon's part of `memhpctl --json status`.
daemon_status()
{
	memhpctl --json status | jq -r ".daemon | $1"
}

# unplugs_are COUNT: memhpd has taken over so many.
unplugs_are()
{
	[ "$(daemon_status '.unplugs | length')" = "$1" ]
}

# setting NAME: the kernel's setting, empty where this kernel has none.
setting()
{
	case $1 in
	auto_online_blocks) cat "$MEMORY/$1" ;;
	*) cat "/sys/module/memory_hotplug/parameters/$1" 2>/dev/null ;;
	esac
}

# set_setting NAME VALUE
set_setting()
{
	case $1 in
	auto_online_blocks) echo "$2" >"$MEMORY/$1" ;;
	*) echo "$2" >"/sys/module/memory_hotplug/parameters/$1" ;;
	esac
}

# setting_is NAME VALUE
setting_is()
{
	[ "$(setting "$1")" = "$2" ]
}

# all_settings: in one line.
all_settings()
{
	echo "$(setting auto_online_blocks) $(setting online_policy)" \
		"$(setting auto_movable_ratio) $(setting auto_movable_numa_aware)"
}

# need_online_policy: the kernel lets a policy choose the zone (5.15 and later).
need_online_policy()
{
	[ -e /sys/module/memory_hotplug/parameters/online_policy ] ||
		skip_all "this kernel has no online_policy"
}

# daemon_value KEY: a number of `memhpctl --json status`.
daemon_value()
{
	memhpctl --json status | sed -n "s/^ *\"$1\": \([0-9]*\),*$/\1/p" | head -n 1
}

# daemon_environment NAME=VALUE: from its next start on, until the end of the test.
daemon_environment()
{
	mkdir -p "$DROP_IN"
	at_end "rm -f $DROP_IN/environment.conf; systemctl daemon-reload"
	printf '[Service]\nEnvironment=%s\n' "$1" >"$DROP_IN/environment.conf"
	systemctl daemon-reload
}

# no_watchdog: the daemon may be stopped for long, until the end of the test.
no_watchdog()
{
	mkdir -p "$DROP_IN"
	at_end "rm -f $DROP_IN/watchdog.conf; systemctl daemon-reload"
	printf '[Service]\nWatchdogSec=0\n' >"$DROP_IN/watchdog.conf"
	systemctl daemon-reload
}

# daemon_stopped: it does not run, nor read events, until daemon_continued.
daemon_stopped()
{
	kill -STOP "$(daemon_pid)"
}

daemon_continued()
{
	kill -CONT "$(daemon_pid)"
}

# look: makes the daemon look at all blocks, and waits until it has.
look()
{
	look_before=$(daemon_value scans)
	kill -USR1 "$(daemon_pid)"
	wait_until 20 looked || abort "memhpd does not look at the blocks"
}

looked()
{
	[ "$(daemon_value scans)" -gt "$look_before" ]
}

# zone_of N: of an online block, else its state.
zone_of()
{
	if in_state "$1" online; then
		read_block "$1" valid_zones
		# shellcheck disable=SC2154 # read_block sets it
		echo "$content"
	else
		block_state "$1"
	fi
}

# zones_of N…: each zone (or state) once.
zones_of()
{
	for zone_block in "$@"; do
		zone_of "$zone_block"
	done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# all_movable N…: all online in zone Movable.
all_movable()
{
	[ "$(zones_of "$@")" = Movable ]
}

# stop_within SECONDS: systemd kills the daemon when it has not ended so long after it was told to, and calls
# that a failure; until the end of the test.
stop_within()
{
	mkdir -p "$DROP_IN"
	at_end "rm -f $DROP_IN/stop.conf; systemctl daemon-reload"
	printf '[Service]\nTimeoutStopSec=%ss\n' "$1" >"$DROP_IN/stop.conf"
	systemctl daemon-reload
}
