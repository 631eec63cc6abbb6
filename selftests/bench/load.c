// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fills the memory of a busy machine.
 *
 *	load cache FILE PERCENT	page cache: of all of the file, and then less again, here and there, down to so
 *				many percent; then ends
 *	load inodes DIR COUNT	so many empty files, whose inodes and names are slab; then ends
 *	load anon MIB HOLDS	anonymous memory, until it is killed
 *
 * "anon" prints "ready". From SIGUSR1 on it holds HOLDS of its pages, wherever they are: they are in pipes, by
 * reference, and cannot move. Each is let go after 0.25 to 16 s and another page held instead: the same ones,
 * for the same times, at each start.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MIB (1UL << 20)
#define MAX_HOLDS 1024
#define PIECE ((off_t)(32 * MIB))
#define SHORTEST_NS 250000000ULL
#define DOUBLINGS 7

struct hold {
	int pipe[2];
	uint64_t until_ns;
};

static size_t page_size;
static char *memory;
static size_t pages;
static struct hold holds[MAX_HOLDS];
static uint64_t seed = 1;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Knuth's MMIX generator; its high bits are good. */
static uint64_t next_random(uint64_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % below;
}

static void begin_hold(struct hold *hold)
{
	struct iovec page = { memory + next_random(pages) * page_size, page_size };

	if (vmsplice(hold->pipe[1], &page, 1, 0) != (ssize_t)page_size)
		err(1, "vmsplice");
	hold->until_ns = now_ns() + (SHORTEST_NS << next_random(DOUBLINGS));
}

static void end_hold(struct hold *hold)
{
	char page[page_size];

	if (read(hold->pipe[0], page, page_size) != (ssize_t)page_size)
		err(1, "pipe");
	hold->until_ns = 0;
}

static void keep(size_t mib, size_t count)
{
	const struct timespec tick = { .tv_nsec = 50 * 1000 * 1000 };
	sigset_t signals;
	int holding = 0;
	size_t i;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	pages = mib * MIB / page_size;
	memory = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "%zu MiB", mib);
	madvise(memory, mib * MIB, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++)
		memory[i * page_size] = 1;
	for (i = 0; i < count; i++)
		if (pipe(holds[i].pipe))
			err(1, "pipe");
	puts("ready");
	fflush(stdout);

	for (;;) {
		int got = holding ? sigtimedwait(&signals, NULL, &tick) :
				    sigwaitinfo(&signals, NULL);

		if (got < 0 && errno != EAGAIN && errno != EINTR)
			err(1, "waiting for a signal");
		holding |= got == SIGUSR1;
		for (i = 0; i < count; i++) {
			if (holds[i].until_ns && now_ns() >= holds[i].until_ns)
				end_hold(&holds[i]);
			if (holding && !holds[i].until_ns)
				begin_hold(&holds[i]);
		}
	}
}

/* A byte of each page: the rest would only be copied for nothing. */
static void cache(const char *path, size_t percent)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	off_t at;
	size_t piece;
	char byte;

	if (fd < 0 || fstat(fd, &status))
		err(1, "%s", path);
	for (at = 0; at < status.st_size; at += (off_t)page_size)
		if (pread(fd, &byte, 1, at) != 1)
			err(1, "%s", path);
	for (at = 0, piece = 0; at < status.st_size; at += PIECE, piece++)
		if ((piece + 1) * percent / 100 == piece * percent / 100)
			posix_fadvise(fd, at, PIECE, POSIX_FADV_DONTNEED);
}

static void inodes(const char *dir, size_t count)
{
	char name[32];
	size_t i;

	if (mkdir(dir, 0700) || chdir(dir))
		err(1, "%s", dir);
	for (i = 0; i < count; i++) {
		int fd;

		snprintf(name, sizeof(name), "file%zu", i);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (fd < 0)
			err(1, "%s/%s", dir, name);
		close(fd);
	}
}

static size_t number(const char *text, size_t most)
{
	char *end;
	size_t value = strtoul(text, &end, 10);

	if (end == text || *end || value < 1 || value > most)
		errx(2, "'%s' is not a number from 1 to %zu", text, most);
	return value;
}

int main(int argc, char **argv)
{
	page_size = sysconf(_SC_PAGESIZE);
	if (argc == 4 && !strcmp(argv[1], "cache"))
		cache(argv[2], number(argv[3], 100));
	else if (argc == 4 && !strcmp(argv[1], "inodes"))
		inodes(argv[2], number(argv[3], 100000000));
	else if (argc == 4 && !strcmp(argv[1], "anon"))
		keep(number(argv[2], 1UL << 20), number(argv[3], MAX_HOLDS));
	else
		errx(2, "usage: load cache FILE PERCENT | load inodes DIR COUNT | load anon MIB HOLDS");
	return 0;
}
