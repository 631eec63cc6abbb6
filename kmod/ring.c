// SPDX-License-Identifier: GPL-2.0-only
/*
 * The history: a ring of records, numbered from 1 without gaps. A new record overwrites the oldest;
 * a reader sees by the numbers what it missed.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "memhp.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

DECLARE_WAIT_QUEUE_HEAD(memhp_ring_wait);

static struct memhp_event *memhp_ring;	/* memhp_lock */
static unsigned int memhp_ring_entries;	/* a power of two; constant after init */
static u64 memhp_ring_next;		/* memhp_lock; number of the next record */

static u64 memhp_ring_oldest(void)
{
	lockdep_assert_held(&memhp_lock);
	return memhp_ring_next > memhp_ring_entries ? memhp_ring_next - memhp_ring_entries : 1;
}

static struct memhp_event *memhp_ring_slot(u64 seq)
{
	return &memhp_ring[seq & (memhp_ring_entries - 1)];
}

void memhp_ring_push(struct memhp_event *ev)
{
	lockdep_assert_held(&memhp_lock);
	ev->seq = memhp_ring_next++;
	*memhp_ring_slot(ev->seq) = *ev;
}

void memhp_ring_publish(const struct memhp_event *ev)
{
	trace_memhp_event(ev);
	wake_up_interruptible(&memhp_ring_wait);
}

void memhp_ring_bounds(u64 *oldest, u64 *next)
{
	spin_lock(&memhp_lock);
	*oldest = memhp_ring_oldest();
	*next = memhp_ring_next;
	spin_unlock(&memhp_lock);
}

u64 memhp_ring_get(u64 seq, struct memhp_event *ev)
{
	spin_lock(&memhp_lock);
	seq = max(seq, memhp_ring_oldest());
	if (seq < memhp_ring_next)
		*ev = *memhp_ring_slot(seq);
	else
		seq = 0;
	spin_unlock(&memhp_lock);
	return seq;
}

unsigned int memhp_ring_size(void)
{
	return memhp_ring_entries;
}

int memhp_ring_init(unsigned int entries)
{
	memhp_ring_entries = roundup_pow_of_two(entries);
	memhp_ring_next = 1;
	memhp_ring = kvcalloc(memhp_ring_entries, sizeof(*memhp_ring), GFP_KERNEL);
	return memhp_ring ? 0 : -ENOMEM;
}

void memhp_ring_exit(void)
{
	kvfree(memhp_ring);
}
