// SPDX-License-Identifier: GPL-2.0-only
/*
 * A crowd of clients of a socket that do nothing: each sends the beginning of a message, and waits.
 *
 * usage: crowd PATH COUNT BYTES
 *
 * Sends BYTES of each, all that the socket takes. When every one of them has been answered or kept
 * waiting for half a second after the last answer, prints "waiting=N refused=M" and waits until it is
 * killed. Exit status 1: it cannot connect; 2: usage.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define QUIET_MS 500

static void die(const char *what)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(address.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(path);
	return fd;
}

int main(int argc, char **argv)
{
	int count = argc == 4 ? atoi(argv[2]) : 0;
	size_t bytes = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	int refused = 0;
	struct pollfd *clients;
	char *message;

	if (count <= 0 || bytes == 0) {
		fprintf(stderr, "usage: crowd PATH COUNT BYTES\n");
		return 2;
	}
	clients = calloc(count, sizeof(*clients));
	message = malloc(bytes);
	if (!clients || !message)
		die("memory");
	memset(message, 'x', bytes);
	for (int i = 0; i < count; i++) {
		clients[i].fd = connect_to(argv[1]);
		clients[i].events = POLLIN;
		/* A server that refuses it may be quicker. */
		send(clients[i].fd, message, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	while (poll(clients, count, QUIET_MS) > 0) {
		for (int i = 0; i < count; i++) {
			if (!clients[i].revents)
				continue;
			close(clients[i].fd);
			clients[i].fd = -1;
			refused++;
		}
	}
	printf("waiting=%d refused=%d\n", count - refused, refused);
	fflush(stdout);
	for (;;)
		pause();
}
