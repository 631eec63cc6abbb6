// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times a command, and how much it slows down a process that does nothing but walk through memory.
 *
 *	beside MIB COMMAND…	with 0 nobody walks
 *
 * Prints in nanoseconds: took, from the start of the command to its end; and for each MiB walked
 * walk_alone, in the second before the command begins, and walk_beside, while it runs. Ends with the
 * command's exit status; its output goes to the standard error.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1UL << 20)
#define LINE 64
#define ALONE_NS 1000000000ULL

static volatile uint64_t *memory;
static size_t mibs, next;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* One MiB, behind the one before. */
static void walk(void)
{
	volatile uint64_t *line = memory + next * (MIB / sizeof(*memory));
	size_t i;

	for (i = 0; i < MIB / LINE; i++, line += LINE / sizeof(*memory))
		*line += i;
	next = (next + 1) % mibs;
}

static void prepare(void)
{
	size_t i;

	memory = mmap(NULL, mibs * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "%zu MiB", mibs);
	madvise((void *)memory, mibs * MIB, MADV_NOHUGEPAGE);
	for (i = 0; i < mibs; i++)
		walk();
}

static void print_walk(const char *name, uint64_t began, uint64_t count)
{
	if (!count)
		errx(1, "nothing was walked");
	printf("%s %llu\n", name, (unsigned long long)((now_ns() - began) / count));
}

static pid_t run(char **argv)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	return child;
}

int main(int argc, char **argv)
{
	uint64_t began, count = 0;
	char *end = NULL;
	int status;
	pid_t child;

	if (argc > 2)
		mibs = strtoul(argv[1], &end, 10);
	if (argc < 3 || end == argv[1] || *end)
		errx(2, "usage: beside MIB COMMAND…");
	if (mibs) {
		prepare();
		for (began = now_ns(); now_ns() - began < ALONE_NS; count++)
			walk();
		print_walk("walk_alone", began, count);
	}
	fflush(stdout);

	count = 0;
	began = now_ns();
	child = run(argv + 2);
	if (mibs)
		for (; waitpid(child, &status, WNOHANG) == 0; count++)
			walk();
	else if (waitpid(child, &status, 0) != child)
		err(1, "waitpid");
	printf("took %llu\n", (unsigned long long)(now_ns() - began));
	if (mibs)
		print_walk("walk_beside", began, count);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
