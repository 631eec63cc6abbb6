// SPDX-License-Identifier: GPL-2.0-only
/*
 * memhp: observes memory going online and offline. Never changes the outcome of an operation.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "memhp.h"

static unsigned int ring = 8192;
module_param(ring, uint, 0444);
MODULE_PARM_DESC(ring, "Records of history to keep, rounded up to a power of two (default 8192)");

static int __init memhp_init(void)
{
	int err;

	err = memhp_ring_init(ring);
	if (err)
		return err;
	err = memhp_state_init();
	if (err)
		goto out_ring;
	err = memhp_notify_init();
	if (err)
		goto out_state;
	memhp_state_refresh();
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
	memhp_notify_exit();
	memhp_state_exit();
	memhp_ring_exit();
}
module_exit(memhp_exit);

MODULE_DESCRIPTION("Records memory going online and offline");
MODULE_LICENSE("GPL");
