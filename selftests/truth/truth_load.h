/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * truth_load: random operations on memory blocks, while the module comes and goes.
 *
 *	truth_load.c	options, writers, the course of events
 *	truth_request.c	the operations
 *	truth_life.c	the lives of the module: load, readers, snapshots, unload
 *	truth_util.c	what both use
 *
 * Everything it does is written down, one line of key=value fields each, below one directory, with
 * times of CLOCK_BOOTTIME. truth_compare.h says what the files hold.
 */
#ifndef TRUTH_LOAD_H
#define TRUTH_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define MAX_BLOCKS 64

struct blocks {
	int count;
	int numbers[MAX_BLOCKS];
};

/* What is operated on, and how often. */
struct targets {
	struct blocks node0, node1;	/* movable, of either node */
	struct blocks kernel;		/* of node 0, onlined to any zone */
	struct blocks held;		/* online, with a page that does not move */
	struct blocks busy;		/* of the boot, with pages that cannot move */
	struct blocks zones;		/* of the boot, in several zones; may be none */
	const char *veto_ko;		/* the module that objects */
	long operations;
};

struct writer {
	int number;
	pid_t tid;
	uint64_t random;
};

extern const char *truth_directory;
extern struct targets targets;

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
uint64_t now_ns(void);
/* A file of the directory, for writing. */
FILE *create(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The state of a stream of random numbers. */
uint64_t random_seed(uint64_t seed, unsigned int stream);
/* A number below n. */
unsigned int random_below(uint64_t *state, unsigned int n);
void sleep_ms(unsigned int ms);
/* Starts a command. */
pid_t spawn(const char *const argv[]);
/* Closes a file for good: no command that is just being started has it. */
void close_last(int fd);
/* Runs a command to its end; it must succeed. */
void run(const char *const argv[]);

/* The kind of the next operation, -1 when there are no more. */
int deal(void);
/* How many were dealt. */
long dealt(void);
/* Does one, and notes it. */
void operate(struct writer *writer, int kind);
void operate_begin(uint64_t seed);
void operate_end(void);
/*
 * Loads the module that objects anew. It is ahead of ours when it has the highest priority as well
 * and is there first: call it while ours is not loaded.
 */
void move_veto(bool ahead);

/* Loads the module with a history of that many records and reads it from then on. */
void life_begin(unsigned int ring);
/* Copies what the module shows beside its history. No operation may run meanwhile. */
void life_snapshot(void);
/* Reads the history to its end, and unloads the module unless it is to stay. */
void life_end(bool unload);

#endif /* TRUTH_LOAD_H */
