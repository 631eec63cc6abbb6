// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times attempts on memory blocks, each from the write to its return.
 *
 *	attempts COUNT BLOCK		online as movable and offline again, in turns
 *	attempts COUNT BLOCK REFUSING	after each pair also an offline of a block of several zones,
 *					which the kernel refuses at once: the same way in and out,
 *					without the work
 *
 * Prints a line for each kind of attempt: its name, and nanoseconds for each.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

enum { ONLINE, OFFLINE, REFUSED, KINDS };

static const struct {
	const char *name;
	const char *state;
	int err;	/* what the write is to end with */
} kinds[KINDS] = {
	[ONLINE] = { "online", "online_movable", 0 },
	[OFFLINE] = { "offline", "offline", 0 },
	[REFUSED] = { "refused", "offline", EINVAL },
};

/* The first ones find cold caches; they are not counted. */
#define WARM_UP 3

static uint64_t attempt_ns(int fd, int kind)
{
	size_t size = strlen(kinds[kind].state);
	uint64_t begin = now_ns();
	int got = pwrite(fd, kinds[kind].state, size, 0) < 0 ? errno : 0;
	uint64_t end = now_ns();

	if (got != kinds[kind].err)
		errx(1, "%s: %s (wanted: %s)", kinds[kind].name, strerror(got),
		     strerror(kinds[kind].err));
	return end - begin;
}

static int open_state(const char *block)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%s/state", block);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

int main(int argc, char **argv)
{
	long count = argc == 3 || argc == 4 ? strtol(argv[1], NULL, 10) : 0;
	int n = argc == 4 ? KINDS : REFUSED;
	int fds[KINDS], kind;
	uint64_t *ns[KINDS];
	long i;

	if (count < 1 || count > 1000000)
		errx(2, "usage: attempts COUNT BLOCK [REFUSING]");
	for (kind = 0; kind < n; kind++) {
		fds[kind] = open_state(argv[kind == REFUSED ? 3 : 2]);
		ns[kind] = calloc((size_t)count, sizeof(*ns[kind]));
		if (!ns[kind])
			err(1, "%ld attempts", count);
	}
	for (i = -WARM_UP; i < count; i++) {
		for (kind = 0; kind < n; kind++) {
			uint64_t took = attempt_ns(fds[kind], kind);

			if (i >= 0)
				ns[kind][i] = took;
		}
	}
	for (kind = 0; kind < n; kind++) {
		fputs(kinds[kind].name, stdout);
		for (i = 0; i < count; i++)
			printf(" %llu", (unsigned long long)ns[kind][i]);
		putchar('\n');
	}
	return 0;
}
