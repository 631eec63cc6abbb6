// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of kretprobes on one function the one that was registered last is entered first, and left last.
 * They share the detour from the function to the first handler, and the one back. What this detour
 * costs is seen at a function of our own, called amid an operation: in a loop everything would be
 * in the caches.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/memory.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/timekeeping.h>

#include "calls.h"

static struct memhp_calls_times memhp_probes_entries;
static struct memhp_calls_times memhp_probes_returns;
static struct memhp_calls_times memhp_probes_failures;
static struct memhp_calls_times memhp_probes_detours;

static u64 memhp_probes_before_ns;
static bool memhp_probes_closed;

static int memhp_probes_before(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	memhp_probes_before_ns = ktime_get_ns();
	return 0;
}

static int memhp_probes_after_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	s64 ns = ktime_get_ns() - memhp_probes_before_ns;

	if (READ_ONCE(memhp_probes_closed))
		memhp_calls_add(&memhp_probes_entries, ns);
	return 0;
}

static int memhp_probes_after_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	s64 ns = ktime_get_ns() - memhp_probes_before_ns;

	/* Only of what failed nobody has heard before. */
	memhp_calls_add(regs_return_value(regs) ? &memhp_probes_failures : &memhp_probes_returns,
			ns);
	return 0;
}

static int memhp_probes_nothing(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return 0;
}

#define MEMHP_PROBES(symbol, on_entry, on_return) {	\
	.kp.symbol_name = symbol,			\
	.entry_handler = on_entry,			\
	.handler = on_return,				\
}

/* Entered last, left first. */
static struct kretprobe memhp_probes_inner[] = {
	MEMHP_PROBES("memory_subsys_online", memhp_probes_after_entry, memhp_probes_before),
	MEMHP_PROBES("memory_subsys_offline", memhp_probes_after_entry, memhp_probes_before),
	MEMHP_PROBES("memhp_probes_probed", memhp_probes_nothing, memhp_probes_nothing),
};

/* Entered first, left last. */
static struct kretprobe memhp_probes_outer[] = {
	MEMHP_PROBES("memory_subsys_online", memhp_probes_before, memhp_probes_after_return),
	MEMHP_PROBES("memory_subsys_offline", memhp_probes_before, memhp_probes_after_return),
};

static noinline void memhp_probes_probed(void)
{
	/* An empty function would not be called. */
	barrier();
}

static int memhp_probes_middle(struct notifier_block *nb, unsigned long action, void *data)
{
	u64 start, between;

	/* Once for the caches: only the detour is to be as cold as it is elsewhere. */
	ktime_get_ns();
	start = ktime_get_ns();
	between = ktime_get_ns();
	memhp_probes_probed();
	memhp_calls_add(&memhp_probes_detours, ktime_get_ns() - between - (between - start));
	return NOTIFY_OK;
}

static struct notifier_block memhp_probes_middle_nb = {
	.notifier_call = memhp_probes_middle,
};

static int memhp_probes_register(struct kretprobe *probes, int count)
{
	int err = 0;
	int i;

	for (i = 0; i < count; i++) {
		err = register_kretprobe(&probes[i]);
		if (err)
			break;
	}
	if (err)
		while (i--)
			unregister_kretprobe(&probes[i]);
	return err;
}

static void memhp_probes_unregister(struct kretprobe *probes, int count)
{
	while (count--)
		unregister_kretprobe(&probes[count]);
}

int memhp_probes_init(void)
{
	int err = memhp_probes_register(memhp_probes_inner, ARRAY_SIZE(memhp_probes_inner));

	if (err)
		return err;
	err = register_memory_notifier(&memhp_probes_middle_nb);
	if (err)
		memhp_probes_unregister(memhp_probes_inner, ARRAY_SIZE(memhp_probes_inner));
	return err;
}

int memhp_probes_close(void)
{
	int err = memhp_probes_register(memhp_probes_outer, ARRAY_SIZE(memhp_probes_outer));

	WRITE_ONCE(memhp_probes_closed, !err);
	return err;
}

void memhp_probes_exit(void)
{
	unregister_memory_notifier(&memhp_probes_middle_nb);
	if (memhp_probes_closed)
		memhp_probes_unregister(memhp_probes_outer, ARRAY_SIZE(memhp_probes_outer));
	memhp_probes_unregister(memhp_probes_inner, ARRAY_SIZE(memhp_probes_inner));
}

void memhp_probes_show(struct seq_file *m)
{
	memhp_calls_print(m, "probe", "entry", &memhp_probes_entries);
	memhp_calls_print(m, "probe", "return", &memhp_probes_returns);
	memhp_calls_print(m, "probe", "failure", &memhp_probes_failures);
	memhp_calls_print(m, "probe", "detour", &memhp_probes_detours);
}
