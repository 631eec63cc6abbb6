#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Unpacks what the tests use of a kernel source archive: the kselftest framework, checkpatch, and what
# tells whether sparse works.
# usage: framework.sh ARCHIVE DIRECTORY
set -eu

if [ $# -ne 2 ] || [ ! -f "$1" ]; then
	echo "usage: framework.sh ARCHIVE DIRECTORY (ARCHIVE: /usr/src/linux-source-*.tar.xz)" >&2
	exit 2
fi
mkdir -p "$2"
tar -xf "$1" -C "$2" --strip-components=1 --wildcards --no-wildcards-match-slash \
	'*/tools/testing/selftests/lib.mk' \
	'*/tools/testing/selftests/kselftest*' \
	'*/tools/testing/selftests/run_kselftest.sh' \
	'*/scripts/check*' \
	'*/scripts/spelling.txt' \
	'*/scripts/const_structs.checkpatch'
