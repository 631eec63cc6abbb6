/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memhp: a record of every attempt to bring memory online or offline.
 *
 *	notify.c	hears the memory and node notifier chains, says what happened
 *	state.c		what is known of blocks and nodes, and of the operation that runs
 *	ring.c		the history
 *	debugfs.c	all of it as text
 *
 * One lock, memhp_lock, guards what state.c and ring.c hold. Both are called from notifiers, that
 * is, with the kernel's hotplug lock held: the callees may sleep for memory before they take
 * memhp_lock, and never fail an operation.
 */
#ifndef MEMHP_H
#define MEMHP_H

#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <memhp/abi.h>

#define MEMHP_WORK_LEN 40
#define MEMHP_NO_DURATION U64_MAX
#define MEMHP_ERR_UNKNOWN (-1)

/* Who asked for an operation. */
struct memhp_who {
	pid_t pid;
	char comm[TASK_COMM_LEN];
	char work[MEMHP_WORK_LEN];	/* work function of a kernel worker, else empty */
};

/* A record of the ring. A value that is not known: nid < 0, zone NULL, see above for others. */
struct memhp_event {
	u64 seq;
	u64 boot_ns;
	u64 block;
	u64 addr;
	u64 size;
	u64 dur_us;
	const char *zone;		/* zone->name, which is never freed */
	int nid;
	int err;			/* positive */
	enum memhp_event_type type;
	enum memhp_stage stage;
	enum memhp_node_change node_change;
	struct memhp_who who;
};

/* A memory block; a snapshot of one when not in state.c. */
struct memhp_block {
	u64 id;
	enum memhp_block_state state;
	bool early;			/* present at boot */
	int nid;			/* < 0: not known */
	const char *zone;		/* that it is in, or was in when last online; may be NULL */
	u64 changed_ns;			/* last change of state; 0: before we looked */
	u64 dur_us;			/* of the last operation that ended */
	struct memhp_who who;		/* asked for the last operation; pid 0: nobody yet */
	u64 failed_ns;			/* last failure; 0: none */
	enum memhp_stage stage;		/* of the last failure */
	int err;			/* of the last failure */
	u64 counts[MEMHP_EVENT_TYPES];
};

struct memhp_node {
	bool has_memory;
	u64 first_memory_ns;		/* when it last gained its first memory; 0: not seen */
	u64 last_memory_ns;		/* when it last lost its last memory; 0: not seen */
	u64 counts[MEMHP_EVENT_TYPES];
};

/* The operation that runs now; the kernel runs one at a time. */
struct memhp_op {
	bool active;			/* a going_* was seen, and not yet its end */
	bool passed;			/* ... and our last notifier was reached as well */
	bool node;			/* the node notifiers were asked before */
	bool node_passed;		/* ... and none of them objected */
	enum memhp_event_type kind;	/* MEMHP_EVENT_GOING_* */
	u64 block;
	u64 start_ns;
	struct memhp_who who;
};

struct memhp_totals {
	u64 blocks;			/* known and not gone */
	u64 blocks_in[MEMHP_STATES];
	u64 events[MEMHP_EVENT_TYPES];
	u64 untracked;			/* events whose block could not be remembered */
	u64 loaded_ns;
	struct memhp_op op;
};

extern spinlock_t memhp_lock;

/* state.c */
int memhp_state_init(void);
void memhp_state_exit(void);
u64 memhp_block_size(void);
/*
 * Looks at the memory that is present: finds blocks that were added and those that were removed,
 * which nothing announces. May sleep. The notifiers must be registered.
 */
void memhp_state_refresh(void);
/*
 * Takes ev with type, block, addr, size, nid, zone and who set, completes and records it. A change
 * of the node becomes a record of its own after it. May sleep.
 */
void memhp_state_event(struct memhp_event *ev);
/* The last notifier of the chain was reached: nobody objected to what runs. */
void memhp_state_passed(u64 block);
/* The node notifiers are asked, as the first (passed == false) and the last of them see it. */
void memhp_state_node_asked(bool passed);
void memhp_state_node_cancelled(void);
/* Snapshot of the first block with a number of *id or above; sets *id. */
bool memhp_state_block(u64 *id, struct memhp_block *block);
bool memhp_state_node(int nid, struct memhp_node *node);
void memhp_state_totals(struct memhp_totals *totals);

/* ring.c */
extern wait_queue_head_t memhp_ring_wait;

int memhp_ring_init(unsigned int entries);
void memhp_ring_exit(void);
unsigned int memhp_ring_size(void);
/* Gives ev its sequence number and keeps a copy. Caller holds memhp_lock. */
void memhp_ring_push(struct memhp_event *ev);
/* Tells readers and the tracepoint; not under memhp_lock. */
void memhp_ring_publish(const struct memhp_event *ev);
/* Sequence numbers of the oldest record that is left and of the next one to come. */
void memhp_ring_bounds(u64 *oldest, u64 *next);
/*
 * Copies the record seq. Returns the sequence number that was copied, which is a later one when seq
 * was overwritten, or 0 when seq is still to come.
 */
u64 memhp_ring_get(u64 seq, struct memhp_event *ev);

/* notify.c */
int memhp_notify_init(void);
void memhp_notify_exit(void);

/* debugfs.c */
void memhp_debugfs_init(void);
void memhp_debugfs_exit(void);

#endif /* MEMHP_H */
