#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# DKMS builds and installs the module for the running kernel, and by itself for one that is installed
# later.

# shellcheck source-path=SCRIPTDIR source=../lib/memhp.sh
. "$(dirname "$0")/../lib/memhp.sh"

# The headers of another kernel, as packages.
LATER=/var/lib/memhp-vm/later

need_root
command -v dkms >/dev/null || skip_all "no dkms"
[ -d "$LATER" ] || skip_all "no packages of a later kernel in $LATER"
set -- /usr/src/memhp-*
[ -e "$1/dkms.conf" ] || skip_all "no source of memhp in /usr/src"
version=${1#/usr/src/memhp-}
plan 11

# dkms_do VERB…: quiet when it succeeds.
dkms_do()
{
	if ! dkms "$@" -m memhp -v "$version" >/tmp/dkms.log 2>&1; then
		diag "$(cat /tmp/dkms.log /var/lib/dkms/memhp/"$version"/build/make.log)"
		return 1
	fi
}

# module KERNEL: the file that was installed for it.
module()
{
	find "/lib/modules/$1/updates/dkms" -name 'memhp.ko*' 2>/dev/null
}

# vermagic KERNEL: which kernel that file is for.
vermagic()
{
	modinfo -F vermagic "$(module "$1")" | cut -d ' ' -f 1
}

# install_later: what apt does when a kernel comes; quiet when it succeeds.
install_later()
{
	dpkg -i "$LATER"/*.deb >/tmp/dpkg.log 2>&1 || {
		diag "$(cat /tmp/dpkg.log)"
		return 1
	}
}

running=$(uname -r)
check "add" dkms_do add
check "build" dkms_do build
check "install" dkms_do install
equal "for the running kernel" "$(vermagic "$running")" "$running"
equal "of this version" "$(modinfo -F version memhp)" "$version"
check "it loads" modprobe memhp
check "it works" [ "$(status blocks_online)" -gt 0 ]
check "it unloads" rmmod memhp

check "another kernel comes" install_later
later=$(dpkg-deb -c "$LATER"/linux-headers-[0-9]*.deb | sed -n 's|.* \./lib/modules/\([^/]*\)/$|\1|p')
equal "and has the module" "$(vermagic "$later")" "$later"

dkms_do remove --all
equal "after removal nothing is left" "$(module "$running")$(module "$later")" ""
