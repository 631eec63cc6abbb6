// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of blocks.
 */
#include <linux/ioport.h>
#include <linux/math64.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "memhp.h"

/* Of struct memhp_block, each allocated once and kept until exit; memhp_lock guards the blocks. */
static DEFINE_XARRAY(memhp_blocks);
static unsigned long memhp_block_bytes;		/* constant after init */

u64 memhp_block_size(void)
{
	return memhp_block_bytes;
}

u64 memhp_block_of(unsigned long pfn)
{
	return div64_u64(PFN_PHYS((u64)pfn), memhp_block_bytes);
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
void memhp_block_inspect(struct memhp_block *block)
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

struct memhp_block *memhp_block_find(u64 id)
{
	return xa_load(&memhp_blocks, id);
}

struct memhp_block *memhp_block_get(u64 id, gfp_t gfp)
{
	struct memhp_block *block = xa_load(&memhp_blocks, id);
	struct memhp_block *new;

	if (block)
		return block;
	gfp |= __GFP_NORETRY | __GFP_NOWARN;
	new = kzalloc(sizeof(*new), gfp);
	if (!new)
		return NULL;
	new->id = id;
	new->state = MEMHP_STATE_UNKNOWN;
	if (xa_insert(&memhp_blocks, id, new, gfp)) {
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
	block = memhp_block_get(id, GFP_KERNEL);
	if (!block)
		return;
	spin_lock(&memhp_lock);
	if (!memhp_block_present(id)) {
		/* It has gone in between: what follows the walk, or the probe, notes that. */
	} else if (block->state == MEMHP_STATE_UNKNOWN) {
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

static void memhp_block_gone(struct memhp_block *block)
{
	lockdep_assert_held(&memhp_lock);
	block->state = MEMHP_STATE_GONE;
	block->changed_ns = ktime_get_boottime_ns();
}

void memhp_block_refresh(void)
{
	struct memhp_block *block;
	unsigned long id;

	/* The blocks themselves cannot be walked by a module; every block has System RAM in it. */
	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM, 0, U64_MAX, NULL,
			    memhp_refresh_range);

	xa_for_each(&memhp_blocks, id, block) {
		spin_lock(&memhp_lock);
		if ((block->state == MEMHP_STATE_OFFLINE || block->state == MEMHP_STATE_UNKNOWN) &&
		    !memhp_block_present(id))
			memhp_block_gone(block);
		spin_unlock(&memhp_lock);
		cond_resched();
	}
}

void memhp_block_event(struct memhp_block *block, const struct memhp_event *ev)
{
	enum memhp_block_state old;

	lockdep_assert_held(&memhp_lock);
	if (block->state == MEMHP_STATE_UNKNOWN || block->state == MEMHP_STATE_GONE)
		memhp_block_meet(block);
	old = block->state;

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
	case MEMHP_EVENT_OFFLINE:
	case MEMHP_EVENT_CANCEL_ONLINE:
		block->state = MEMHP_STATE_OFFLINE;
		break;
	default:
		/* A failure changes nothing that the notifiers have not said. */
		break;
	}
	if (block->state != old)
		block->changed_ns = ev->boot_ns;
	if (ev->nid >= 0)
		block->nid = ev->nid;
	if (ev->zone)
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

void memhp_block_removed(u64 start, u64 size)
{
	u64 id = div64_u64(start, memhp_block_bytes);
	u64 end = div64_u64(start + size, memhp_block_bytes);
	struct memhp_block *block;

	for (; id < end; id++) {
		block = memhp_block_find(id);
		if (!block)
			continue;
		spin_lock(&memhp_lock);
		if (block->state != MEMHP_STATE_GONE && !memhp_block_present(id))
			memhp_block_gone(block);
		spin_unlock(&memhp_lock);
	}
}

bool memhp_block_snapshot(u64 *id, struct memhp_block *copy)
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

void memhp_block_count(u64 in_state[MEMHP_STATES])
{
	struct memhp_block *block;
	unsigned long id;

	xa_for_each(&memhp_blocks, id, block) {
		spin_lock(&memhp_lock);
		in_state[block->state]++;
		spin_unlock(&memhp_lock);
	}
}

void memhp_block_init(void)
{
	memhp_block_bytes = memory_block_size_bytes();
}

void memhp_block_exit(void)
{
	struct memhp_block *block;
	unsigned long id;

	xa_for_each(&memhp_blocks, id, block)
		kfree(block);
	xa_destroy(&memhp_blocks);
}
