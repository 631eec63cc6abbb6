// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command to its end without its output, and prints how many ns that took.
 * usage: timed COMMAND ARGUMENT...
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	const long long start = now();
	int status;
	pid_t pid;

	if (argc < 2)
		errx(2, "usage: timed COMMAND ARGUMENT...");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		const int null = open("/dev/null", O_WRONLY);

		if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
			err(1, "/dev/null");
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(1, "%s failed", argv[1]);
	printf("%lld\n", now() - start);
	return 0;
}
