// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on memory blocks by several writers at once, while the module is loaded and
 * unloaded. The same seed makes the same requests, in about the same order.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "truth_load.h"

#define WRITERS 3
/*
 * So many operations of each writer while the module comes or goes: nobody can say of these whether
 * they are recorded.
 */
#define PASSING 2

/* Read: an operation runs. Written: none does. */
static pthread_rwlock_t running;
static atomic_bool changing;		/* the module comes or goes */

static void *write_all(void *data)
{
	struct writer *self = data;
	int kind, passing = 0;
	char name[16];

	snprintf(name, sizeof(name), "writer%d", self->number);
	prctl(PR_SET_NAME, name);
	self->tid = syscall(SYS_gettid);
	while ((kind = deal()) >= 0) {
		pthread_rwlock_rdlock(&running);
		operate(self, kind);
		pthread_rwlock_unlock(&running);
		passing = changing ? passing + 1 : 0;
		if (passing < PASSING)
			continue;
		while (changing)
			sleep_ms(1);
		passing = 0;
	}
	return NULL;
}

static void lives(uint64_t *random)
{
	const unsigned int rings[] = { 32, 8192 };
	unsigned int turn;
	long until = 0;

	for (turn = 0;; turn++) {
		changing = true;
		life_begin(rings[turn / 2 % 2]);
		changing = false;
		until += 60 + random_below(random, 60);
		while (dealt() < until && dealt() < targets.operations)
			sleep_ms(5);
		if (dealt() == targets.operations)
			return;
		pthread_rwlock_wrlock(&running);
		life_snapshot();
		pthread_rwlock_unlock(&running);
		sleep_ms(random_below(random, 100));
		changing = true;
		life_end(true);
		move_veto(turn % 2 == 0);
		changing = false;
		sleep_ms(random_below(random, 100));
	}
}

static void parse_blocks(struct blocks *blocks, char *text)
{
	char *word, *end, *rest = NULL;

	for (word = strtok_r(text, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
		if (blocks->count == MAX_BLOCKS)
			die("more than %d blocks", MAX_BLOCKS);
		blocks->numbers[blocks->count++] = strtoul(word, &end, 10);
		if (*end)
			die("'%s' is no number of a block", word);
	}
}

static void parse(int argc, char **argv, uint64_t *seed)
{
	static const struct option options[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 's' },
		{ "operations", required_argument, NULL, 'n' },
		{ "veto", required_argument, NULL, 'v' },
		{ "node0", required_argument, NULL, '0' },
		{ "node1", required_argument, NULL, '1' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "held", required_argument, NULL, 'h' },
		{ "busy", required_argument, NULL, 'b' },
		{ "zones", required_argument, NULL, 'z' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'd':
			truth_directory = optarg;
			break;
		case 's':
			*seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			targets.operations = strtol(optarg, NULL, 10);
			break;
		case 'v':
			targets.veto_ko = optarg;
			break;
		case '0':
			parse_blocks(&targets.node0, optarg);
			break;
		case '1':
			parse_blocks(&targets.node1, optarg);
			break;
		case 'k':
			parse_blocks(&targets.kernel, optarg);
			break;
		case 'h':
			parse_blocks(&targets.held, optarg);
			break;
		case 'b':
			parse_blocks(&targets.busy, optarg);
			break;
		case 'z':
			parse_blocks(&targets.zones, optarg);
			break;
		default:
			exit(2);
		}
	}
	if (!truth_directory || !*seed || targets.operations <= 0 || !targets.veto_ko ||
	    !targets.node0.count || !targets.node1.count || !targets.kernel.count ||
	    !targets.held.count || !targets.busy.count) {
		fprintf(stderr,
			"usage: truth_load --directory DIR --seed N --operations N --veto KO\n"
			"	--node0 BLOCKS --node1 BLOCKS --kernel BLOCKS --held BLOCKS\n"
			"	--busy BLOCKS [--zones BLOCKS]\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct writer writers[WRITERS];
	pthread_t threads[WRITERS];
	pthread_rwlockattr_t fair;
	uint64_t seed = 0;
	int i;

	parse(argc, argv, &seed);
	/* Or the writers would never let a snapshot be taken. */
	pthread_rwlockattr_init(&fair);
	pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&running, &fair);
	operate_begin(random_seed(seed, WRITERS));
	move_veto(false);
	for (i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .number = i, .random = random_seed(seed, i) };
		if (pthread_create(&threads[i], NULL, write_all, &writers[i]))
			die("no writers");
	}
	seed = random_seed(seed, WRITERS + 1);
	lives(&seed);
	for (i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	life_snapshot();
	life_end(false);
	operate_end();
	return 0;
}
