// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uses memory of a node in one way, so that there is something to explain.
 *
 * usage: usemem lock NODE MIB | usemem huge NODE KIB COUNT | usemem reserve NODE KIB COUNT |
 *        usemem table NODE COUNT
 *
 * lock: anonymous memory that is locked. huge: huge pages of this size from the pool. reserve: the same,
 * kept for this process and not taken yet, wherever they are. table: page tables and next to nothing else,
 * by reading one address of each of COUNT.
 *
 * Prints "used" and waits until it is killed. Exit status 1: it could not be had; 2: usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_NODES 1024
/* What one table of pages maps, at 4 KiB a page. */
#define TABLE_SPAN (2UL << 20)
#define HUGE_SHIFT 26

static unsigned long mask[MAX_NODES / (8 * sizeof(long))];

static void die(const char *what)
{
	fprintf(stderr, "usemem: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Memory of the node, of which step by step one byte is written, or read if it is only readable. */
static void *use(size_t bytes, size_t step, int protection, int flags)
{
	volatile char *memory, *at;
	int writes = protection & PROT_WRITE;

	memory = mmap(NULL, bytes, protection,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	if (syscall(SYS_mbind, memory, bytes, MPOL_BIND, mask, MAX_NODES, 0))
		die("mbind");
	if (!(flags & MAP_HUGETLB))
		madvise((void *)memory, bytes, MADV_NOHUGEPAGE);
	for (at = memory; at < memory + bytes; at += step) {
		if (writes)
			*at = 1;
		else
			(void)*at;
	}
	return (void *)memory;
}

static int huge_flags(unsigned long kib)
{
	int log = 10;

	while (kib >>= 1)
		log++;
	return MAP_HUGETLB | log << HUGE_SHIFT;
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	unsigned long node, size, count;

	node = argc > 3 ? strtoul(argv[2], NULL, 10) : MAX_NODES;
	size = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	count = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	if (node >= MAX_NODES || !size) {
		fprintf(stderr, "usage: usemem lock NODE MIB | {huge|reserve} NODE KIB COUNT | table NODE COUNT\n");
		return 2;
	}
	mask[node / (8 * sizeof(long))] |= 1UL << (node % (8 * sizeof(long)));
	if (!strcmp(what, "lock")) {
		if (mlock(use(size << 20, getpagesize(), PROT_READ | PROT_WRITE, 0), size << 20))
			die("mlock");
	} else if (!strcmp(what, "huge") && count) {
		use((size << 10) * count, size << 10, PROT_READ | PROT_WRITE, huge_flags(size));
	} else if (!strcmp(what, "reserve") && count) {
		if (mmap(NULL, (size << 10) * count, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | huge_flags(size), -1, 0) == MAP_FAILED)
			die("mmap");
	} else if (!strcmp(what, "table")) {
		if (syscall(SYS_set_mempolicy, MPOL_BIND, mask, MAX_NODES))
			die("set_mempolicy");
		use(size * TABLE_SPAN, TABLE_SPAN, PROT_READ, 0);
	} else {
		fprintf(stderr, "usemem: '%s'?\n", what);
		return 2;
	}
	printf("used\n");
	fflush(stdout);
	for (;;)
		pause();
}
