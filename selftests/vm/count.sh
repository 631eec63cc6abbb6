#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Counts the test programs in the output of run_kselftest.sh, and prints the count as the last line.
# Fails when one of them failed, and when none was run.
# usage: count.sh FILE

awk '
/^ok .*# SKIP/ { skipped++; next }
/^ok / { passed++ }
/^not ok / { failed++ }
END {
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	if (!passed && !failed)
		print "count.sh: nothing was run: every test was skipped" | "cat >&2"
	exit failed || !passed
}' "$1"
