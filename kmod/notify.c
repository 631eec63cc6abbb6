// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hears the kernel's notifier chains, at both ends of each. The first notifier of a chain sees what
 * is asked for; the last one is reached only when nobody objected.
 *
 * The callbacks run with the hotplug lock held, in the task that asked. They must not create or
 * remove files in debugfs, touch a static key or wait for a CPU hotplug.
 */
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/memory.h>
#include <linux/mm.h>

#include "compat.h"
#include "memhp.h"

/* MEMHP_EVENT_TYPES for an action that is none of ours. */
static enum memhp_event_type memhp_event_type(unsigned long action)
{
	switch (action) {
	case MEM_GOING_ONLINE:
		return MEMHP_EVENT_GOING_ONLINE;
	case MEM_ONLINE:
		return MEMHP_EVENT_ONLINE;
	case MEM_CANCEL_ONLINE:
		return MEMHP_EVENT_CANCEL_ONLINE;
	case MEM_GOING_OFFLINE:
		return MEMHP_EVENT_GOING_OFFLINE;
	case MEM_OFFLINE:
		return MEMHP_EVENT_OFFLINE;
	case MEM_CANCEL_OFFLINE:
		return MEMHP_EVENT_CANCEL_OFFLINE;
	default:
		return MEMHP_EVENT_TYPES;
	}
}

/*
 * start_pfn may lie behind pages of the block that hold its own memmap (memmap_on_memory), so it
 * need not be where the block starts. Its struct page is good in all six events, but not in
 * MEM_PREPARE_ONLINE and MEM_FINISH_OFFLINE: the memmap is not there yet, or not any more.
 */
static int memhp_memory_first(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *mn = data;
	struct memhp_event ev = { .type = memhp_event_type(action) };
	const struct page *page;

	if (action == MEM_PREPARE_ONLINE)
		memhp_state_prepare_asked(false);
	if (ev.type == MEMHP_EVENT_TYPES)
		return NOTIFY_OK;

	page = pfn_to_page(mn->start_pfn);
	ev.block = memhp_block_of(mn->start_pfn);
	ev.size = memhp_block_size();
	ev.addr = ev.block * ev.size;
	ev.nid = page_to_nid(page);
	ev.zone = page_zone(page)->name;
	memhp_who_is_current(&ev.who);
	memhp_state_event(&ev);
	if (action == MEM_OFFLINE || action == MEM_CANCEL_OFFLINE)
		memhp_release_end();
	return NOTIFY_OK;
}

static int memhp_memory_last(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *mn = data;

	switch (action) {
	case MEM_PREPARE_ONLINE:
		memhp_state_prepare_asked(true);
		break;
	case MEM_GOING_OFFLINE:
		memhp_state_passed(memhp_block_of(mn->start_pfn));
		memhp_release_begin();
		break;
	case MEM_GOING_ONLINE:
		memhp_state_passed(memhp_block_of(mn->start_pfn));
		break;
	}
	return NOTIFY_OK;
}

static int memhp_node_first(struct notifier_block *nb, unsigned long action, void *data)
{
	switch (action) {
	case NODE_ADDING_FIRST_MEMORY:
	case NODE_REMOVING_LAST_MEMORY:
		memhp_state_node_asked(action == NODE_ADDING_FIRST_MEMORY, false);
		break;
	case NODE_CANCEL_ADDING_FIRST_MEMORY:
	case NODE_CANCEL_REMOVING_LAST_MEMORY:
		memhp_state_node_cancelled();
		break;
	}
	return NOTIFY_OK;
}

static int memhp_node_last(struct notifier_block *nb, unsigned long action, void *data)
{
	switch (action) {
	case NODE_ADDING_FIRST_MEMORY:
	case NODE_REMOVING_LAST_MEMORY:
		memhp_state_node_asked(action == NODE_ADDING_FIRST_MEMORY, true);
		break;
	}
	return NOTIFY_OK;
}

/* Not hotplug_memory_notifier(): what it registers cannot be unregistered. */
static struct notifier_block memhp_memory_first_nb = {
	.notifier_call = memhp_memory_first,
	.priority = INT_MAX,
};

static struct notifier_block memhp_memory_last_nb = {
	.notifier_call = memhp_memory_last,
	.priority = INT_MIN,
};

static struct notifier_block memhp_node_first_nb = {
	.notifier_call = memhp_node_first,
	.priority = INT_MAX,
};

static struct notifier_block memhp_node_last_nb = {
	.notifier_call = memhp_node_last,
	.priority = INT_MIN,
};

/*
 * The last notifiers before the first ones, so that what the first one saw begin is not taken for
 * vetoed when the last one was not there yet.
 */
int memhp_notify_init(void)
{
	int err;

	err = register_node_notifier(&memhp_node_last_nb);
	if (err)
		return err;
	err = register_node_notifier(&memhp_node_first_nb);
	if (err)
		goto out_node_last;
	err = register_memory_notifier(&memhp_memory_last_nb);
	if (err)
		goto out_node_first;
	err = register_memory_notifier(&memhp_memory_first_nb);
	if (err)
		goto out_memory_last;
	return 0;

out_memory_last:
	unregister_memory_notifier(&memhp_memory_last_nb);
out_node_first:
	unregister_node_notifier(&memhp_node_first_nb);
out_node_last:
	unregister_node_notifier(&memhp_node_last_nb);
	return err;
}

void memhp_notify_exit(void)
{
	unregister_memory_notifier(&memhp_memory_first_nb);
	unregister_memory_notifier(&memhp_memory_last_nb);
	unregister_node_notifier(&memhp_node_first_nb);
	unregister_node_notifier(&memhp_node_last_nb);
}
