// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of notifiers with the same priority the one that was registered first comes first.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/memory.h>
#include <linux/notifier.h>
#include <linux/timekeeping.h>

#include "calls.h"

enum memhp_chain_end { MEMHP_CHAIN_FIRST, MEMHP_CHAIN_LAST, MEMHP_CHAIN_ENDS };

struct memhp_chain_action {
	const char *name;
	unsigned long action;
	struct memhp_calls_times times[MEMHP_CHAIN_ENDS];
};

#define MEMHP_CHAIN_ACTION(id) { .name = #id, .action = (id) }

static struct memhp_chain_action memhp_chain_actions[] = {
	MEMHP_CHAIN_ACTION(MEM_GOING_ONLINE),
	MEMHP_CHAIN_ACTION(MEM_ONLINE),
	MEMHP_CHAIN_ACTION(MEM_GOING_OFFLINE),
	MEMHP_CHAIN_ACTION(MEM_OFFLINE),
#ifdef MEMHP_CALLS_PREPARE
	MEMHP_CHAIN_ACTION(MEM_PREPARE_ONLINE),
	MEMHP_CHAIN_ACTION(MEM_FINISH_OFFLINE),
#endif
};

static u64 memhp_chain_before_ns;

static int memhp_chain_before(struct notifier_block *nb, unsigned long action, void *data)
{
	memhp_chain_before_ns = ktime_get_ns();
	return NOTIFY_OK;
}

static int memhp_chain_after(enum memhp_chain_end end, unsigned long action)
{
	s64 ns = ktime_get_ns() - memhp_chain_before_ns;
	int i;

	for (i = 0; i < ARRAY_SIZE(memhp_chain_actions); i++)
		if (memhp_chain_actions[i].action == action)
			memhp_calls_add(&memhp_chain_actions[i].times[end], ns);
	return NOTIFY_OK;
}

static int memhp_chain_after_first(struct notifier_block *nb, unsigned long action, void *data)
{
	return memhp_chain_after(MEMHP_CHAIN_FIRST, action);
}

static int memhp_chain_after_last(struct notifier_block *nb, unsigned long action, void *data)
{
	return memhp_chain_after(MEMHP_CHAIN_LAST, action);
}

static struct notifier_block memhp_chain_before_nb[] = {
	[MEMHP_CHAIN_FIRST] = { .notifier_call = memhp_chain_before, .priority = INT_MAX },
	[MEMHP_CHAIN_LAST] = { .notifier_call = memhp_chain_before, .priority = INT_MIN },
};

static struct notifier_block memhp_chain_after_nb[] = {
	[MEMHP_CHAIN_FIRST] = { .notifier_call = memhp_chain_after_first, .priority = INT_MAX },
	[MEMHP_CHAIN_LAST] = { .notifier_call = memhp_chain_after_last, .priority = INT_MIN },
};

static int memhp_chain_register(struct notifier_block ends[MEMHP_CHAIN_ENDS])
{
	int err = register_memory_notifier(&ends[MEMHP_CHAIN_FIRST]);

	if (err)
		return err;
	err = register_memory_notifier(&ends[MEMHP_CHAIN_LAST]);
	if (err)
		unregister_memory_notifier(&ends[MEMHP_CHAIN_FIRST]);
	return err;
}

static void memhp_chain_unregister(struct notifier_block ends[MEMHP_CHAIN_ENDS])
{
	unregister_memory_notifier(&ends[MEMHP_CHAIN_LAST]);
	unregister_memory_notifier(&ends[MEMHP_CHAIN_FIRST]);
}

static bool memhp_chain_closed;		/* kernel_param_lock */

int memhp_chain_init(void)
{
	return memhp_chain_register(memhp_chain_before_nb);
}

int memhp_chain_close(void)
{
	int err;

	if (memhp_chain_closed)
		return -EBUSY;
	err = memhp_chain_register(memhp_chain_after_nb);
	memhp_chain_closed = !err;
	return err;
}

void memhp_chain_exit(void)
{
	if (memhp_chain_closed)
		memhp_chain_unregister(memhp_chain_after_nb);
	memhp_chain_unregister(memhp_chain_before_nb);
}

void memhp_chain_show(struct seq_file *m)
{
	const struct memhp_chain_action *action = memhp_chain_actions;
	int i;

	for (i = 0; i < ARRAY_SIZE(memhp_chain_actions); i++, action++) {
		memhp_calls_print(m, "first", action->name, &action->times[MEMHP_CHAIN_FIRST]);
		memhp_calls_print(m, "last", action->name, &action->times[MEMHP_CHAIN_LAST]);
	}
}
