#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Lets the tests run only where this machine was declared a test machine, and otherwise lists the
# memory blocks that they could take offline here.

[ "${MEMHP_TEST_MACHINE:-}" != yes ] || exit 0

cat >&2 <<END
The tests take memory offline, load and unload modules, and stop services. They run only on a
machine made for it: set MEMHP_TEST_MACHINE=yes there, or run 'make kselftest', which makes one.
END
movable=
for block in /sys/devices/system/memory/memory[0-9]*; do
	read -r state <"$block/state" || continue
	read -r zones <"$block/valid_zones" || continue
	if [ "$state" = online ] && [ "$zones" = Movable ]; then
		movable="$movable ${block##*/}"
	fi
done 2>/dev/null
if [ -n "$movable" ]; then
	echo "They would take some of these offline for a while (online in zone Movable):$movable" >&2
else
	echo "No block is online in zone Movable: tests that need one would be skipped" >&2
fi
exit 1
