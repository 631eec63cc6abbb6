// SPDX-License-Identifier: GPL-2.0-only
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>

#include "calls.h"

void memhp_calls_add(struct memhp_calls_times *times, s64 ns)
{
	if (times->count < MEMHP_CALLS_MAX)
		times->ns[times->count++] = ns;
}

void memhp_calls_print(struct seq_file *m, const char *kind, const char *name,
		       const struct memhp_calls_times *times)
{
	unsigned int i;

	if (!times->count)
		return;
	seq_printf(m, "%s:%s", kind, name);
	for (i = 0; i < times->count; i++)
		seq_printf(m, " %lld", times->ns[i]);
	seq_putc(m, '\n');
}

static int memhp_calls_show(struct seq_file *m, void *v)
{
	memhp_chain_show(m);
	memhp_probes_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memhp_calls);

static int memhp_calls_set_close(const char *text, const struct kernel_param *kp)
{
	int err = memhp_chain_close();

	return err ?: memhp_probes_close();
}

static const struct kernel_param_ops memhp_calls_close_ops = {
	.set = memhp_calls_set_close,
};

module_param_cb(close, &memhp_calls_close_ops, NULL, 0200);
MODULE_PARM_DESC(close, "Written once, when what is to be timed is loaded");

static struct dentry *memhp_calls_file;

static int __init memhp_calls_init(void)
{
	int err = memhp_chain_init();

	if (err)
		return err;
	err = memhp_probes_init();
	if (err) {
		memhp_chain_exit();
		return err;
	}
	memhp_calls_file = debugfs_create_file("memhp_calls", 0400, NULL, NULL, &memhp_calls_fops);
	return 0;
}
module_init(memhp_calls_init);

static void __exit memhp_calls_exit(void)
{
	debugfs_remove(memhp_calls_file);
	memhp_probes_exit();
	memhp_chain_exit();
}
module_exit(memhp_calls_exit);

MODULE_DESCRIPTION("Times the calls into another module that sees memory hotplug, for benches");
MODULE_LICENSE("GPL");
