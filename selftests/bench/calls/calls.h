/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memhp_calls: times the calls that the kernel makes into another module when memory goes online
 * and offline, where they are made. For test machines only.
 *
 *	chain.c		the callbacks at the two ends of the memory notifier chain
 *	probes.c	the handlers of the kretprobes on the device's operations, and what a
 *			kretprobe costs without them
 *
 *	insmod memhp_calls.ko
 *	modprobe memhp
 *	echo 1 >/sys/module/memhp_calls/parameters/close
 *	(online and offline memory)
 *	cat /sys/kernel/debug/memhp_calls
 *
 * What is loaded between the insmod and the echo has its calls between two of ours: some are
 * registered at the one, some at the other. The time between these two has a share of our own,
 * which is seen with nothing in between.
 *
 * The file has a line for each kind of call: its name, and nanoseconds for each time.
 */
#ifndef MEMHP_CALLS_H
#define MEMHP_CALLS_H

#include <linux/types.h>

/* Later ones are dropped. */
#define MEMHP_CALLS_MAX 256

/* The kernel runs one attempt at a time: a lock of its own is held around all that is timed. */
struct memhp_calls_times {
	unsigned int count;
	s64 ns[MEMHP_CALLS_MAX];
};

struct seq_file;

/* main.c */
void memhp_calls_add(struct memhp_calls_times *times, s64 ns);
/* A line, if there are any times. */
void memhp_calls_print(struct seq_file *m, const char *kind, const char *name,
		       const struct memhp_calls_times *times);

/* chain.c, probes.c: what is registered first, and what behind the module that is timed. */
int memhp_chain_init(void);
int memhp_chain_close(void);
void memhp_chain_exit(void);
void memhp_chain_show(struct seq_file *m);

int memhp_probes_init(void);
int memhp_probes_close(void);
void memhp_probes_exit(void);
void memhp_probes_show(struct seq_file *m);

#endif /* MEMHP_CALLS_H */
