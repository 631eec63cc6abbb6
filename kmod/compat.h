/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel versions differ here and nowhere else in the module.
 */
#ifndef MEMHP_COMPAT_H
#define MEMHP_COMPAT_H

#include <linux/memory.h>
#include <linux/node.h>
#include <linux/notifier.h>

/*
 * Before 6.17 there is no chain of node notifiers: registering succeeds, and the callbacks stay
 * silent.
 */
#ifndef NODE_ADDING_FIRST_MEMORY
#define NODE_ADDING_FIRST_MEMORY	BIT(0)
#define NODE_CANCEL_ADDING_FIRST_MEMORY	BIT(2)
#define NODE_REMOVING_LAST_MEMORY	BIT(3)
#define NODE_CANCEL_REMOVING_LAST_MEMORY BIT(5)

static inline int register_node_notifier(struct notifier_block *nb)
{
	return 0;
}

static inline void unregister_node_notifier(struct notifier_block *nb)
{
}
#endif

#endif /* MEMHP_COMPAT_H */
