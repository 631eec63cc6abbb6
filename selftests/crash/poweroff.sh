#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Leaves memhpd in the middle of an unplug, with a page held in the way, a request waiting, and a DIMM that
# the kernel adds as soon as memhpd lets go: to be powered off so. How its unit ended goes to the console,
# where the one who runs the machine looks for it.

# shellcheck source-path=SCRIPTDIR source=../lib/memhpd.sh
. "$(dirname "$0")/../lib/memhpd.sh"

need_root
need_hotplug
need_module memory-notifier-error-inject
command -v memhpctl >/dev/null || skip_all "memhpctl is not installed"
plan 3

HELD=/run/memhp-test-held

# Nothing here is put back.
echo offline >"$MEMORY/auto_online_blocks"
mkdir -p "$DROP_IN"
cat >"$DROP_IN/poweroff.conf" <<'END'
[Service]
TimeoutStopSec=5s
ExecStopPost=/bin/sh -c 'echo "memhpd ended: $$SERVICE_RESULT" >/dev/console'
END
systemctl daemon-reload
configure '[offline]' 'attempt_deadline = "10m"'
systemctl restart memhpd || abort "memhpd does not start"
plug_dimm 4 1
# shellcheck disable=SC2086 # a list
wait_until 20 all_movable $blocks || abort "the DIMM is not online"

modprobe memory-notifier-error-inject
inject MEM_GOING_OFFLINE 16
hotplug del-dimm "$dimm" || abort "the host does not ask"
wait_until 30 told 130 || abort "the kernel does not give up"
check "an unplug goes on" wait_until 20 unplugs_are 1
# A unit that the shutdown does not stop.
systemd-run --quiet --unit memhp-test-held -p DefaultDependencies=no -p "StandardOutput=file:$HELD" \
	"$(realpath "$LIB/holdpage")" node 1
wait_until 60 grep -q '^held ' "$HELD" || abort "no page could be held"
held_block=$(value block "$(cat "$HELD")")
inject MEM_GOING_OFFLINE 0
wait_state "$held_block" going-offline 20 || abort "the offline does not begin"
check "and a request waits" memhpctl offline "$held_block" --no-wait
# The offline holds the lock that the addition needs, so memhpd hears of none of it before its stop; and the
# kernel is not to complain of the wait.
[ ! -e /proc/sys/kernel/hung_task_timeout_secs ] || echo 0 >/proc/sys/kernel/hung_task_timeout_secs
check "and a DIMM is about to come" sh -c \
	"hotplug add-dimm $((64 * $(block_bytes) >> 20))M --node 1 >/dev/null"
