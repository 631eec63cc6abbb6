// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sees what the notifiers do not: every attempt from before the kernel's first check to its return
 * value, and blocks that are removed.
 *
 * An entry handler may run in a breakpoint, which counts as an NMI, so it takes no lock. A return
 * handler runs behind the function with preemption off (on 5.10 with interrupts off as well).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/memory.h>
#include <linux/numa.h>
#include <linux/ptrace.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "memhp.h"

static int memhp_attempt_entry(struct kretprobe_instance *ri, bool online, u64 block, int nid)
{
	struct memhp_attempt *attempt = (struct memhp_attempt *)ri->data;

	attempt->online = online;
	attempt->nid = nid;
	attempt->block = block;
	attempt->start_ns = ktime_get_boottime_ns();
	memhp_state_attempt_begin(attempt);
	return 0;
}

/* The bus operations of a memory block, called for every attempt. The device carries its number. */
static int memhp_device_entry(struct kretprobe_instance *ri, struct pt_regs *regs, bool online)
{
	struct device *dev = (struct device *)regs_get_kernel_argument(regs, 0);

	return memhp_attempt_entry(ri, online, dev->id,
				   container_of(dev, struct memory_block, dev)->nid);
}

static int memhp_device_online_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return memhp_device_entry(ri, regs, true);
}

static int memhp_device_offline_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return memhp_device_entry(ri, regs, false);
}

/* online_pages() and offline_pages() begin with the first page, but come after some checks. */
static int memhp_pages_entry(struct kretprobe_instance *ri, struct pt_regs *regs, bool online)
{
	return memhp_attempt_entry(ri, online, memhp_block_of(regs_get_kernel_argument(regs, 0)),
				   NUMA_NO_NODE);
}

static int memhp_pages_online_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return memhp_pages_entry(ri, regs, true);
}

static int memhp_pages_offline_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return memhp_pages_entry(ri, regs, false);
}

static int memhp_attempt_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	memhp_state_attempt_end((struct memhp_attempt *)ri->data, (int)regs_return_value(regs));
	/* When somebody ahead of our notifier kept the end from it. */
	memhp_release_end();
	return 0;
}

struct memhp_range {
	u64 start;
	u64 size;
};

static int memhp_remove_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct memhp_range *range = (struct memhp_range *)ri->data;

	range->start = regs_get_kernel_argument(regs, MEMHP_REMOVED_START);
	range->size = regs_get_kernel_argument(regs, MEMHP_REMOVED_START + 1);
	return 0;
}

static int memhp_remove_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct memhp_range *range = (const struct memhp_range *)ri->data;

	memhp_block_removed(range->start, range->size);
	return 0;
}

#define MEMHP_PROBE(symbol, entry, ret, type) {		\
	.kp.symbol_name = symbol,			\
	.entry_handler = entry,				\
	.handler = ret,					\
	.data_size = sizeof(type),			\
}

/* [mode - 1][offline, online] */
static struct kretprobe memhp_attempt_probes[][2] = {
	[MEMHP_PROBES_DEVICE - 1] = {
		MEMHP_PROBE("memory_subsys_offline", memhp_device_offline_entry,
			    memhp_attempt_return, struct memhp_attempt),
		MEMHP_PROBE("memory_subsys_online", memhp_device_online_entry,
			    memhp_attempt_return, struct memhp_attempt),
	},
	[MEMHP_PROBES_PAGES - 1] = {
		MEMHP_PROBE("offline_pages", memhp_pages_offline_entry,
			    memhp_attempt_return, struct memhp_attempt),
		MEMHP_PROBE("online_pages", memhp_pages_online_entry,
			    memhp_attempt_return, struct memhp_attempt),
	},
};

/*
 * Behind it no section is left: a look before that would take what is leaving for a new life.
 * Device memory comes this way too.
 */
static struct kretprobe memhp_remove_probe =
	MEMHP_PROBE("arch_remove_memory", memhp_remove_entry, memhp_remove_return,
		    struct memhp_range);

static enum memhp_probe_mode memhp_mode;	/* constant after init */
static bool memhp_remove_probed;		/* constant after init */

static int memhp_probe_pair(struct kretprobe pair[2])
{
	int err;

	/* memhp_lock would sleep there, with preemption off. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return -EOPNOTSUPP;
	err = register_kretprobe(&pair[0]);
	if (err)
		return err;
	err = register_kretprobe(&pair[1]);
	if (err)
		unregister_kretprobe(&pair[0]);
	return err;
}

void memhp_probe_init(enum memhp_probe_mode mode)
{
	int err = 0;

	memhp_mode = MEMHP_PROBES_NONE;
	if (mode == MEMHP_PROBES_NONE)
		return;
	for (; mode <= MEMHP_PROBES_PAGES; mode++) {
		err = memhp_probe_pair(memhp_attempt_probes[mode - 1]);
		if (!err)
			break;
	}
	if (err) {
		pr_info("no probes (error %d): only failures that notifiers hear of are recorded\n",
			err);
		return;
	}
	memhp_mode = mode;
	/* Without it a removal is noticed at the next look. */
	memhp_remove_probed = !register_kretprobe(&memhp_remove_probe);
}

void memhp_probe_exit(void)
{
	struct kretprobe *pair;

	if (memhp_mode == MEMHP_PROBES_NONE)
		return;
	if (memhp_remove_probed)
		unregister_kretprobe(&memhp_remove_probe);
	pair = memhp_attempt_probes[memhp_mode - 1];
	unregister_kretprobe(&pair[1]);
	unregister_kretprobe(&pair[0]);
}

enum memhp_probe_mode memhp_probe_mode(void)
{
	return memhp_mode;
}

u64 memhp_probe_missed(void)
{
	const struct kretprobe *pair;

	if (memhp_mode == MEMHP_PROBES_NONE)
		return 0;
	pair = memhp_attempt_probes[memhp_mode - 1];
	return (u64)READ_ONCE(pair[0].nmissed) + READ_ONCE(pair[0].kp.nmissed) +
	       READ_ONCE(pair[1].nmissed) + READ_ONCE(pair[1].kp.nmissed);
}
