// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file "pages": what the pages of a block are used for, and which of them are held, that is,
 * have more references than their mappings, their cache and their buffers account for. A page that
 * is held does not move.
 *
 * It is a look in passing, without a reference to any page: what changes meanwhile may be counted
 * as either. A page that waits in one of the kernel's per-CPU lists is referenced by it; an offline
 * empties these first.
 */
#include <linux/fs.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/page-flags.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "memhp.h"

/* Pages looked at under one memhp_lock. */
#define MEMHP_PAGES_CHUNK 512
/* Held pages that are named. */
#define MEMHP_PAGES_HELD 16

enum memhp_page_kind {
	MEMHP_PAGE_FREE,
	MEMHP_PAGE_ANON,
	MEMHP_PAGE_FILE,
	MEMHP_PAGE_SLAB,
	MEMHP_PAGE_TABLE,
	MEMHP_PAGE_HUGE_FREE,
	MEMHP_PAGE_HUGE,
	MEMHP_PAGE_MOVABLE,
	MEMHP_PAGE_OFFLINE,
	MEMHP_PAGE_RESERVED,
	MEMHP_PAGE_OTHER,
	MEMHP_PAGE_KINDS
};

static const char *const memhp_page_names[MEMHP_PAGE_KINDS] = {
	[MEMHP_PAGE_FREE] = "free",
	[MEMHP_PAGE_ANON] = "anon",
	[MEMHP_PAGE_FILE] = "file",
	[MEMHP_PAGE_SLAB] = "slab",
	[MEMHP_PAGE_TABLE] = "table",
	[MEMHP_PAGE_HUGE_FREE] = "huge_free",
	[MEMHP_PAGE_HUGE] = "huge",
	[MEMHP_PAGE_MOVABLE] = "movable",
	[MEMHP_PAGE_OFFLINE] = "offline",
	[MEMHP_PAGE_RESERVED] = "reserved",
	[MEMHP_PAGE_OTHER] = "other",
};

struct memhp_held {
	unsigned long pfn;
	int refs;
	int expected;
	enum memhp_page_kind kind;
};

struct memhp_census {
	unsigned long kinds[MEMHP_PAGE_KINDS];
	unsigned long absent;		/* no page, or one that is not online */
	unsigned long poisoned;		/* also counted by kind, as is what follows */
	unsigned long unevictable;
	unsigned long held;
	struct memhp_held first[MEMHP_PAGES_HELD];
	char line[MEMHP_PAGES_RECORD_MAX];
};

static enum memhp_page_kind memhp_page_kind(struct page *page, struct page *head)
{
	if (PageReserved(page))
		return MEMHP_PAGE_RESERVED;
	if (PageOffline(page))
		return MEMHP_PAGE_OFFLINE;
	if (PageTable(head))
		return MEMHP_PAGE_TABLE;
	if (PageSlab(head))
		return MEMHP_PAGE_SLAB;
	if (PageHuge(head))
		return page_count(head) ? MEMHP_PAGE_HUGE : MEMHP_PAGE_HUGE_FREE;
	if (memhp_page_movable_ops(head))
		return MEMHP_PAGE_MOVABLE;
	if (!page_count(head))
		return MEMHP_PAGE_FREE;
	if (PageAnon(head))
		return MEMHP_PAGE_ANON;
	return READ_ONCE(head->mapping) ? MEMHP_PAGE_FILE : MEMHP_PAGE_OTHER;
}

static int memhp_expected_refs(struct page *head, enum memhp_page_kind kind)
{
	int refs = memhp_page_mapcount(head);

	if (kind == MEMHP_PAGE_FILE)
		refs += compound_nr(head) + memhp_page_private(head);
	else if (memhp_page_swapcache(head))
		refs += compound_nr(head);
	/* Off the LRU list it is on its way to it or taken from it, and referenced for that. */
	return refs + !PageLRU(head);
}

static void memhp_census_held(struct memhp_census *census, struct page *head,
			      enum memhp_page_kind kind)
{
	struct memhp_held held = {
		.pfn = page_to_pfn(head),
		.refs = page_count(head),
		.expected = memhp_expected_refs(head, kind),
		.kind = kind,
	};

	if (held.refs <= held.expected)
		return;
	if (census->held < MEMHP_PAGES_HELD)
		census->first[census->held] = held;
	census->held++;
}

/*
 * Counts the page at pfn and those that share its fate. Returns how many these are: the rest of a
 * free or compound page, as far as end.
 */
static unsigned long memhp_census_page(struct memhp_census *census, unsigned long pfn,
				       unsigned long end)
{
	struct page *page = pfn_to_online_page(pfn);
	enum memhp_page_kind kind;
	unsigned long span, order;
	struct page *head;

	lockdep_assert_held(&memhp_lock);
	if (!page) {
		census->absent++;
		return 1;
	}
	if (PageBuddy(page)) {
		/* It may be allocated right now, then this is not an order. */
		order = READ_ONCE(page->private);
		span = order < BITS_PER_LONG ? 1UL << order : 1;
		if (span > MAX_ORDER_NR_PAGES || pfn & (span - 1))
			span = 1;
		span = min(span, end - pfn);
		census->kinds[MEMHP_PAGE_FREE] += span;
		return span;
	}
	head = compound_head(page);
	span = page_to_pfn(head) + compound_nr(head) - pfn;
	if (!span || span > end - pfn)
		span = head == page ? min(compound_nr(head), end - pfn) : 1;
	kind = memhp_page_kind(page, head);
	census->kinds[kind] += span;
	if (PageHWPoison(page))
		census->poisoned++;
	if (memhp_page_unevictable(head))
		census->unevictable += span;
	if (kind == MEMHP_PAGE_ANON || kind == MEMHP_PAGE_FILE)
		memhp_census_held(census, head, kind);
	return span;
}

/*
 * The memmap of an online page stays while memhp_lock is held: it goes away after MEM_OFFLINE, and
 * our handler of that takes the lock.
 */
static void memhp_census_block(struct memhp_census *census, u64 id)
{
	unsigned long pages = PHYS_PFN(memhp_block_size());
	unsigned long pfn = id * pages;
	unsigned long end = pfn + pages;
	unsigned long stop;

	while (pfn < end) {
		spin_lock(&memhp_lock);
		for (stop = min(pfn + MEMHP_PAGES_CHUNK, end); pfn < stop;)
			pfn += memhp_census_page(census, pfn, end);
		spin_unlock(&memhp_lock);
		cond_resched();
	}
}

static int memhp_census_line(struct memhp_census *census, u64 id)
{
	char *line = census->line;
	const struct memhp_held *held = census->first;
	const struct memhp_held *end = held + min_t(unsigned long, census->held, MEMHP_PAGES_HELD);
	int len, i;

	len = scnprintf(line, sizeof(census->line), "block=%llu", id);
	for (i = 0; i < MEMHP_PAGE_KINDS; i++)
		len += scnprintf(line + len, sizeof(census->line) - len, " %s=%lu",
				 memhp_page_names[i], census->kinds[i]);
	len += scnprintf(line + len, sizeof(census->line) - len,
			 " absent=%lu poisoned=%lu unevictable=%lu held=%lu held_first=",
			 census->absent, census->poisoned, census->unevictable, census->held);
	if (held == end)
		len += scnprintf(line + len, sizeof(census->line) - len, "-");
	for (i = 0; held + i < end; i++)
		len += scnprintf(line + len, sizeof(census->line) - len, "%s0x%lx:%s:%d:%d",
				 i ? "," : "", held[i].pfn, memhp_page_names[held[i].kind],
				 held[i].refs, held[i].expected);
	len += scnprintf(line + len, sizeof(census->line) - len, "\n");
	return len;
}

/* The position is the number of a block; a read gives the first block there or behind it. */
static ssize_t memhp_pages_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct memhp_census *census;
	struct memhp_block block;
	u64 id = *pos;
	ssize_t len;

	for (;; id++) {
		if (!memhp_block_snapshot(&id, &block))
			return 0;
		if (block.state != MEMHP_STATE_GONE)
			break;
	}
	census = kzalloc(sizeof(*census), GFP_KERNEL);
	if (!census)
		return -ENOMEM;
	memhp_census_block(census, id);
	len = memhp_census_line(census, id);
	if (len > count)
		len = -EINVAL;
	else if (copy_to_user(buf, census->line, len))
		len = -EFAULT;
	else
		*pos = id + 1;
	kfree(census);
	return len;
}

static int memhp_pages_open(struct inode *inode, struct file *file)
{
	memhp_block_refresh();
	return 0;
}

const struct file_operations memhp_pages_fops = {
	.owner = THIS_MODULE,
	.open = memhp_pages_open,
	.read = memhp_pages_read,
	.llseek = default_llseek,
};
