# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# A dax device made of the memory that the kernel took for persistent (memmap=1G!4G), to be sourced after
# memhp.sh.

ND=/sys/bus/nd
DAX=/sys/bus/dax

need_dax()
{
	need_module kmem
	[ -d $ND/devices/namespace0.0 ] || skip_all "no persistent memory (memmap=1G!4G)"
}

# make_dax: the namespace as a dax device, which nobody drives but device_dax.
make_dax()
{
	[ ! -e $DAX/devices/dax0.0 ] || return 0
	modprobe -a nd_pmem dax_pmem device_dax kmem
	[ ! -e $ND/drivers/nd_pmem/namespace0.0 ] || echo namespace0.0 >$ND/drivers/nd_pmem/unbind
	cat /proc/sys/kernel/random/uuid >$ND/devices/dax0.0/uuid
	echo ram >$ND/devices/dax0.0/mode
	echo namespace0.0 >$ND/devices/dax0.0/namespace
	echo dax0.0 >$ND/drivers/dax_pmem/bind
	wait_until 10 [ -e $DAX/devices/dax0.0 ] || abort "no dax device"
}
