// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kinds of operations, and how they are dealt out. Each request is noted with what was prepared
 * for it and what therefore must come of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth_load.h"

#define VETO "/sys/module/memhp_veto/parameters/veto"

struct targets targets;

static FILE *requests;
/* Who objects, and the module that does it. */
static pthread_mutex_t veto_lock = PTHREAD_MUTEX_INITIALIZER;
static bool veto_ahead;			/* veto_lock */

static void state_path(int block, char path[80])
{
	snprintf(path, 80, "/sys/devices/system/memory/memory%d/state", block);
}

static bool in_state(int block, const char *wanted)
{
	char path[80], state[16] = "";
	int fd;

	state_path(block, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, state, sizeof(state) - 1) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
	state[strcspn(state, "\n")] = '\0';
	return !strcmp(state, wanted);
}

static bool is_online(int block)
{
	return in_state(block, "online");
}

/* Returns 0 or an errno. */
static int write_state(int block, const char *want)
{
	char path[80];
	int fd, err = 0;

	state_path(block, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, want, strlen(want)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* plan: what has been prepared for the request; planned: the error that must come of it. */
static void note(uint64_t begin_ns, pid_t pid, int block, const char *want, const char *plan,
		 int planned, const char *err)
{
	fprintf(requests,
		"begin_ns=%llu end_ns=%llu pid=%d block=%d want=%s plan=%s planned=%d err=%s\n",
		(unsigned long long)begin_ns, (unsigned long long)now_ns(), pid, block, want, plan,
		planned, err);
}

static void request(const struct writer *self, int block, const char *want, const char *plan,
		    int planned)
{
	uint64_t begin_ns = now_ns();
	char err[12];

	snprintf(err, sizeof(err), "%d", write_state(block, want));
	note(begin_ns, self->tid, block, want, plan, planned, err);
}

static int any_of(struct writer *self, const struct blocks *blocks)
{
	return blocks->numbers[random_below(&self->random, blocks->count)];
}

/* What changes the state of the block; now and then what does not, which sysfs itself refuses. */
static const char *other_state(struct writer *self, int block, const char *online)
{
	bool change = random_below(&self->random, 10);

	return is_online(block) == change ? "offline" : online;
}

static void flip_movable(struct writer *self)
{
	int block = any_of(self, random_below(&self->random, 2) ? &targets.node0 : &targets.node1);

	request(self, block, other_state(self, block, "online_movable"), "none", 0);
}

static void flip_kernel(struct writer *self)
{
	static const char *const online[] = { "online", "online_kernel", "online_movable" };
	int block = any_of(self, &targets.kernel);

	request(self, block, other_state(self, block, online[random_below(&self->random, 3)]),
		"none", 0);
}

/* The answer to requests of this thread; veto_lock is held. */
static void set_veto(const struct writer *self, const char *action, const char *answer)
{
	FILE *file = fopen(VETO, "w");

	if (!file || fprintf(file, "%s %s %d\n", action, answer, self->tid) < 0 || fclose(file))
		die("%s: %s", VETO, strerror(errno));
}

static void objection(struct writer *self)
{
	static const int errors[] = { EBUSY, ENOMEM, EINVAL, EAGAIN, EPERM };
	int block = any_of(self, random_below(&self->random, 2) ? &targets.node0 : &targets.node1);
	int err = errors[random_below(&self->random, 5)];
	const char *action;
	char answer[12];
	bool online;

	snprintf(answer, sizeof(answer), "%d", err);
	pthread_mutex_lock(&veto_lock);
	online = is_online(block);
	action = online ? "MEM_GOING_OFFLINE" : "MEM_GOING_ONLINE";
	set_veto(self, action, err == EPERM ? "bad" : answer);
	request(self, block, online ? "offline" : "online_movable", veto_ahead ? "ahead" : "behind",
		err);
	set_veto(self, action, "0");
	pthread_mutex_unlock(&veto_lock);
}

/*
 * The end is kept from whoever is behind in the chain. On node 0 only, which keeps its memory: the
 * kernel's own listeners should not miss the end of a node.
 */
static void silence(struct writer *self)
{
	int block = any_of(self, &targets.node0);
	const char *action;
	bool online;

	pthread_mutex_lock(&veto_lock);
	online = is_online(block);
	action = online ? "MEM_OFFLINE" : "MEM_ONLINE";
	set_veto(self, action, "stop");
	request(self, block, online ? "offline" : "online_movable", "silent", 0);
	set_veto(self, action, "0");
	pthread_mutex_unlock(&veto_lock);
}

/*
 * An offline that cannot end is ended by a signal to its writer. That one may not get its turn for a
 * while; now and then it is killed before it does.
 */
static void interrupted(struct writer *self)
{
	int block = any_of(self, &targets.held), turns = 1000;
	int signal = random_below(&self->random, 2) ? SIGKILL : SIGTERM;
	char path[80];
	const char *const echo[] = { "sh", "-c", "echo offline >\"$0\"", path, NULL };
	uint64_t begin_ns = now_ns();
	pid_t pid;

	state_path(block, path);
	pid = spawn(echo);
	while (turns-- && !in_state(block, "going-offline"))
		sleep_ms(1);
	sleep_ms(10 + random_below(&self->random, 100));
	kill(pid, signal);
	waitpid(pid, NULL, 0);
	note(begin_ns, pid, block, "offline", "held", EINTR, "-");
}

static void refused(struct writer *self)
{
	request(self, any_of(self, &targets.node0), "sideways", "refused", EINVAL);
}

static void unmovable(struct writer *self)
{
	request(self, any_of(self, &targets.busy), "offline", "busy", EBUSY);
}

static void several_zones(struct writer *self)
{
	if (targets.zones.count)
		request(self, any_of(self, &targets.zones), "offline", "zones", EINVAL);
	else
		refused(self);
}

/* Of so many operations, and then of as many again, so many are of that kind. */
#define DECK 50

static const struct {
	void (*operate)(struct writer *self);
	int count;
} kinds[] = {
	{ flip_movable, 29 }, { flip_kernel, 4 }, { objection, 8 }, { silence, 3 },
	{ interrupted, 2 }, { unmovable, 2 }, { several_zones, 1 }, { refused, 1 },
};

static pthread_mutex_t deck_lock = PTHREAD_MUTEX_INITIALIZER;
static int deck[DECK];			/* deck_lock; index of kinds */
static uint64_t deck_random;		/* deck_lock */
static atomic_long taken;		/* of targets.operations; changed under deck_lock */

static void shuffle(void)
{
	int i, j, kind = 0, left = kinds[0].count;

	for (i = 0; i < DECK; i++) {
		for (; !left; left = kinds[kind].count)
			kind++;
		left--;
		j = random_below(&deck_random, i + 1);
		deck[i] = deck[j];
		deck[j] = kind;
	}
}

int deal(void)
{
	int kind = -1;

	pthread_mutex_lock(&deck_lock);
	if (taken < targets.operations) {
		if (taken % DECK == 0)
			shuffle();
		kind = deck[taken++ % DECK];
	}
	pthread_mutex_unlock(&deck_lock);
	return kind;
}

long dealt(void)
{
	return taken;
}

void operate(struct writer *writer, int kind)
{
	kinds[kind].operate(writer);
}

void operate_begin(uint64_t seed)
{
	requests = create("requests");
	deck_random = seed;
}

void operate_end(void)
{
	if (fclose(requests))
		die("requests: %s", strerror(errno));
}

void move_veto(bool ahead)
{
	const char *const rmmod[] = { "rmmod", "memhp_veto", NULL };
	const char *const insmod[] = { "insmod", targets.veto_ko,
				       ahead ? "priority=2147483647" : "priority=0", NULL };

	pthread_mutex_lock(&veto_lock);
	if (!access(VETO, F_OK))
		run(rmmod);
	run(insmod);
	veto_ahead = ahead;
	pthread_mutex_unlock(&veto_lock);
}
