/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memhp: a record of every attempt to bring memory online or offline.
 *
 *	notify.c	hears the memory and node notifier chains, says what happened
 *	probe.c		sees every attempt begin and end, and blocks go
 *	state.c		the operation that runs; what an event means
 *	block.c		what is known of blocks
 *	node.c		what is known of nodes
 *	latency.c	how long attempts took
 *	ring.c		the history
 *	pages.c		what the pages of a block are used for
 *	release.c	lets a firmware unplug be ended by a signal
 *	debugfs.c	all of it as text: files that show a state
 *	events.c	... and the file that shows the history
 *	text.c		how a value is written
 *
 * One lock, memhp_lock, guards what state.c, block.c, node.c, latency.c and ring.c hold. Notifiers
 * are called with the kernel's hotplug lock held and may sleep for memory before they take
 * memhp_lock; probes may not. Neither ever makes an operation fail.
 */
#ifndef MEMHP_H
#define MEMHP_H

#include <linux/bits.h>
#include <linux/gfp.h>
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

/* Whether an attempt failed, by its own account or by that of the notifiers. */
static inline bool memhp_is_failure(enum memhp_event_type type)
{
	return type == MEMHP_EVENT_CANCEL_ONLINE || type == MEMHP_EVENT_CANCEL_OFFLINE ||
	       type == MEMHP_EVENT_ONLINE_FAILED || type == MEMHP_EVENT_OFFLINE_FAILED;
}

/* A memory block; a snapshot of one when not in block.c. */
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

/* How often and when last one of the kernel's node states was gained and lost; 0 ns: not seen. */
struct memhp_node_state {
	bool set;
	u64 gained;
	u64 gained_ns;
	u64 lost;
	u64 lost_ns;
};

struct memhp_node {
	struct memhp_node_state memory;	/* N_MEMORY */
	struct memhp_node_state normal;	/* N_NORMAL_MEMORY */
	u64 counts[MEMHP_EVENT_TYPES];
};

/* The operation that runs now; the kernel runs one at a time. */
struct memhp_op {
	bool active;			/* a going_* was seen, and not yet its end */
	bool passed;			/* ... and our last notifier was reached as well */
	bool node;			/* the node notifiers were asked before */
	bool node_passed;		/* ... and none of them objected */
	bool prepare;			/* MEM_PREPARE_ONLINE was seen before, see compat.h */
	bool prepare_passed;		/* ... and none objected */
	enum memhp_event_type kind;	/* MEMHP_EVENT_GOING_* */
	u64 block;
	u64 start_ns;
	struct memhp_who who;
};

/* An attempt as a probe sees it, from before the kernel's first check. */
struct memhp_attempt {
	bool online;
	int nid;			/* < 0: not known */
	u64 block;
	u64 start_ns;
};

/* Durations of one operation with one result. */
#define MEMHP_LATENCY_BUCKETS 32

struct memhp_latency {
	u64 count;
	u64 unmeasured;			/* of these; their beginning was not seen */
	u64 sum_us;
	u64 max_us;
	/* 0: 0 us; n: from 2^(n-1) us up; the last: all above */
	u64 buckets[MEMHP_LATENCY_BUCKETS];
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
/*
 * Takes ev with type, block, addr, size, nid, zone and who set, completes and records it. A change
 * of the node becomes a record of its own after it. May sleep.
 */
void memhp_state_event(struct memhp_event *ev);
/* The last notifier of the chain was reached: nobody objected to what runs. */
void memhp_state_passed(u64 block);
/* Memory notifiers prepare an online, as the first (passed == false) and the last see it. */
void memhp_state_prepare_asked(bool passed);
/* The node notifiers are asked, likewise. */
void memhp_state_node_asked(bool online, bool passed);
void memhp_state_node_cancelled(void);
/*
 * An attempt of the current task begins. Takes no lock: a probe may be a breakpoint, which counts
 * as an NMI. The caller holds device_hotplug_lock, so there is one attempt at a time.
 */
void memhp_state_attempt_begin(const struct memhp_attempt *attempt);
/*
 * ... and has ended with err (0 or negative). Records its end, unless a notifier did. Does not
 * sleep.
 */
void memhp_state_attempt_end(const struct memhp_attempt *attempt, int err);
/* Fills in who asks: the current task. */
void memhp_who_is_current(struct memhp_who *who);
/* Everything but the blocks' states is of one moment. */
void memhp_state_totals(struct memhp_totals *totals);

/* block.c */
void memhp_block_init(void);
void memhp_block_exit(void);
u64 memhp_block_size(void);		/* bytes */
u64 memhp_block_of(unsigned long pfn);
/*
 * Looks at the memory that is present: finds blocks that were added and those that were removed,
 * which no notifier announces. May sleep. The notifiers must be registered.
 */
void memhp_block_refresh(void);
/* The block of this number, in state unknown when it was not known. NULL: no memory for it. */
struct memhp_block *memhp_block_get(u64 id, gfp_t gfp);
/* The same without creating it. Blocks are kept until exit. */
struct memhp_block *memhp_block_find(u64 id);
/* Finds out what the block is now. Caller holds memhp_lock, as for all with a block below. */
void memhp_block_inspect(struct memhp_block *block);
void memhp_block_event(struct memhp_block *block, const struct memhp_event *ev);
/* Something at this range, in bytes, was removed. Does not sleep. */
void memhp_block_removed(u64 start, u64 size);
/* Snapshot of the first block with a number of *id or above; sets *id. */
bool memhp_block_snapshot(u64 *id, struct memhp_block *block);
/* Counts the blocks in each state; takes memhp_lock for each. */
void memhp_block_count(u64 in_state[MEMHP_STATES]);

/* node.c */
int memhp_node_init(void);
void memhp_node_exit(void);
/* Counts ev and sets its node_change. Caller holds memhp_lock. */
void memhp_node_event(struct memhp_event *ev);
/* False: there is no such node, and nothing ever happened to it. */
bool memhp_node_snapshot(int nid, struct memhp_node *node);

/* latency.c */
/* Adds an attempt; stage is that of a failure, or MEMHP_STAGE_NONE. Caller holds memhp_lock. */
void memhp_latency_add(bool online, enum memhp_stage stage, u64 dur_us);
void memhp_latency_snapshot(bool online, enum memhp_stage stage, struct memhp_latency *latency);

/* ring.c */
extern wait_queue_head_t memhp_ring_wait;

#define MEMHP_RING_MAX BIT(20)

/* entries: 1 to MEMHP_RING_MAX, rounded up to a power of two. */
int memhp_ring_init(unsigned int entries);
void memhp_ring_exit(void);
unsigned int memhp_ring_size(void);
/* Gives ev its sequence number and keeps a copy. Caller holds memhp_lock. */
void memhp_ring_push(struct memhp_event *ev);
/* Tells readers and the tracepoint; not under memhp_lock. Does not sleep. */
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

/* probe.c */
enum memhp_probe_mode {
	MEMHP_PROBES_NONE,
	MEMHP_PROBES_DEVICE,		/* memory_subsys_online(), memory_subsys_offline() */
	MEMHP_PROBES_PAGES,		/* online_pages(), offline_pages() */
};

/* Tries mode, and what comes after it. Where nothing can be had it says so, and all else works. */
void memhp_probe_init(enum memhp_probe_mode mode);
void memhp_probe_exit(void);
enum memhp_probe_mode memhp_probe_mode(void);
/* How many attempts passed without our seeing them. */
u64 memhp_probe_missed(void);

/* events.c */
extern const struct file_operations memhp_events_fops;

/* pages.c */
extern const struct file_operations memhp_pages_fops;

/* release.c */
/* enabled: as the parameter abortable says. */
void memhp_release_init(bool enabled);
void memhp_release_exit(void);
bool memhp_release_enabled(void);
/*
 * Called by the task that takes a block offline, when the notifiers have agreed and when the
 * attempt has ended. Not under memhp_lock; the end may be told twice, and does not sleep.
 */
void memhp_release_begin(void);
void memhp_release_end(void);

/* debugfs.c */
void memhp_debugfs_init(void);
void memhp_debugfs_exit(void);

#endif /* MEMHP_H */
