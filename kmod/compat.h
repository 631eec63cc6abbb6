/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel versions differ here and nowhere else in the module.
 */
#ifndef MEMHP_COMPAT_H
#define MEMHP_COMPAT_H

#include <linux/limits.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/node.h>
#include <linux/notifier.h>
#include <linux/page-flags.h>
#include <linux/version.h>

/*
 * Before 6.17 there is no chain of node notifiers: registering succeeds, and the callbacks stay
 * silent.
 */
#ifndef NODE_ADDING_FIRST_MEMORY
#define NODE_ADDING_FIRST_MEMORY	BIT(0)
#define NODE_CANCEL_ADDING_FIRST_MEMORY	BIT(2)
#define NODE_REMOVING_LAST_MEMORY	BIT(3)
#define NODE_CANCEL_REMOVING_LAST_MEMORY BIT(5)

static inline int register_node_notifier(struct notifier_block *nb)
{
	return 0;
}

static inline void unregister_node_notifier(struct notifier_block *nb)
{
}
#endif

/*
 * From 6.8 to 6.18 an online asks the memory notifiers twice. Elsewhere this is an action that is
 * never sent. 6.12.y made an enumerator of it, which the preprocessor does not see.
 */
#if !defined(MEM_PREPARE_ONLINE) && (LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0) || \
				     LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0))
#define MEM_PREPARE_ONLINE ULONG_MAX
#endif

/* Which argument of arch_remove_memory() the start is: 5.16 took the node from before it. */
#define MEMHP_REMOVED_START (LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0) ? 1 : 0)

/*
 * What pages.c asks about a page, always the head of a compound page. In between these kernels
 * mappings of huge pages were counted in other ways yet.
 */
#define MEMHP_PAGES (LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0) || \
		     LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0))

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static inline int memhp_page_mapcount(struct page *head)
{
	return folio_mapcount(page_folio(head));
}

static inline bool memhp_page_swapcache(struct page *head)
{
	return folio_test_swapcache(page_folio(head));
}

static inline bool memhp_page_private(struct page *head)
{
	return folio_test_private(page_folio(head));
}

static inline bool memhp_page_unevictable(struct page *head)
{
	return folio_test_unevictable(page_folio(head));
}
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
/* As total_mapcount(), which is not exported, counts. */
static inline int memhp_page_mapcount(struct page *head)
{
	unsigned long i, nr = compound_nr(head);
	int whole, sum;

	if (!PageCompound(head))
		return atomic_read(&head->_mapcount) + 1;
	whole = compound_mapcount(head);
	if (PageHuge(head))
		return whole;
	sum = whole;
	for (i = 0; i < nr; i++)
		sum += atomic_read(&head[i]._mapcount) + 1;
	/* Each page of a file counts mappings of the whole as well. */
	if (!PageAnon(head))
		return sum - whole * nr;
	return PageDoubleMap(head) ? sum - nr : sum;
}

static inline bool memhp_page_swapcache(struct page *head)
{
	return PageSwapCache(head);
}

static inline bool memhp_page_private(struct page *head)
{
	return PagePrivate(head);
}

static inline bool memhp_page_unevictable(struct page *head)
{
	return PageUnevictable(head);
}
#else
/* Not called: MEMHP_PAGES is false. */
static inline int memhp_page_mapcount(struct page *head)
{
	return 0;
}

static inline bool memhp_page_swapcache(struct page *head)
{
	return false;
}

static inline bool memhp_page_private(struct page *head)
{
	return false;
}

static inline bool memhp_page_unevictable(struct page *head)
{
	return false;
}
#endif

/* Pages of a driver that knows how to move them: balloon, compressed swap. */
static inline bool memhp_page_movable_ops(struct page *page)
{
#ifdef PAGE_MAPPING_MOVABLE
	return __PageMovable(page);
#else
	return page_has_movable_ops(page);
#endif
}

#endif /* MEMHP_COMPAT_H */
