#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A DIMM is present at boot, memhpd is enabled with the policy "leave": neither the coldplug of the
# boot nor the daemon onlines it.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
command -v memhpctl >/dev/null || skip_all "memhpctl is not installed"
grep -qs '^action = "leave"' "$CONFIG" || skip_all "the machine was not booted for this test"
blocks=$(cd "$MEMORY" && for link in memory*/firmware_node; do
	[ ! -e "$link" ] || echo "${link%/firmware_node}"
done | sed 's/memory//' | tr '\n' ' ')
[ -n "$blocks" ] || skip_all "no DIMM was present at boot"
plan 7

# shellcheck disable=SC2086 # a list
equal "a DIMM that is there at boot is one all the same" \
	"$(memhpctl list $blocks -o SOURCE | tail -n +2 | sort -u)" acpi-dimm
check "the daemon runs" systemctl is-active -q memhpd
udevadm settle
look
# shellcheck disable=SC2086 # a list
equal "the DIMM of $blocks stayed offline at boot" "$(zones_of $blocks)" offline

for block in $blocks; do
	udevadm trigger --action=add "/sys/devices/system/memory/memory$block"
done
udevadm settle
look
# shellcheck disable=SC2086 # a list
equal "and so at another coldplug" "$(zones_of $blocks)" offline

systemctl stop memhpd
for block in $blocks; do
	udevadm trigger --action=add "/sys/devices/system/memory/memory$block"
done
udevadm settle
# shellcheck disable=SC2086 # a list
equal "and with the daemon stopped, which will decide at its next start" "$(zones_of $blocks)" offline

systemctl start memhpd
look
# shellcheck disable=SC2086 # a list
equal "which it does as before" "$(zones_of $blocks)" offline
# shellcheck disable=SC2046,SC2086 # a list
check "memhpctl onlines it" memhpctl online $(echo $blocks | tr ' ' ,)
