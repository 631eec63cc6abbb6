#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# memhpctl doctor: nothing is wrong on a machine with memhpd at work; what is planted is named, and
# nothing else.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_memhpd
need_memhp
plan 20

scratch=$(mktemp -d)
at_end "rm -rf $scratch"
output=$scratch/output

# problems: what doctor finds, in one line.
problems()
{
	memhpctl doctor --json | jq -r '[.findings[] | select(.level == "problem") | .id] | join(" ")'
}

# found ID FILTER: what jq makes of a finding.
found()
{
	memhpctl doctor --json | jq -r ".findings[] | select(.id == \"$1\") | $2"
}

systemctl -q is-enabled memhpd || {
	at_end "systemctl -q disable memhpd"
	systemctl -q enable memhpd
}
set_auto_online offline
module_load
daemon_start
memhpctl doctor >"$output"
equal "nothing is wrong" "$? $(problems)" "0 "
tells "and it says so" '^no problems, ' "$output"
diag "$(cat "$output")"

plug 4 1
# shellcheck disable=SC2086 # a list
set -- $blocks
# shellcheck disable=SC2086 # a list
check "a DIMM is onlined" wait_until 20 all_movable $blocks
equal "nothing is wrong with it" "$(problems)" ""
memhpctl offline "$4" >/dev/null
equal "nor with a block that is offline on purpose" "$(problems)" ""
memhpctl offline "$2" >/dev/null
memhpctl online "$2" --zone kernel >/dev/null
equal "a block in a kernel zone keeps the DIMM" "$(problems)" dimm-not-ejectable
device=$(memhpctl list -o DEVICE "$2" | tail -n 1)
check "which is named" sh -c "memhpctl doctor | grep -q '^problem: dimm-not-ejectable: $device '"
# What it says is to be typed.
found dimm-not-ejectable '.remedy[0]' >"$scratch/remedy"
sh -e "$scratch/remedy" >/dev/null
equal "the remedy helps" "$? $(problems) $(zone_of "$2")" "0  Movable"

# Rules that udev does not read again, and a process of that name.
mkdir -p /run/udev/rules.d
at_end "rm -f /run/udev/rules.d/4[12]-test.rules"
echo 'SUBSYSTEM=="memory", ACTION=="add", ATTR{state}="online"' >/run/udev/rules.d/41-test.rules
equal "a rule that onlines" "$(problems)" udev-onlines
echo 'SUBSYSTEM=="memory", RUN+="/usr/sbin/kdump-config reload"' >/run/udev/rules.d/42-test.rules
equal "one that loads the crash kernel" "$(problems)" "udev-onlines kdump-reload"
rm /run/udev/rules.d/4[12]-test.rules
cp /bin/sleep "$scratch/nvidia-persistenced"
"$scratch/nvidia-persistenced" 600 &
agent=$!
at_end "kill $agent"
named()
{
	[ "$(cat "/proc/$agent/comm")" = nvidia-persiste ]
}
check "an agent runs" wait_until 10 named
check "and is named" sh -c "memhpctl doctor | grep -q 'nvidia-persiste is running'"

systemctl -q disable memhpd
equal "memhpd not enabled" "$(problems)" daemon-not-enabled
systemctl -q enable memhpd
configure '[online]' 'action = "mvoable"'
found configuration .what >"$output"
tells "a bad configuration, with its place" 'memhpd.toml:2:10: action: must be' "$output"
configure '[online]'
equal "nothing is wrong any more" "$(problems)" ""

systemctl stop memhpd
echo online_kernel >"$MEMORY/auto_online_blocks"
memhpctl doctor >"$output"
equal "without the daemon" "$? $(problems)" "1 daemon-down auto-online"
set_state "$3" offline
check "a block that went offline since" sh -c \
	"memhpctl doctor --json | jq -r '.findings[].what' | grep -q ': blocks $3\$'"
tells "what to type" '^ *\$ systemctl enable --now memhpd$' "$output"
module_unload
equal "without the module" "$(found module-not-loaded .level)" note
equal "without privilege it says what it could not see" \
	"$(setpriv --reuid 65534 --regid 65534 --clear-groups memhpctl doctor --json |
		jq -r '[.findings[] | select(.id == "unreadable") | .level] | join(" ")')" note
