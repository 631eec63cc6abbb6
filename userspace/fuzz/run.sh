#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the fuzz targets with clang and runs each for some time, all at once, beginning with its corpus.
# usage: run.sh BUILD [SECONDS]      BUILD: a directory for it; what is found stays there
set -eu

here=$(dirname "$0")
build=${1:?the directory to build in is missing}
seconds=${2:-60}

cmake -S "$here/.." -B "$build" -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	-DMEMHP_FUZZ=ON -DMEMHP_TESTS=OFF >/dev/null
targets=
for corpus in "$here"/corpus/*; do
	target=$(basename "$corpus")
	make -C "$build" -s -j"$(nproc)" "fuzz-$target"
	targets="$targets $target"
done

running=
for target in $targets; do
	mkdir -p "$build/corpus/$target"
	"$build/fuzz/fuzz-$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-max_len=4096 -artifact_prefix="$build/$target-" -print_final_stats=1 \
		"$build/corpus/$target" "$here/corpus/$target" >"$build/$target.log" 2>&1 &
	running="$running $target:$!"
done
status=0
for one in $running; do
	target=${one%:*}
	if wait "${one#*:}"; then
		echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$target.log") inputs"
	else
		status=1
		echo "$target: FAILED, see $build/$target.log"
		tail -n 40 "$build/$target.log"
	fi
done
exit $status
