// SPDX-License-Identifier: GPL-2.0-only
/*
 * What both halves of truth_load use.
 */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "truth_load.h"

extern char **environ;

const char *truth_directory;

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "truth_load: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

FILE *create(const char *format, ...)
{
	char name[64], path[512];
	va_list arguments;
	FILE *file;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	snprintf(path, sizeof(path), "%s/%s", truth_directory, name);
	file = fopen(path, "we");
	if (!file)
		die("%s: %s", path, strerror(errno));
	return file;
}

/* Seeds of neighbours must not be neighbours. Never 0, where the generator would stay. */
uint64_t random_seed(uint64_t seed, unsigned int stream)
{
	return (seed + stream) * 0x9e3779b97f4a7c15ULL | 1;
}

/* xorshift64*: the same everywhere for the same seed. */
unsigned int random_below(uint64_t *state, unsigned int n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 0x2545f4914f6cdd1dULL >> 32) % n;
}

/* Held while a child has copies of our files: from its beginning to its exec. */
static pthread_mutex_t spawn_lock = PTHREAD_MUTEX_INITIALIZER;

pid_t spawn(const char *const argv[])
{
	pid_t pid;
	int err;

	pthread_mutex_lock(&spawn_lock);
	err = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);
	pthread_mutex_unlock(&spawn_lock);
	if (err)
		die("%s: %s", argv[0], strerror(err));
	return pid;
}

void close_last(int fd)
{
	pthread_mutex_lock(&spawn_lock);
	close(fd);
	pthread_mutex_unlock(&spawn_lock);
}

void run(const char *const argv[])
{
	int status;

	if (waitpid(spawn(argv), &status, 0) < 0 || status)
		die("%s %s failed", argv[0], argv[1]);
}

void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}
