#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl policy: check names every mistake of a file, show tells what is in force and why each block
# is as it is, from the daemon where it runs and else from the file.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
plan 16

file=$(mktemp)
output=$(mktemp)
at_end "rm -f $file $output"

check "the installed file is good" memhpctl policy check "$CONFIG"

cat >"$file" <<'end'
[online]
action = "mvoable"
max_movable_ratio = 20
[[online.rule]]
action = "leave"
[[online.rule]]
node = 1
action = "kernel"
[offline]
deadline = "10"
end
memhpctl policy check "$file" 2>"$output"
equal "a bad file" "$?" 1
equal "each mistake with its place, in order" "$(grep -o "^$file:[0-9]*:[0-9]*" "$output")" \
	"$(printf '%s\n' "$file:2:10" "$file:3:21" "$file:6:1" "$file:10:12")"
tells "and the allowed values" ':2:10: action: must be "movable", ' "$output"
equal "as JSON" "$(memhpctl --json policy check "$file" | jq -c '[.good, (.mistakes | length)]')" \
	"[false,4]"
equal "from standard input" "$(echo 'lunch = 1' | memhpctl policy check - 2>&1 | cut -c 1-23)" \
	"-:1:1: unknown key 'lun"
memhpctl policy check /nowhere/at/all 2>/dev/null
equal "no such file" "$?" 1
memhpctl policy check 2>/dev/null
equal "no file named: usage" "$?" 2

configure '[online]' 'action = "offline"' '[[online.rule]]' 'node = 1' 'action = "kernel"'
check "show without the daemon says so" sh -c \
	"memhpctl policy show | grep -q '^policy: $CONFIG (memhpd is not running; it would take this)'"
equal "and reads the file" "$(memhpctl --json policy show | jq -c \
	'[.daemon, (.settings[] | select(.key == "online.action") | .value, .line)]')" \
	'[false,"offline",2]'

leave_offline
plug 2 0
# shellcheck disable=SC2086 # a list
set -- $blocks
daemon_start
look
memhpctl --json policy show >"$file"
equal "show with the daemon" "$(jq -c '[.daemon, .origin, .file]' "$file")" \
	"[true,\"file\",\"$CONFIG\"]"

# shown FILTER: of the device that has block $1.
shown()
{
	jq -c ".devices[] | select(.parts[].blocks | startswith(\"$first\")) | $1" "$file" | head -n 1
}
first=$1
equal "what it wants of a device" "$(shown '[.source, .action, .by, .rule]')" \
	'["acpi-dimm","offline","online.action",null]'
equal "why its blocks are as they are" "$(shown '.parts[0] | [.blocks, .state, .why]')" \
	"[\"$1-$2\",\"offline\",\"offline by online.action\"]"
memhpctl online "$1" >/dev/null
memhpctl --json policy show >"$file"
equal "a request changes that" "$(shown '[.parts[].why]')" \
	'["online by request","offline by online.action"]'
check "as a table" sh -c "memhpctl policy show | grep -q ' online by request\$'"
setpriv --reuid 65534 --regid 65534 --clear-groups memhpctl policy show >/dev/null 2>&1
equal "not for everybody" "$?" 1
