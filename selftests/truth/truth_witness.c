// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes down the kernel's uevents of memory blocks that went online or offline, one line each,
 * until SIGTERM, and then whether it got all of them.
 *
 * usage: truth_witness FILE
 */
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define KERNEL_GROUP 1
#define BUFFER (64 << 20)

static void die(const char *what)
{
	fprintf(stderr, "truth_witness: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_to_kernel(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	int size = BUFFER;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("uevents");
	return fd;
}

/* "ACTION@/devices/system/memory/memoryN", then strings KEY=VALUE. */
static void note(FILE *file, const char *message, size_t len)
{
	unsigned long long seqnum = 0;
	char action[16];
	const char *key;
	unsigned int block;

	if (sscanf(message, "%15[a-z]@/devices/system/memory/memory%u", action, &block) != 2 ||
	    (strcmp(action, "online") && strcmp(action, "offline")))
		return;
	for (key = message; key < message + len; key += strlen(key) + 1)
		if (sscanf(key, "SEQNUM=%llu", &seqnum) == 1)
			break;
	fprintf(file, "seqnum=%llu action=%s block=%u\n", seqnum, action, block);
}

int main(int argc, char **argv)
{
	struct pollfd polls[2] = { { .events = POLLIN }, { .events = POLLIN } };
	unsigned long lost = 0;
	char message[8192];
	sigset_t signals;
	ssize_t len;
	FILE *file;

	if (argc != 2) {
		fprintf(stderr, "usage: truth_witness FILE\n");
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	polls[0].fd = listen_to_kernel();
	polls[1].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	file = fopen(argv[1], "we");
	if (!file || polls[1].fd < 0)
		die(argv[1]);
	printf("listening\n");
	fflush(stdout);

	/* Each uevent is queued before the operation returns, so at the signal all are there. */
	for (;;) {
		len = recv(polls[0].fd, message, sizeof(message) - 1, MSG_DONTWAIT);
		if (len >= 0) {
			message[len] = '\0';
			note(file, message, len);
		} else if (errno == ENOBUFS) {
			lost++;
		} else if (errno != EAGAIN) {
			die("uevents");
		} else if (polls[1].revents) {
			break;
		} else if (poll(polls, 2, -1) < 0) {
			die("poll");
		}
	}
	fprintf(file, "lost=%lu\n", lost);
	return fclose(file) ? 1 : 0;
}
