// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the tree of a machine of 16 TiB below a directory: 131072 memory blocks of 128 MiB on one
 * node, a directory each as the kernel has them. A quarter is boot memory, the rest DIMMs of 8192
 * blocks, the last of them offline. Files of equal content are one file with many names.
 * usage: machine DIRECTORY
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCKS = 131072, BOOT = BLOCKS / 4, DIMM = 8192 };

#define MEMORY "sys/devices/system/memory"
#define NODE   "sys/devices/system/node/node0"

static void make_directories(const char *path)
{
	char part[256];
	const char *at = path;

	while ((at = strchr(at + 1, '/'))) {
		snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		mkdir(part, 0755);
	}
	if (mkdir(path, 0755))
		err(1, "%s", path);
}

static void make_file(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(content, file) == EOF || fclose(file))
		err(1, "%s", path);
}

static void name_file(const char *kind, int directory, const char *name)
{
	if (linkat(AT_FDCWD, kind, directory, name, 0))
		err(1, "%s", name);
}

static void name_target(const char *target, int directory, const char *name)
{
	if (symlinkat(target, directory, name))
		err(1, "%s", name);
}

static void make_block(int number, int memory, int node)
{
	const int boot = number < BOOT, offline = number >= BLOCKS - DIMM;
	char name[32], target[64];
	int block;

	snprintf(name, sizeof(name), "memory%d", number);
	if (mkdirat(memory, name, 0755))
		err(1, "%s", name);
	block = openat(memory, name, O_PATH | O_DIRECTORY);
	if (block < 0)
		err(1, "%s", name);
	name_file(offline ? "kinds/offline" : "kinds/online", block, "state");
	name_file(boot ? "kinds/Normal" : offline ? "kinds/both" : "kinds/Movable", block,
		  "valid_zones");
	name_file("kinds/1", block, "removable");
	name_target("../../node/node0", block, "node0");
	if (!boot) {
		snprintf(target, sizeof(target), "../../../LNXSYSTM:00/LNXSYBUS:00/PNP0C80:%02x",
			 (number - BOOT) / DIMM);
		name_target(target, block, "firmware_node");
	}
	close(block);
	snprintf(target, sizeof(target), "../../memory/%s", name);
	name_target(target, node, name);
}

int main(int argc, char **argv)
{
	int memory, node;

	if (argc != 2)
		errx(2, "usage: machine DIRECTORY");
	if (chdir(argv[1]))
		err(1, "%s", argv[1]);
	make_directories(MEMORY);
	make_directories(NODE);
	make_directories("kinds");
	make_file(MEMORY "/block_size_bytes", "8000000\n");
	make_file("kinds/online", "online\n");
	make_file("kinds/offline", "offline\n");
	make_file("kinds/Normal", "Normal\n");
	make_file("kinds/Movable", "Movable\n");
	make_file("kinds/both", "Movable Normal\n");
	make_file("kinds/1", "1\n");
	memory = open(MEMORY, O_PATH | O_DIRECTORY);
	node = open(NODE, O_PATH | O_DIRECTORY);
	if (memory < 0 || node < 0)
		err(1, MEMORY);
	for (int number = 0; number < BLOCKS; ++number)
		make_block(number, memory, node);
	return 0;
}
