// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file "events" as a file: one record a read, blocking or not, poll, positions, small buffers.
 * The environment variable MEMHP_TEST_BLOCK names an offline block whose state may be switched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memhp/abi.h>

#include "kselftest_harness.h"

#define EVENTS "/sys/kernel/debug/" MEMHP_DEBUGFS_DIR "/events"

/* Writes to the state of the block. Returns 0 or an errno. */
static int switch_block(const char *state)
{
	const char *block = getenv("MEMHP_TEST_BLOCK");
	char path[96];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%s/state",
		 block ? block : "-none");
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return errno;
	if (write(fd, state, strlen(state)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* Number of a record, 0 when it has none. */
static uint64_t seq_of(const char *line)
{
	uint64_t seq;

	return sscanf(line, "seq=%" SCNu64 " ", &seq) == 1 ? seq : 0;
}

/* One read, as a string. Returns its length or -errno. */
static ssize_t read_line(int fd, char line[MEMHP_RECORD_MAX + 1])
{
	ssize_t len = read(fd, line, MEMHP_RECORD_MAX);

	if (len < 0)
		return -errno;
	line[len] = '\0';
	return len;
}

/* Waits until the task is asleep; false when it is not within 10 s. */
static bool wait_asleep(pid_t pid, pid_t tid)
{
	char path[64], state;
	FILE *file;
	int turn;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	for (turn = 0; turn < 1000; turn++) {
		file = fopen(path, "r");
		if (!file)
			return false;
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		fclose(file);
		if (state == 'S')
			return true;
		usleep(10000);
	}
	return false;
}

FIXTURE(events)
{
	int fd;
	char line[MEMHP_RECORD_MAX + 1];
};

/* Every test begins with a history of two records or more, the block being offline. */
FIXTURE_SETUP(events)
{
	ASSERT_EQ(0, switch_block("online_movable"));
	ASSERT_EQ(0, switch_block("offline"));
	self->fd = open(EVENTS, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(events)
{
	close(self->fd);
	switch_block("offline");
}

static void set_blocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

TEST_F(events, a_read_is_one_record)
{
	uint64_t seq, last = 0;
	int records = 0;
	ssize_t len;

	while ((len = read_line(self->fd, self->line)) > 0) {
		ASSERT_EQ('\n', self->line[len - 1]);
		ASSERT_EQ(self->line + len - 1, strchr(self->line, '\n'));
		seq = seq_of(self->line);
		if (last)
			ASSERT_EQ(last + 1, seq);
		last = seq;
		records++;
	}
	ASSERT_EQ(-EAGAIN, len);
	ASSERT_LE(4, records);
}

TEST_F(events, a_record_has_the_keys_of_the_abi)
{
	static const char *const keys[] = {
		"seq", "boot_ns", "event", "block", "addr", "size", "nid", "zone", "node_change",
		"dur_us", "stage", "err", "pid", "comm", "work",
	};
	char *field, *value, *rest = NULL;
	size_t i = 0;

	ASSERT_LT(0, read_line(self->fd, self->line));
	for (field = strtok_r(self->line, " \n", &rest); field && i < ARRAY_SIZE(keys);
	     field = strtok_r(NULL, " \n", &rest), i++) {
		value = strchr(field, '=');
		ASSERT_NE(NULL, value);
		*value++ = '\0';
		EXPECT_STREQ(keys[i], field);
		EXPECT_NE('\0', *value);
	}
	EXPECT_EQ(ARRAY_SIZE(keys), i);
}

TEST_F(events, a_name_with_blanks_is_escaped)
{
	char *comm;

	ASSERT_LT(0, lseek(self->fd, 0, SEEK_END));
	ASSERT_EQ(0, pthread_setname_np(pthread_self(), "a b\\c\xff"));
	ASSERT_EQ(0, switch_block("online_movable"));
	ASSERT_LT(0, read_line(self->fd, self->line));
	comm = strstr(self->line, " comm=");
	ASSERT_NE(NULL, comm);
	comm[strcspn(comm + 1, " \n") + 1] = '\0';
	EXPECT_STREQ(" comm=a\\x20b\\x5cc\\xff", comm);
}

TEST_F(events, a_small_buffer_is_refused_and_loses_nothing)
{
	char small[16];
	uint64_t seq;

	seq = lseek(self->fd, 0, SEEK_CUR);
	ASSERT_LT(0, seq);
	ASSERT_EQ(-1, read(self->fd, small, sizeof(small)));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_LT(0, read_line(self->fd, self->line));
	ASSERT_EQ(seq, seq_of(self->line));
}

TEST_F(events, a_bad_buffer_loses_nothing)
{
	uint64_t seq = lseek(self->fd, 0, SEEK_CUR);
	void *bad = mmap(NULL, MEMHP_RECORD_MAX, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, bad);
	ASSERT_EQ(-1, read(self->fd, bad, MEMHP_RECORD_MAX));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_LT(0, read_line(self->fd, self->line));
	ASSERT_EQ(seq, seq_of(self->line));
}

TEST_F(events, every_open_has_its_own_position)
{
	int other = open(EVENTS, O_RDONLY | O_NONBLOCK);
	uint64_t seq;

	ASSERT_LE(0, other);
	ASSERT_LT(0, read_line(self->fd, self->line));
	seq = seq_of(self->line);
	ASSERT_LT(0, read_line(self->fd, self->line));
	ASSERT_LT(0, read_line(other, self->line));
	EXPECT_EQ(seq, seq_of(self->line));
	close(other);
}

TEST_F(events, poll_says_whether_there_is_a_record)
{
	struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };

	ASSERT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLIN, poll_fd.revents);
	ASSERT_LT(0, lseek(self->fd, 0, SEEK_END));
	ASSERT_EQ(0, poll(&poll_fd, 1, 0));
	ASSERT_EQ(0, switch_block("online_movable"));
	ASSERT_EQ(1, poll(&poll_fd, 1, 0));
	EXPECT_EQ(POLLIN, poll_fd.revents);
}

TEST_F(events, a_record_wakes_poll)
{
	struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };
	pid_t child;
	int status;

	ASSERT_LT(0, lseek(self->fd, 0, SEEK_END));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(poll(&poll_fd, 1, -1) == 1 && poll_fd.revents == POLLIN ? 0 : 1);
	}
	ASSERT_TRUE(wait_asleep(child, child));
	ASSERT_EQ(0, switch_block("online_movable"));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(events, a_record_wakes_a_read)
{
	uint64_t next = lseek(self->fd, 0, SEEK_END);
	struct pollfd poll_fd = { .events = POLLIN };
	pid_t child;
	ssize_t len;
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	set_blocking(self->fd);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		len = read_line(self->fd, self->line);
		if (len > 0)
			len = write(pipes[1], self->line, len);
		_exit(len > 0 ? 0 : 1);
	}
	ASSERT_TRUE(wait_asleep(child, child));
	poll_fd.fd = pipes[0];
	ASSERT_EQ(0, poll(&poll_fd, 1, 0));
	ASSERT_EQ(0, switch_block("online_movable"));
	ASSERT_EQ(1, poll(&poll_fd, 1, 10000));
	ASSERT_LT(0, read_line(pipes[0], self->line));
	EXPECT_EQ(next, seq_of(self->line));
	EXPECT_NE(NULL, strstr(self->line, " event=going_online "));
	waitpid(child, NULL, 0);
}

static void no_action(int number)
{
	(void)number;
}

struct blocked_read {
	int fd;
	pid_t tid;
	ssize_t result;
	char line[MEMHP_RECORD_MAX + 1];
};

static void *read_in_thread(void *data)
{
	struct blocked_read *blocked = data;

	__atomic_store_n(&blocked->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	blocked->result = read_line(blocked->fd, blocked->line);
	return NULL;
}

static pid_t start_read(struct blocked_read *blocked, pthread_t *thread)
{
	pid_t tid;

	if (pthread_create(thread, NULL, read_in_thread, blocked))
		return -1;
	while (!(tid = __atomic_load_n(&blocked->tid, __ATOMIC_ACQUIRE)))
		usleep(1000);
	return wait_asleep(getpid(), tid) ? tid : -1;
}

TEST_F(events, a_signal_ends_a_read)
{
	struct blocked_read blocked = { .fd = self->fd };
	struct sigaction action = { .sa_handler = no_action };
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_LT(0, lseek(self->fd, 0, SEEK_END));
	set_blocking(self->fd);
	ASSERT_LT(0, start_read(&blocked, &thread));
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	EXPECT_EQ(-EINTR, blocked.result);
}

TEST_F(events, a_waiting_read_does_not_lock_the_file)
{
	struct blocked_read blocked = { .fd = self->fd };
	pthread_t thread;
	uint64_t next;

	next = lseek(self->fd, 0, SEEK_END);
	set_blocking(self->fd);
	ASSERT_LT(0, start_read(&blocked, &thread));
	EXPECT_EQ(next, lseek(self->fd, 0, SEEK_CUR));
	ASSERT_EQ(0, switch_block("online_movable"));
	pthread_join(thread, NULL);
	EXPECT_LT(0, blocked.result);
	EXPECT_EQ(next, seq_of(blocked.line));
}

TEST_F(events, a_position_is_a_sequence_number)
{
	uint64_t oldest, next;

	oldest = lseek(self->fd, 0, SEEK_CUR);
	next = lseek(self->fd, 0, SEEK_END);
	ASSERT_LE(oldest + 4, next);
	EXPECT_EQ(-EAGAIN, read_line(self->fd, self->line));

	EXPECT_EQ(next - 2, lseek(self->fd, next - 2, SEEK_SET));
	ASSERT_LT(0, read_line(self->fd, self->line));
	EXPECT_EQ(next - 2, seq_of(self->line));
	EXPECT_EQ(next - 1, lseek(self->fd, 0, SEEK_CUR));

	EXPECT_EQ(oldest, lseek(self->fd, 0, SEEK_SET));
	ASSERT_LT(0, read_line(self->fd, self->line));
	EXPECT_EQ(oldest, seq_of(self->line));

	EXPECT_EQ(next, lseek(self->fd, next, SEEK_SET));
	EXPECT_EQ(-EAGAIN, read_line(self->fd, self->line));
}

TEST_F(events, a_position_out_of_range_is_refused)
{
	uint64_t next = lseek(self->fd, 0, SEEK_END);
	uint64_t oldest = lseek(self->fd, 0, SEEK_SET);

	EXPECT_EQ(-1, lseek(self->fd, next + 1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, -1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, -1, SEEK_END));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, 1, SEEK_CUR));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(oldest, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(events, files_are_for_root_to_read)
{
	EXPECT_EQ(-1, write(self->fd, "x", 1));
	EXPECT_EQ(EBADF, errno);
}

TEST_HARNESS_MAIN
