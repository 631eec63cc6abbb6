#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpd takes a changed file without a restart, by systemctl reload, SIGHUP or its socket; rules decide
# per device; a bad file keeps the policy that was, and every mistake is told.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 18

# config_is ORIGIN: where the configuration in force comes from.
config_is()
{
	[ "$(memhpctl --json status | jq -r .daemon.config)" = "$1" ]
}

# reload_call: what the method answers, in a line.
reload_call()
{
	printf '{"method":"io.memhp.Reload"}\0' |
		"$@" socat -t 10 - UNIX-CONNECT:/run/memhp/io.memhp | tr '\0' '\n'
}

set_auto_online offline
configure '[online]' 'action = "offline"'
daemon_start
pid=$(daemon_pid)
plug 2 0
at_node_0=$blocks
plug 4 1
at_node_1=$blocks
look
# shellcheck disable=SC2086 # a list
equal "the policy keeps all offline" "$(zones_of $at_node_0 $at_node_1)" offline

configure '[online]' 'action = "offline"' '[[online.rule]]' 'node = 1' \
	'min_size = "1P"' 'action = "kernel"' '[[online.rule]]' 'node = 1' 'action = "movable"'
check "systemctl reload" systemctl reload memhpd
# shellcheck disable=SC2086 # a list
check "the first rule that matches decides" wait_until 20 all_movable $at_node_1
# shellcheck disable=SC2086 # a list
equal "a device that none matches stays" "$(zones_of $at_node_0)" offline
check "what decided is on record" sh -c \
	"memhpctl policy show | grep -q 'movable by rule 2 (node=1)\$'"

configure '[online]' 'action = "movable"' 'lunch = 1' '[offline]' 'deadline = 5'
systemctl reload memhpd 2>/dev/null
equal "systemctl reload with a bad file fails" "$?" 1
kill -HUP "$pid"
check "SIGHUP with a bad file" wait_until 10 config_is older-file
check "each mistake is in the log" daemon_logged "memhpd.toml:3:1: unknown key 'lunch'"
check "with its place" daemon_logged 'memhpd.toml:5:12: deadline: '
check "memhpctl status says so" sh -c \
	"memhpctl status | grep -q 'configuration file is not used, an older version of it is'"
look
# shellcheck disable=SC2086 # a list
equal "the policy stays" "$(zones_of $at_node_0)" offline

equal "the socket's Reload tells the mistakes" \
	"$(reload_call | jq -c '[.error, (.parameters.mistakes | length)]')" \
	'["io.memhp.InvalidConfig",2]'
configure '[online]' 'action = "movable"'
equal "a reader of the socket may not reload" \
	"$(reload_call setpriv --reuid 65534 --regid "$(getent group memhp | cut -d: -f3)" \
		--clear-groups | jq -r .error)" org.varlink.service.PermissionDenied
look
# shellcheck disable=SC2086 # a list
equal "and has not" "$(zones_of $at_node_0)" offline
equal "root may" "$(reload_call | jq -c .parameters)" '{}'
# shellcheck disable=SC2086 # a list
check "which takes effect" wait_until 20 all_movable $at_node_0
check "and the file is in force" config_is file
equal "all of it by one process" "$(daemon_pid)" "$pid"
