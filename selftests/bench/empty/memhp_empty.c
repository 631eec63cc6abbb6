// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifiers that do nothing, in the places where memhp has its own: what the least possible module
 * costs. For test machines only.
 */
#include <linux/limits.h>
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/node.h>
#include <linux/notifier.h>

static int memhp_empty(struct notifier_block *nb, unsigned long action, void *data)
{
	return NOTIFY_OK;
}

static struct notifier_block memhp_empty_first_nb = {
	.notifier_call = memhp_empty,
	.priority = INT_MAX,
};

static struct notifier_block memhp_empty_last_nb = {
	.notifier_call = memhp_empty,
	.priority = INT_MIN,
};

#ifdef NODE_ADDING_FIRST_MEMORY
static struct notifier_block memhp_empty_node_first_nb = {
	.notifier_call = memhp_empty,
	.priority = INT_MAX,
};

static struct notifier_block memhp_empty_node_last_nb = {
	.notifier_call = memhp_empty,
	.priority = INT_MIN,
};

static int memhp_empty_register_node(void)
{
	int err = register_node_notifier(&memhp_empty_node_first_nb);

	if (err)
		return err;
	err = register_node_notifier(&memhp_empty_node_last_nb);
	if (err)
		unregister_node_notifier(&memhp_empty_node_first_nb);
	return err;
}

static void memhp_empty_unregister_node(void)
{
	unregister_node_notifier(&memhp_empty_node_last_nb);
	unregister_node_notifier(&memhp_empty_node_first_nb);
}
#else
static int memhp_empty_register_node(void)
{
	return 0;
}

static void memhp_empty_unregister_node(void)
{
}
#endif

static int __init memhp_empty_init(void)
{
	int err;

	err = memhp_empty_register_node();
	if (err)
		return err;
	err = register_memory_notifier(&memhp_empty_first_nb);
	if (err)
		goto out_node;
	err = register_memory_notifier(&memhp_empty_last_nb);
	if (err)
		goto out_first;
	return 0;

out_first:
	unregister_memory_notifier(&memhp_empty_first_nb);
out_node:
	memhp_empty_unregister_node();
	return err;
}
module_init(memhp_empty_init);

static void __exit memhp_empty_exit(void)
{
	unregister_memory_notifier(&memhp_empty_last_nb);
	unregister_memory_notifier(&memhp_empty_first_nb);
	memhp_empty_unregister_node();
}
module_exit(memhp_empty_exit);

MODULE_DESCRIPTION("Notifiers that do nothing, for benches");
MODULE_LICENSE("GPL");
