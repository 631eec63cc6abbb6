#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Installs what this machine is missing, on Debian 12 and 13.
# usage: setup.sh vm|build     vm: to run the test machines; build: to build memhp for this machine
# YES=1 does not ask before using sudo.
set -eu

here=$(dirname "$0")

packages()
{
	sed '/^#/d' "$here/packages/$1" | paste -sd ' '
}

become_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

case "${1:-}" in
vm)
	wanted=$(packages host)
	if [ "$(id -u)" -ne 0 ]; then
		wanted="$wanted uidmap"
	fi
	;;
build)
	wanted="$(packages kmod) $(packages userspace)"
	case "$(uname -v)" in
	*Debian*)
		wanted="$wanted linux-headers-$(uname -r)"
		;;
	*)
		# Its headers come from where it came from.
		[ -e "/lib/modules/$(uname -r)/build/Makefile" ] ||
			echo "setup.sh: $(uname -r) is no kernel of Debian: install its headers for the" \
				"module; 'make userspace install-userspace' does without" >&2
		;;
	esac
	;;
*)
	echo "usage: setup.sh vm|build" >&2
	exit 2
	;;
esac

# shellcheck source=/dev/null
. /etc/os-release
case "${ID:-}:${VERSION_ID:-}" in
debian:12 | debian:13)
	;;
*)
	echo "setup.sh: this is ${PRETTY_NAME:-unknown}, not Debian 12 or 13;" \
		"what is needed, by its Debian names: $wanted" >&2
	exit 1
	;;
esac

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
	if [ "$state" != installed ]; then
		missing="$missing $package"
	fi
done

# The lists serve two purposes: to install, and to learn which archive this machine uses.
update=
apt-get indextargets --format "\$(ORIGIN)" | grep -qx Debian || update=yes
for package in $missing; do
	apt-cache policy "$package" | grep -q 'Candidate: [^(]' || update=yes
done
if [ -n "$missing" ] && [ -z "$(find /var/lib/apt/lists/partial -maxdepth 0 -mtime -1)" ]; then
	update=yes
fi

commands=${update:+apt-get update}
if [ -n "$missing" ]; then
	commands="${commands:+$commands && }apt-get install -y --no-install-recommends$missing"
fi
if [ -n "$commands" ]; then
	commands="export DEBIAN_FRONTEND=noninteractive; $commands"
	sudo=
	[ "$(id -u)" -eq 0 ] || sudo="sudo "
	echo "missing on this machine:${missing:- the package lists}"
	echo "    ${sudo}sh -c '$commands'"
	if [ -n "$sudo" ] && [ "${YES:-}" != 1 ]; then
		if [ ! -t 0 ]; then
			echo "setup.sh: no terminal to ask on: run this command, or set YES=1" >&2
			exit 1
		fi
		printf 'Run it? [y/N] '
		read -r answer
		case "$answer" in
		y* | Y*)
			;;
		*)
			echo "setup.sh: nothing was installed" >&2
			exit 1
			;;
		esac
	fi
	become_root sh -c "$commands"
fi

if [ "$1" = vm ] && [ "$(id -u)" -ne 0 ] && ! grep -qE "^($(id -un)|$(id -u)):" /etc/subuid; then
	echo "setup.sh: $(id -un) has no subordinate user ids, which building an image takes: run" \
		"'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)'" >&2
	exit 1
fi
