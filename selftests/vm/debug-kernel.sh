#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds a kernel with the options of a fragment, and fails when one of them is not what it says
# there. Leaves in DIRECTORY: vmlinuz, modules (to be laid over a system), kernel (its release), and
# build, which is what building modules for it takes.
# usage: debug-kernel.sh ARCHIVE FRAGMENT DIRECTORY
set -eu

if [ $# -ne 3 ] || [ ! -f "$1" ]; then
	echo "usage: debug-kernel.sh ARCHIVE FRAGMENT DIRECTORY" >&2
	exit 2
fi
archive=$1
fragment=$2
result=$3

mkdir "$result/build"
tar -xf "$archive" -C "$result/build" --strip-components=1
cd "$result/build"
# Whatever the fragment neither names nor selects is off, as far as that is possible.
make -s KCONFIG_ALLCONFIG="$fragment" allnoconfig

wrong=0
while read -r line; do
	case "$line" in
	CONFIG_*)
		grep -qxF "$line" .config && continue
		;;
	"# CONFIG_"*" is not set")
		option=${line#??}
		grep -q "^${option%% *}=" .config || continue
		;;
	"# Not checked:")
		break
		;;
	*)
		continue
		;;
	esac
	echo "debug-kernel.sh: not in the configuration of this kernel: $line" >&2
	wrong=$((wrong + 1))
done <"$fragment"
[ "$wrong" -eq 0 ] || exit 1

make -j"$(nproc)" bzImage modules
make -s INSTALL_MOD_PATH="$result/modules" modules_install
make -s kernelrelease >"$result/kernel"
rm -f "$result"/modules/lib/modules/*/build "$result"/modules/lib/modules/*/source
cp arch/x86/boot/bzImage "$result/vmlinuz"

# What building a module needs; the rest is a gigabyte.
find . -mindepth 1 -maxdepth 1 ! -name Makefile ! -name .config ! -name Module.symvers \
	! -name arch ! -name include ! -name scripts ! -name tools -exec rm -rf {} +
find arch -mindepth 1 -maxdepth 1 ! -name x86 -exec rm -rf {} +
find arch -name '*.o' -delete
