// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of blocks and nodes, and of the operation that runs.
 *
 * The kernel runs one operation at a time: mem_hotplug_lock is held from before the first to after
 * the last notification. It makes no promise about pairs: CANCEL comes without GOING when somebody
 * ahead of us objects, and the end of an operation stays away when somebody ahead of us stops the
 * chain. So every event sets the state it proves, whatever was known before.
 */
#include <linux/ioport.h>
#include <linux/math64.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "memhp.h"

DEFINE_SPINLOCK(memhp_lock);

/* Of struct memhp_block, each allocated once and kept until exit; memhp_lock guards the blocks. */
static DEFINE_XARRAY(memhp_blocks);
static struct memhp_node *memhp_nodes;		/* memhp_lock; nr_node_ids of them */
static struct memhp_op memhp_op;		/* memhp_lock */
static u64 memhp_events[MEMHP_EVENT_TYPES];	/* memhp_lock */
static u64 memhp_untracked;			/* memhp_lock */
static u64 memhp_loaded_ns;			/* constant after init */
static unsigned long memhp_block_bytes;		/* constant after init */

u64 memhp_block_size(void)
{
	return memhp_block_bytes;
}

static unsigned long memhp_block_pages(void)
{
	return PHYS_PFN(memhp_block_bytes);
}

static bool memhp_block_present(u64 id)
{
	unsigned long pfn = id * memhp_block_pages();
	unsigned long end = pfn + memhp_block_pages();

	for (; pfn < end; pfn += PAGES_PER_SECTION)
		if (present_section_nr(pfn_to_section_nr(pfn)))
			return true;
	return false;
}

/*
 * Finds out what block is now.
 *
 * The struct pages are safe to read: they go away after MEM_OFFLINE only, and our handler of that
 * waits for memhp_lock.
 */
static void memhp_block_inspect(struct memhp_block *block)
{
	unsigned long start = block->id * memhp_block_pages();
	unsigned long end = start + memhp_block_pages();
	const struct page *page;
	const struct zone *zone = NULL;
	unsigned long pfn;

	lockdep_assert_held(&memhp_lock);
	block->state = MEMHP_STATE_OFFLINE;
	block->early = false;
	for (pfn = start; pfn < end; pfn += PAGES_PER_SECTION)
		if (present_section_nr(pfn_to_section_nr(pfn)))
			block->early |= early_section(__pfn_to_section(pfn));

	/* All of it: a boot block may have holes and zones, and any block its memmap in front. */
	for (pfn = start; pfn < end; pfn += PAGES_PER_SUBSECTION) {
		page = pfn_to_online_page(pfn);
		if (!page)
			continue;
		if (block->state != MEMHP_STATE_ONLINE) {
			block->state = MEMHP_STATE_ONLINE;
			block->nid = page_to_nid(page);
			zone = page_zone(page);
		}
		if (zone != page_zone(page)) {
			zone = NULL;
			break;
		}
	}
	if (zone)
		block->zone = zone->name;
}

/* The beginning of a block's life: whatever is remembered is of an earlier one. */
static void memhp_block_meet(struct memhp_block *block)
{
	lockdep_assert_held(&memhp_lock);
	*block = (struct memhp_block){
		.id = block->id,
		.nid = NUMA_NO_NODE,
		.dur_us = MEMHP_NO_DURATION,
	};
	memhp_block_inspect(block);
}

/* A block that was not known comes back in state unknown. NULL: no memory. */
static struct memhp_block *memhp_block_get(u64 id)
{
	struct memhp_block *block = xa_load(&memhp_blocks, id);
	struct memhp_block *new;

	if (block)
		return block;
	new = kzalloc(sizeof(*new), GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	if (!new)
		return NULL;
	new->id = id;
	new->state = MEMHP_STATE_UNKNOWN;
	if (xa_insert(&memhp_blocks, id, new, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)) {
		kfree(new);
		return xa_load(&memhp_blocks, id);
	}
	return new;
}

static void memhp_refresh_block(u64 id)
{
	struct memhp_block *block;

	if (!memhp_block_present(id))
		return;
	block = memhp_block_get(id);
	if (!block)
		return;
	spin_lock(&memhp_lock);
	if (block->state == MEMHP_STATE_UNKNOWN) {
		memhp_block_meet(block);
	} else if (block->state == MEMHP_STATE_GONE) {
		memhp_block_meet(block);
		block->changed_ns = ktime_get_boottime_ns();
	}
	spin_unlock(&memhp_lock);
}

static int memhp_refresh_range(struct resource *res, void *unused)
{
	u64 id = div64_u64(res->start, memhp_block_bytes);
	u64 last = div64_u64(res->end, memhp_block_bytes);

	for (; id <= last; id++) {
		memhp_refresh_block(id);
		cond_resched();
	}
	return 0;
}

void memhp_state_refresh(void)
{
	struct memhp_block *block;
	unsigned long id;

	/* The blocks themselves cannot be walked by a module; every block has System RAM in it. */
	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM, 0, U64_MAX, NULL,
			    memhp_refresh_range);

	xa_for_each(&memhp_blocks, id, block) {
		spin_lock(&memhp_lock);
		if ((block->state == MEMHP_STATE_OFFLINE || block->state == MEMHP_STATE_UNKNOWN) &&
		    !memhp_block_present(id)) {
			block->state = MEMHP_STATE_GONE;
			block->changed_ns = ktime_get_boottime_ns();
		}
		spin_unlock(&memhp_lock);
		cond_resched();
	}
}

/* Drops the operation. When one is still there, somebody kept its end from us. */
static void memhp_op_drop(void)
{
	struct memhp_block *block;

	lockdep_assert_held(&memhp_lock);
	if (memhp_op.active) {
		block = xa_load(&memhp_blocks, memhp_op.block);
		if (block)
			memhp_block_inspect(block);
	}
	memhp_op = (struct memhp_op){};
}

static void memhp_op_begin(const struct memhp_event *ev)
{
	lockdep_assert_held(&memhp_lock);
	if (memhp_op.active)
		memhp_op_drop();
	if (!memhp_op.node)
		memhp_op.start_ns = ev->boot_ns;
	memhp_op.active = true;
	memhp_op.kind = ev->type;
	memhp_op.block = ev->block;
	memhp_op.who = ev->who;
}

static enum memhp_event_type memhp_begin_of(enum memhp_event_type type)
{
	return type == MEMHP_EVENT_ONLINE || type == MEMHP_EVENT_CANCEL_ONLINE ?
		       MEMHP_EVENT_GOING_ONLINE :
		       MEMHP_EVENT_GOING_OFFLINE;
}

static bool memhp_is_failure(enum memhp_event_type type)
{
	return type == MEMHP_EVENT_CANCEL_ONLINE || type == MEMHP_EVENT_CANCEL_OFFLINE;
}

static enum memhp_stage memhp_failed_stage(const struct memhp_event *ev)
{
	lockdep_assert_held(&memhp_lock);
	if (!memhp_op.active)
		return memhp_op.node && !memhp_op.node_passed ? MEMHP_STAGE_NODE :
								MEMHP_STAGE_UNKNOWN;
	/* An online does not fail any more once the notifiers have agreed. */
	if (!memhp_op.passed || ev->type == MEMHP_EVENT_CANCEL_ONLINE)
		return MEMHP_STAGE_NOTIFIER;
	return MEMHP_STAGE_MIGRATE;
}

static void memhp_op_end(struct memhp_event *ev)
{
	lockdep_assert_held(&memhp_lock);
	if (memhp_op.active &&
	    (memhp_op.block != ev->block || memhp_op.kind != memhp_begin_of(ev->type)))
		memhp_op_drop();
	if (memhp_op.active || memhp_op.node)
		ev->dur_us = div_u64(ev->boot_ns - memhp_op.start_ns, NSEC_PER_USEC);
	if (memhp_is_failure(ev->type)) {
		ev->stage = memhp_failed_stage(ev);
		/*
		 * The notification does not carry the error. offline_pages() looks for a signal at
		 * every turn of its loop, and this is the task that runs it.
		 */
		ev->err = MEMHP_ERR_UNKNOWN;
		if (ev->stage == MEMHP_STAGE_MIGRATE && signal_pending(current))
			ev->err = EINTR;
	}
	memhp_op = (struct memhp_op){};
}

/* By node_state() before and after: the status_change_nid fields are gone since 6.17. */
static void memhp_node_event(struct memhp_event *ev)
{
	struct memhp_node *node = &memhp_nodes[ev->nid];
	bool has_memory = node_state(ev->nid, N_MEMORY);

	lockdep_assert_held(&memhp_lock);
	node->counts[ev->type]++;
	if (ev->type == MEMHP_EVENT_ONLINE && has_memory && !node->has_memory) {
		ev->node_change = MEMHP_NODE_CHANGE_FIRST_MEMORY;
		node->first_memory_ns = ev->boot_ns;
	} else if (ev->type == MEMHP_EVENT_OFFLINE && !has_memory && node->has_memory) {
		ev->node_change = MEMHP_NODE_CHANGE_LAST_MEMORY;
		node->last_memory_ns = ev->boot_ns;
	}
	node->has_memory = has_memory;
}

static void memhp_block_event(struct memhp_block *block, const struct memhp_event *ev)
{
	enum memhp_block_state old = block->state;

	lockdep_assert_held(&memhp_lock);
	if (old == MEMHP_STATE_UNKNOWN || old == MEMHP_STATE_GONE)
		memhp_block_meet(block);

	switch (ev->type) {
	case MEMHP_EVENT_GOING_ONLINE:
		block->state = MEMHP_STATE_GOING_ONLINE;
		break;
	case MEMHP_EVENT_GOING_OFFLINE:
		block->state = MEMHP_STATE_GOING_OFFLINE;
		break;
	case MEMHP_EVENT_ONLINE:
	case MEMHP_EVENT_CANCEL_OFFLINE:
		block->state = MEMHP_STATE_ONLINE;
		break;
	default:
		block->state = MEMHP_STATE_OFFLINE;
		break;
	}
	if (block->state != old)
		block->changed_ns = ev->boot_ns;
	block->nid = ev->nid;
	block->zone = ev->zone;
	block->who = ev->who;
	block->counts[ev->type]++;
	if (ev->dur_us != MEMHP_NO_DURATION)
		block->dur_us = ev->dur_us;
	if (memhp_is_failure(ev->type)) {
		block->failed_ns = ev->boot_ns;
		block->stage = ev->stage;
		block->err = ev->err;
	}
}

void memhp_state_event(struct memhp_event *ev)
{
	struct memhp_block *block = memhp_block_get(ev->block);
	struct memhp_event node_ev;

	ev->dur_us = MEMHP_NO_DURATION;

	spin_lock(&memhp_lock);
	ev->boot_ns = ktime_get_boottime_ns();
	switch (ev->type) {
	case MEMHP_EVENT_GOING_ONLINE:
	case MEMHP_EVENT_GOING_OFFLINE:
		memhp_op_begin(ev);
		break;
	default:
		memhp_op_end(ev);
		break;
	}
	memhp_node_event(ev);
	if (block)
		memhp_block_event(block, ev);
	else
		memhp_untracked++;
	memhp_events[ev->type]++;
	memhp_ring_push(ev);

	node_ev = *ev;
	if (ev->node_change != MEMHP_NODE_CHANGE_NONE) {
		node_ev.type = ev->node_change == MEMHP_NODE_CHANGE_FIRST_MEMORY ?
				       MEMHP_EVENT_NODE_ONLINE :
				       MEMHP_EVENT_NODE_OFFLINE;
		node_ev.node_change = MEMHP_NODE_CHANGE_NONE;
		node_ev.dur_us = MEMHP_NO_DURATION;
		memhp_events[node_ev.type]++;
		memhp_ring_push(&node_ev);
	}
	spin_unlock(&memhp_lock);

	memhp_ring_publish(ev);
	if (node_ev.type != ev->type)
		memhp_ring_publish(&node_ev);
}

void memhp_state_passed(u64 block)
{
	spin_lock(&memhp_lock);
	if (memhp_op.active && memhp_op.block == block)
		memhp_op.passed = true;
	spin_unlock(&memhp_lock);
}

void memhp_state_node_asked(bool passed)
{
	spin_lock(&memhp_lock);
	if (passed) {
		memhp_op.node_passed = memhp_op.node;
	} else {
		memhp_op_drop();
		memhp_op.node = true;
		memhp_op.start_ns = ktime_get_boottime_ns();
	}
	spin_unlock(&memhp_lock);
}

void memhp_state_node_cancelled(void)
{
	spin_lock(&memhp_lock);
	memhp_op_drop();
	spin_unlock(&memhp_lock);
}

bool memhp_state_block(u64 *id, struct memhp_block *copy)
{
	unsigned long index = *id;
	struct memhp_block *block = xa_find(&memhp_blocks, &index, ULONG_MAX, XA_PRESENT);

	if (!block)
		return false;
	*id = index;
	spin_lock(&memhp_lock);
	*copy = *block;
	spin_unlock(&memhp_lock);
	return true;
}

bool memhp_state_node(int nid, struct memhp_node *copy)
{
	if (nid < 0 || nid >= nr_node_ids)
		return false;
	spin_lock(&memhp_lock);
	*copy = memhp_nodes[nid];
	spin_unlock(&memhp_lock);
	return true;
}

void memhp_state_totals(struct memhp_totals *totals)
{
	struct memhp_block *block;
	unsigned long id;

	*totals = (struct memhp_totals){ .loaded_ns = memhp_loaded_ns };
	xa_for_each(&memhp_blocks, id, block) {
		enum memhp_block_state state;

		spin_lock(&memhp_lock);
		state = block->state;
		spin_unlock(&memhp_lock);
		totals->blocks_in[state]++;
		totals->blocks += state != MEMHP_STATE_GONE;
	}
	spin_lock(&memhp_lock);
	memcpy(totals->events, memhp_events, sizeof(totals->events));
	totals->untracked = memhp_untracked;
	totals->op = memhp_op;
	spin_unlock(&memhp_lock);
}

int memhp_state_init(void)
{
	int nid;

	memhp_block_bytes = memory_block_size_bytes();
	memhp_loaded_ns = ktime_get_boottime_ns();
	memhp_nodes = kcalloc(nr_node_ids, sizeof(*memhp_nodes), GFP_KERNEL);
	if (!memhp_nodes)
		return -ENOMEM;
	for (nid = 0; nid < nr_node_ids; nid++)
		memhp_nodes[nid].has_memory = node_state(nid, N_MEMORY);
	return 0;
}

void memhp_state_exit(void)
{
	struct memhp_block *block;
	unsigned long id;

	xa_for_each(&memhp_blocks, id, block)
		kfree(block);
	xa_destroy(&memhp_blocks);
	kfree(memhp_nodes);
}
