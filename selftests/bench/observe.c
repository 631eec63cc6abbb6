// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command that plugs memory in, and sees by the kernel's uevents when each block came and when it got
 * online.
 *
 *	observe COUNT COMMAND…	ends when COUNT blocks have come and are all online
 *
 * Prints a line for each, in nanoseconds:
 *
 *	from_add	from the start of the command to the last block online
 *	first_to_last	from the first block online to the last
 *	not_online	how long blocks were there and not online, summed over all
 *	adding		from the first block that came to the last
 *
 * It runs ahead of all others, so an event is seen when it is sent, and sleeps in between.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#define MAX_BLOCKS (1 << 16)
#define BUFFER_BYTES (256 << 20)
/* With none for so long something is wrong. */
#define QUIET_MS (300 * 1000)

/* Of each block that came, since the command began; 0: not yet. */
static uint64_t came_ns[MAX_BLOCKS];
static uint64_t online_ns[MAX_BLOCKS];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int listen_to_kernel(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int size = BUFFER_BYTES;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 ||
	    bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		err(1, "kernel uevents");
	return fd;
}

static pid_t run(char **argv)
{
	pid_t child = fork();

	if (child < 0)
		err(1, "fork");
	if (child == 0) {
		struct sched_param normal = { 0 };

		sched_setscheduler(0, SCHED_OTHER, &normal);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	return child;
}

/* "add@/devices/system/memory/memory32", and variables behind it. */
static int parse(const char *event, const char *action, uint64_t *block)
{
	static const char path[] = "@/devices/system/memory/memory";
	size_t size = strlen(action);
	char *end;

	if (strncmp(event, action, size) || strncmp(event + size, path, sizeof(path) - 1))
		return 0;
	*block = strtoull(event + size + sizeof(path) - 1, &end, 10);
	return !*end && *block < MAX_BLOCKS;
}

static void observe(int fd, uint64_t begin, unsigned long count)
{
	unsigned long came = 0, online = 0;
	char event[8192];

	while (came < count || online < count) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		uint64_t block, now;
		ssize_t got;

		if (poll(&ready, 1, QUIET_MS) == 0)
			errx(1, "%lu of %lu blocks came, %lu are online, and no more", came, count,
			     online);
		got = recv(fd, event, sizeof(event) - 1, MSG_DONTWAIT);
		now = now_ns() - begin;
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got < 0)
			err(1, "kernel uevents");
		event[got] = '\0';
		if (parse(event, "add", &block) && !came_ns[block]) {
			came_ns[block] = now;
			came++;
		} else if (parse(event, "online", &block) && came_ns[block] && !online_ns[block]) {
			online_ns[block] = now;
			online++;
		}
	}
}

static void report(void)
{
	uint64_t first_came = UINT64_MAX, last_came = 0;
	uint64_t first = UINT64_MAX, last = 0, not_online = 0;
	unsigned long block;

	for (block = 0; block < MAX_BLOCKS; block++) {
		uint64_t came = came_ns[block], online = online_ns[block];

		if (!came)
			continue;
		first_came = came < first_came ? came : first_came;
		last_came = came > last_came ? came : last_came;
		first = online < first ? online : first;
		last = online > last ? online : last;
		not_online += online - came;
	}
	printf("from_add %llu\nfirst_to_last %llu\nnot_online %llu\nadding %llu\n",
	       (unsigned long long)last, (unsigned long long)(last - first),
	       (unsigned long long)not_online, (unsigned long long)(last_came - first_came));
}

int main(int argc, char **argv)
{
	struct sched_param first = { .sched_priority = 50 };
	unsigned long count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t begin;
	pid_t child;
	int fd, status;

	if (count < 1 || count > MAX_BLOCKS)
		errx(2, "usage: observe COUNT COMMAND…");
	fd = listen_to_kernel();
	if (sched_setscheduler(0, SCHED_FIFO, &first) < 0 || mlockall(MCL_CURRENT) < 0)
		err(1, "running ahead of all others");
	begin = now_ns();
	child = run(argv + 2);
	observe(fd, begin, count);
	if (waitpid(child, &status, 0) != child || status)
		errx(1, "%s failed", argv[2]);
	report();
	return 0;
}
