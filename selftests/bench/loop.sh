#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a user would write: plugs a DIMM in, waits until all of it is there, and onlines its blocks in the
# order of their addresses. Puts itself into a cgroup, to be measured there.
# usage: loop.sh CGROUP SIZE

hotplug add-dimm "$2" --node 1 || exit 1
echo $$ >"$1/cgroup.procs"
cd /sys/devices/system/memory || exit 1
until grep -qx offline memory*/state; do
	sleep 0.05
done
# Refused, but not before the addition is over.
echo online 2>/dev/null >memory0/state
for file in $(printf '%s\n' memory*/state | sort -V); do
	read -r state <"$file"
	[ "$state" = online ] || echo online_movable >"$file" || exit 1
done
