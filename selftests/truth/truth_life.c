// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lives of the module. Each is read by two: one that keeps up, and one that falls behind on
 * purpose and must be told by how much.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memhp/abi.h>

#include "truth_load.h"

#define DEBUGFS "/sys/kernel/debug/" MEMHP_DEBUGFS_DIR "/"

static unsigned int life;		/* number of the present one, from 1 */
static unsigned int life_ring;
static uint64_t load_begin_ns, load_end_ns;
static FILE *lives;
static pthread_t readers[2];
/* In the history: of the reader that keeps up, of the other one, and always behind the newest. */
static int positions[3];
static int stop[2];			/* eventfds: readable when that reader is to end */

static int events_open(void)
{
	int fd = open(DEBUGFS "events", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("events: %s", strerror(errno));
	return fd;
}

/* Copies up to count records. */
static void events_copy(int fd, FILE *file, unsigned long count)
{
	char line[MEMHP_RECORD_MAX];
	ssize_t len;

	for (; count; count--) {
		len = read(fd, line, sizeof(line));
		if (len < 0 && errno == EAGAIN)
			return;
		if (len <= 0)
			die("events: %s", len ? strerror(errno) : "end of file");
		fwrite(line, 1, len, file);
	}
}

static void *read_at_once(void *unused)
{
	struct pollfd polls[2] = { { .fd = positions[0], .events = POLLIN },
				   { .fd = stop[0], .events = POLLIN } };
	/* Ahead of the writers: a short history must not overtake this reader. */
	const struct sched_param first = { .sched_priority = 1 };
	FILE *file = create("life-%u.fast", life);

	(void)unused;
	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &first))
		die("no real-time priority");
	while (!polls[1].revents) {
		if (poll(polls, 2, -1) < 0)
			die("poll: %s", strerror(errno));
		events_copy(polls[0].fd, file, -1UL);
	}
	/* The stop may have come between the last record and our look at it. */
	events_copy(polls[0].fd, file, -1UL);
	fclose(file);
	return NULL;
}

/* Reads a few records whenever so many have come that the history has lost some. */
static void *read_late(void *unused)
{
	struct pollfd poll_fd = { .fd = stop[1], .events = POLLIN };
	FILE *file = create("life-%u.slow", life);
	int fd = positions[1];
	off_t next, mine;

	(void)unused;
	while (!poll(&poll_fd, 1, 20)) {
		next = lseek(positions[2], 0, SEEK_END);
		mine = lseek(fd, 0, SEEK_CUR);
		if (next < 0 || mine < 0)
			die("events: %s", strerror(errno));
		if (next - mine > life_ring + life_ring / 4)
			events_copy(fd, file, life_ring / 4);
	}
	events_copy(fd, file, -1UL);
	fclose(file);
	return NULL;
}

static void load(void)
{
	const char *file = getenv("MEMHP_KO");
	char ring[32];
	const char *const modprobe[] = { "modprobe", "memhp", ring, NULL };
	const char *const insmod[] = { "insmod", file, ring, NULL };

	snprintf(ring, sizeof(ring), "ring=%u", life_ring);
	run(file ? insmod : modprobe);
}

void life_begin(unsigned int ring)
{
	void *(*const read_with[])(void *) = { read_at_once, read_late };
	int i;

	if (!lives)
		lives = create("lives");
	life++;
	life_ring = ring;
	load_begin_ns = now_ns();
	load();
	load_end_ns = now_ns();
	for (i = 0; i < 3; i++)
		positions[i] = events_open();
	for (i = 0; i < 2; i++) {
		stop[i] = eventfd(0, EFD_CLOEXEC);
		if (stop[i] < 0 || pthread_create(&readers[i], NULL, read_with[i], NULL))
			die("no readers");
	}
}

static void copy(const char *name)
{
	char path[64], buffer[4096];
	FILE *to = create("life-%u.%s", life, name);
	FILE *from;
	size_t len;

	snprintf(path, sizeof(path), DEBUGFS "%s", name);
	from = fopen(path, "r");
	if (!from)
		die("%s: %s", path, strerror(errno));
	while ((len = fread(buffer, 1, sizeof(buffer), from)))
		fwrite(buffer, 1, len, to);
	fclose(from);
	fclose(to);
}

void life_snapshot(void)
{
	copy("status");
	copy("blocks");
	copy("nodes");
	copy("latency");
}

void life_end(bool unload)
{
	const char *const rmmod[] = { "rmmod", "memhp", NULL };
	uint64_t watched_ns = now_ns(), unload_ns;
	int i;

	/* The one that keeps up is the last: it has read whatever the other one has. */
	for (i = 1; i >= 0; i--) {
		if (eventfd_write(stop[i], 1))
			die("eventfd: %s", strerror(errno));
		pthread_join(readers[i], NULL);
		close(stop[i]);
	}
	for (i = 0; i < 3; i++)
		close_last(positions[i]);
	if (unload)
		run(rmmod);
	unload_ns = now_ns();
	fprintf(lives,
		"life=%u ring=%u load_begin_ns=%llu load_end_ns=%llu watched_ns=%llu unload_ns=%llu\n",
		life, life_ring, (unsigned long long)load_begin_ns,
		(unsigned long long)load_end_ns, (unsigned long long)watched_ns,
		(unsigned long long)unload_ns);
	fflush(lives);
}
