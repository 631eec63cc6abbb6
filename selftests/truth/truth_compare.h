/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * truth_compare: what the module recorded, against what others saw.
 *
 *	truth_compare.c	the properties, and what came of each
 *	truth_read.c	reads the files
 *	truth_match.c	attempts against requests, records and uevents, one by one
 *	truth_count.c	counters against sums of records
 *
 * The files, all in one directory:
 *
 *	trace		kprobe events at begin and end of memory_subsys_online() and …_offline()
 *	requests	what truth_load asked for, with what result
 *	uevents		of truth_witness
 *	before, after	state and node of each block, from sysfs
 *	lives		when the module was loaded, read for the last time, and unloaded
 *	life-N.fast	the history as the reader saw it that kept up; life-N.slow: the other one
 *	life-N.status, blocks, nodes, latency	the module's other files at one moment of that life
 */
#ifndef TRUTH_COMPARE_H
#define TRUTH_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_LIVES 256
/* The trace has microseconds, rounded. */
#define ROUNDING_NS 1000

#define PROPERTIES(X)                                                                    \
	X(TRACE, "the trace: every attempt has a begin and an end")                      \
	X(REQUESTS, "every attempt was asked for, and its result was given")             \
	X(ENDS, "every attempt has exactly one end in the history")                      \
	X(STRANGERS, "every record is of an attempt")                                    \
	X(PLACES, "block, node and direction of the records")                            \
	X(ERRORS, "errors of the records")                                               \
	X(ASKERS, "requesters of the records")                                           \
	X(ORDER, "order of the records")                                                 \
	X(DURATIONS, "durations of the records")                                         \
	X(PLANS, "stages and errors that were prepared")                                 \
	X(STAGES, "stages that the other records prove")                                 \
	X(CHANGES, "first and last memory of a node")                                    \
	X(UEVENTS, "every success has exactly one uevent, in the same order")            \
	X(NUMBERS, "numbers of the records have no gap")                                 \
	X(LOST, "the reader that falls behind is told what it lost")                     \
	X(STATUS, "counters of status")                                                  \
	X(BLOCKS, "counters and last failures of blocks")                                \
	X(NODES, "counters of nodes")                                                    \
	X(LATENCY, "counts and durations of latency")                                    \
	X(FINAL, "states at the end")                                                    \
	X(VARIETY, "everything has happened")

#define PROPERTY_ID(id, text) PROPERTY_##id,
enum property { PROPERTIES(PROPERTY_ID) PROPERTY_COUNT };
#undef PROPERTY_ID

/* One of the lives of the module, with its records. */
struct life {
	int number;
	uint64_t load_begin_ns, load_end_ns;
	uint64_t watched_ns;		/* what ended before is in the files */
	uint64_t unload_ns;
	struct record *records;
	size_t count;
};

struct request {
	uint64_t begin_ns, end_ns;
	int pid, block;
	bool online;			/* asked for, in any zone */
	char plan[12];
	int planned;			/* errno that must come of the plan */
	int err;			/* that the writer got; negative: it was killed */
	bool attempted;
};

/* Where an attempt lies in the lives of the module. */
enum watch {
	UNWATCHED,			/* there was no module */
	EXEMPT,				/* in flight while it came or went */
	WATCHED,
};

struct attempt {
	uint64_t begin_ns, end_ns;	/* end 0: has none */
	bool online;
	int block, pid, err;
	char comm[64];
	enum watch watch;
	const char *change;		/* what it did to its node: as node_change */
	const struct request *request;
	/* Records of the life that is looked at. */
	int ends;
	bool going, changed;
	struct record *cancel, *end;
};

struct record {
	char *line;
	uint64_t seq, boot_ns;
	bool online;			/* direction */
	bool terminal;
	bool last;			/* terminal, or a cancel of which the module saw no more */
	int block, nid, pid;
	int err;			/* negative: not known */
	int64_t dur_us;			/* negative: not known */
	uint64_t lost;			/* of "lost", which has nothing else */
	char event[16], stage[12], change[16], comm[64];
};

struct uevent {
	uint64_t seqnum;
	int block;
	bool online;
};

struct block {
	int number, node;
	bool online;
};

struct logs {
	const char *directory;
	struct attempt *attempts;	/* in order of begin */
	size_t attempt_count;
	struct request *requests;
	size_t request_count;
	struct uevent *uevents;		/* in order of number */
	size_t uevent_count;
	uint64_t uevents_lost;
	struct block *before, *after;
	size_t before_count, after_count;
	struct life lives[MAX_LIVES];
	size_t life_count;
};

/* truth_compare.c */
/* Notes a difference; the first ones of a property are printed. */
void differ(enum property property, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* truth_read.c */
void read_logs(struct logs *logs);
/*
 * The lines of a file of the directory, NULL behind the last one. The program ends when there is no
 * such file.
 */
char **read_lines(const struct logs *logs, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Value of a key of a line, "" when it has none. */
void field(const char *line, const char *key, char *value, size_t size);
/* The same as a number, -1 when it is none. */
int64_t number(const char *line, const char *key);
void parse_record(struct record *record, char *line);

/* truth_match.c */
void match_requests(struct logs *logs);
void match_uevents(struct logs *logs);
void match_life(struct logs *logs, struct life *life);
/* Follows the states of the blocks through all attempts. */
void match_states(struct logs *logs);

/* truth_count.c */
void count_life(const struct logs *logs, const struct life *life);

#endif /* TRUTH_COMPARE_H */
