// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds one page of a memory block, so that the block cannot go offline: the page is in a pipe, by
 * reference, and a page with such a reference does not migrate.
 *
 * usage: holdpage [orphan | fixed | direct DEVICE] BLOCK | holdpage node N
 *
 * orphan: it is in the pipe and no longer in the memory of this process. fixed: it is a fixed buffer of
 * an io_uring instead; the kernel moves such a page out of the movable zone first. direct: it is to be
 * filled from the device, past the page cache, and that is under way: for as long as the device takes.
 *
 * Prints "held block=N pfn=0x..." and waits until it is killed. Exit status 1: no such page was to be
 * had; 2: usage.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHUNK (2UL << 20)
#define MAX_NODES 1024
/* Left free on the node, or the kernel would kill somebody for the rest. */
#define SPARE (16UL << 20)

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

static size_t page_size;
static int pagemap;

static void die(const char *what)
{
	fprintf(stderr, "holdpage: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t read_hex(const char *path)
{
	unsigned long long value;
	FILE *file = fopen(path, "r");

	if (!file || fscanf(file, "%llx", &value) != 1)
		die(path);
	fclose(file);
	return value;
}

static int node_of_block(uint64_t block)
{
	struct dirent *entry;
	char path[96];
	int node = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu",
		 (unsigned long long)block);
	dir = opendir(path);
	if (!dir)
		die(path);
	while (node < 0 && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "node%d", &node) != 1)
			node = -1;
	closedir(dir);
	if (node < 0) {
		errno = ENOENT;
		die("node of the block");
	}
	return node;
}

static uint64_t node_free(int node)
{
	char path[96], line[128];
	unsigned long long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
	file = fopen(path, "r");
	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Node %*d MemFree: %llu kB", &kib) == 1)
			break;
	fclose(file);
	return kib << 10;
}

/* Page frame numbers of count pages, 0 for one that is not present. */
static void read_pfns(const void *address, uint64_t *pfns, size_t count)
{
	off_t offset = (uintptr_t)address / page_size * sizeof(*pfns);
	size_t i;

	if (pread(pagemap, pfns, count * sizeof(*pfns), offset) != (ssize_t)(count * sizeof(*pfns)))
		die("/proc/self/pagemap");
	for (i = 0; i < count; i++)
		pfns[i] = pfns[i] & PAGEMAP_PRESENT ? pfns[i] & PAGEMAP_PFN : 0;
}

static char *allocate(int node)
{
	unsigned long mask[MAX_NODES / (8 * sizeof(long))] = { 0 };
	const size_t bits = 8 * sizeof(long);
	char *chunk;
	size_t i;

	chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk == MAP_FAILED)
		die("mmap");
	mask[node / bits] |= 1UL << (node % bits);
	if (syscall(SYS_mbind, chunk, CHUNK, MPOL_BIND, mask, MAX_NODES, 0))
		die("mbind");
	madvise(chunk, CHUNK, MADV_NOHUGEPAGE);
	for (i = 0; i < CHUNK; i += page_size)
		chunk[i] = 1;
	return chunk;
}

static void hold_by_pipe(struct iovec *page)
{
	int pipes[2];

	if (pipe(pipes) || vmsplice(pipes[1], page, 1, 0) != (ssize_t)page_size)
		die("vmsplice");
}

static void hold_by_ring(struct iovec *page)
{
	struct io_uring_params params = { 0 };
	int ring;

	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0 || syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, page, 1))
		die("io_uring");
}

static void hold_by_read(const char *path, struct iovec *page)
{
	struct iocb read = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_buf = (uintptr_t)page->iov_base,
		.aio_nbytes = page->iov_len,
	};
	struct iocb *reads = &read;
	aio_context_t context = 0;
	int device;

	device = open(path, O_RDONLY | O_DIRECT);
	if (device < 0)
		die(path);
	read.aio_fildes = device;
	if (syscall(SYS_io_setup, 1, &context) || syscall(SYS_io_submit, context, 1, &reads) != 1)
		die("io_submit");
}

int main(int argc, char **argv)
{
	bool by_node = argc == 3 && !strcmp(argv[1], "node");
	bool orphan = argc == 3 && !strcmp(argv[1], "orphan");
	bool fixed = argc == 3 && !strcmp(argv[1], "fixed");
	bool direct = argc == 4 && !strcmp(argv[1], "direct");
	uint64_t block_size, block, wanted, *pfns, pfn;
	struct iovec held = { 0 };
	int node;
	char *chunk = NULL, *last = NULL, *end;
	size_t i;

	if (argc != 2 && !by_node && !orphan && !fixed && !direct) {
		fprintf(stderr, "usage: holdpage [orphan | fixed | direct DEVICE] BLOCK | holdpage node N\n");
		return 2;
	}
	wanted = strtoull(argv[argc - 1], &end, 10);
	if (*end || end == argv[argc - 1] || (by_node && wanted >= MAX_NODES)) {
		fprintf(stderr, "holdpage: '%s' is no number\n", argv[argc - 1]);
		return 2;
	}
	page_size = sysconf(_SC_PAGESIZE);
	block_size = read_hex("/sys/devices/system/memory/block_size_bytes");
	node = by_node ? (int)wanted : node_of_block(wanted);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (pagemap < 0)
		die("/proc/self/pagemap");
	pfns = calloc(CHUNK / page_size, sizeof(*pfns));
	if (!pfns)
		die("calloc");

	/* What does not fit stays allocated meanwhile, so that the next chunk is other memory. */
	while (!held.iov_base) {
		last = chunk;
		if (node_free(node) < CHUNK + SPARE) {
			fprintf(stderr, "holdpage: node %d has no free page there\n", node);
			return 1;
		}
		chunk = allocate(node);
		*(char **)chunk = last;
		read_pfns(chunk, pfns, CHUNK / page_size);
		for (i = 0; i < CHUNK / page_size && !held.iov_base; i++)
			if (pfns[i] && (by_node || pfns[i] * page_size / block_size == wanted))
				held.iov_base = chunk + i * page_size;
	}
	while (last) {
		end = last;
		last = *(char **)last;
		munmap(end, CHUNK);
	}
	/* It has its page and claims the node no longer: memhpd heeds bound memory. */
	if (syscall(SYS_mbind, chunk, CHUNK, MPOL_DEFAULT, NULL, 0, 0))
		die("mbind");
	held.iov_len = page_size;
	if (direct)
		hold_by_read(argv[2], &held);
	else if (fixed)
		hold_by_ring(&held);
	else
		hold_by_pipe(&held);

	/* From here on it stays where it is: look whether it moved on the way. */
	read_pfns(held.iov_base, &pfn, 1);
	block = pfn * page_size / block_size;
	if (!by_node && block != wanted) {
		fprintf(stderr, "holdpage: the page moved\n");
		return 1;
	}
	if (orphan)
		munmap(held.iov_base, page_size);
	printf("held block=%llu pfn=0x%llx\n", (unsigned long long)block,
	       (unsigned long long)pfn);
	fflush(stdout);
	for (;;)
		pause();
}
