// SPDX-License-Identifier: GPL-2.0-only
/*
 * memhp: observes memory going online and offline. Changes no outcome, unless abortable is set.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>

#include <memhp/version.h>

#include "memhp.h"

static unsigned int ring = 8192;
module_param(ring, uint, 0444);
MODULE_PARM_DESC(ring, "Records of history to keep, rounded up to a power of two (default 8192)");

static unsigned int probes = MEMHP_PROBES_DEVICE;
module_param(probes, uint, 0444);
MODULE_PARM_DESC(probes, "Watch attempts from begin to end: 0 no, 1 at the device (default), 2 at its pages");

static bool abortable;
module_param(abortable, bool, 0444);
MODULE_PARM_DESC(abortable, "Let SIGTERM to its kernel worker end an unplug by the firmware (default off)");

static int __init memhp_init(void)
{
	int err;

	if (probes > MEMHP_PROBES_PAGES) {
		pr_err("probes=%u: must be 0, 1 or 2\n", probes);
		return -EINVAL;
	}
	if (!ring || ring > MEMHP_RING_MAX) {
		pr_err("ring=%u: must be 1 to %lu\n", ring, MEMHP_RING_MAX);
		return -EINVAL;
	}
	err = memhp_ring_init(ring);
	if (err)
		return err;
	err = memhp_state_init();
	if (err)
		goto out_ring;
	err = memhp_notify_init();
	if (err)
		goto out_state;
	memhp_probe_init(probes);
	memhp_release_init(abortable);
	memhp_block_refresh();
	memhp_debugfs_init();
	return 0;

out_state:
	memhp_state_exit();
out_ring:
	memhp_ring_exit();
	return err;
}
module_init(memhp_init);

static void __exit memhp_exit(void)
{
	memhp_debugfs_exit();
	memhp_release_exit();
	memhp_probe_exit();
	memhp_notify_exit();
	memhp_state_exit();
	memhp_ring_exit();
}
module_exit(memhp_exit);

MODULE_DESCRIPTION("Records memory going online and offline");
MODULE_VERSION(MEMHP_VERSION);
MODULE_LICENSE("GPL");
