// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a state to memory blocks, one after the other in the order given, and does nothing else:
 * what the kernel itself takes for them. Numbers of blocks come on the standard input. usage:
 * writes STATE
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long long block;
	char path[80];

	if (argc != 2)
		errx(2, "usage: writes STATE");
	while (scanf("%llu", &block) == 1) {
		const size_t size = strlen(argv[1]);
		int fd;

		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state", block);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, argv[1], size) != (ssize_t)size)
			err(1, "%s", path);
		close(fd);
	}
	return 0;
}
