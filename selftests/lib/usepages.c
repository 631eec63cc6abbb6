// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uses memory of a NUMA node, and looks at its end whether the memory still holds what was written.
 *
 * usage: usepages locked|huge2M|huge1G|plain NODE MIB
 *
 * Prints "using blocks=N[,N…]", the memory blocks in which it lies, and waits for SIGTERM. Exit status
 * 0: all is as it was written; 1: no such memory was to be had; 2: usage; 3: something has changed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

#define MAX_NODES 1024
#define MAX_BLOCKS (1 << 20)
/* One word in each is written. */
#define STEP 4096
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

struct kind {
	const char *name;
	int flags;
};

static const struct kind kinds[] = {
	{ "plain", 0 },
	{ "locked", MAP_LOCKED },
	{ "huge2M", MAP_HUGETLB | 21 << MAP_HUGE_SHIFT },
	{ "huge1G", MAP_HUGETLB | 30 << MAP_HUGE_SHIFT },
};

static void die(const char *what)
{
	fprintf(stderr, "usepages: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t block_size(void)
{
	const char *path = "/sys/devices/system/memory/block_size_bytes";
	unsigned long long value;
	FILE *file = fopen(path, "r");

	if (!file || fscanf(file, "%llx", &value) != 1)
		die(path);
	fclose(file);
	return value;
}

static char *allocate(const struct kind *kind, int node, size_t size)
{
	unsigned long mask[MAX_NODES / (8 * sizeof(long))] = { 0 };
	const size_t bits = 8 * sizeof(long);
	char *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | (kind->flags & ~MAP_LOCKED), -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	mask[node / bits] |= 1UL << (node % bits);
	/* Not bound: then it could not leave the node. */
	if (syscall(SYS_mbind, memory, size, MPOL_PREFERRED, mask, MAX_NODES, 0))
		die("mbind");
	if (!(kind->flags & MAP_HUGETLB))
		madvise(memory, size, MADV_NOHUGEPAGE);
	if (kind->flags & MAP_LOCKED && mlock(memory, size))
		die("mlock");
	return memory;
}

/* Prints the blocks, each once; pages that lie together come together. */
static void print_blocks(const char *memory, size_t size)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	const uint64_t block = block_size();
	const char *before = "using blocks=";
	uint64_t entries[4096], number;
	unsigned char *seen;
	size_t i, j, count;
	off_t offset;
	int pagemap;

	pagemap = open("/proc/self/pagemap", O_RDONLY);
	seen = calloc(MAX_BLOCKS, 1);
	if (pagemap < 0 || !seen)
		die("/proc/self/pagemap");
	for (i = 0; i < size / page; i += count) {
		count = size / page - i < 4096 ? size / page - i : 4096;
		offset = ((uintptr_t)memory / page + i) * sizeof(*entries);
		if (pread(pagemap, entries, count * sizeof(*entries), offset) !=
		    (ssize_t)(count * sizeof(*entries)))
			die("/proc/self/pagemap");
		for (j = 0; j < count; j++) {
			number = (entries[j] & PAGEMAP_PFN) * page / block;
			if (!(entries[j] & PAGEMAP_PRESENT) || number >= MAX_BLOCKS || seen[number])
				continue;
			seen[number] = 1;
			printf("%s%llu", before, (unsigned long long)number);
			before = ",";
		}
	}
	printf("\n");
	fflush(stdout);
	free(seen);
	close(pagemap);
}

int main(int argc, char **argv)
{
	const struct kind *kind = kinds;
	const size_t count = sizeof(kinds) / sizeof(kinds[0]);
	sigset_t ends;
	size_t size, i;
	char *memory;
	int node, mib, got;

	while (argc == 4 && kind < kinds + count && strcmp(argv[1], kind->name))
		kind++;
	node = argc == 4 ? atoi(argv[2]) : -1;
	mib = argc == 4 ? atoi(argv[3]) : 0;
	if (kind == kinds + count || node < 0 || node >= MAX_NODES || mib < 1) {
		fprintf(stderr, "usage: usepages locked|huge2M|huge1G|plain NODE MIB\n");
		return 2;
	}
	size = (size_t)mib << 20;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);

	memory = allocate(kind, node, size);
	for (i = 0; i < size; i += STEP)
		*(uint64_t *)(memory + i) = i ^ 0x6d656d6870ULL;
	print_blocks(memory, size);
	sigwait(&ends, &got);
	for (i = 0; i < size; i += STEP)
		if (*(uint64_t *)(memory + i) != (i ^ 0x6d656d6870ULL)) {
			fprintf(stderr, "usepages: changed at %zu\n", i);
			return 3;
		}
	return 0;
}
