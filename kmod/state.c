// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operation that runs, and what an event means.
 *
 * The kernel runs one operation at a time: mem_hotplug_lock is held from before the first to after
 * the last notification, and device_hotplug_lock around the whole attempt. It makes no promise
 * about pairs: CANCEL comes without GOING when somebody ahead of us objects, and the end of an
 * operation stays away when somebody ahead of us stops the chain. So every event sets the state it
 * proves, whatever was known before, and an attempt that a probe sees end gets its end in any case.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "memhp.h"

DEFINE_SPINLOCK(memhp_lock);

/* How the last operation ended that the notifiers told of. */
struct memhp_end {
	enum memhp_event_type type;	/* MEMHP_EVENT_TYPES: none yet */
	enum memhp_stage stage;
	u64 block;
	u64 boot_ns;
};

static struct memhp_op memhp_op;		/* memhp_lock */
static struct memhp_end memhp_end;		/* memhp_lock */
static u64 memhp_events[MEMHP_EVENT_TYPES];	/* memhp_lock */
static u64 memhp_untracked;			/* memhp_lock */
static u64 memhp_loaded_ns;			/* constant after init */

/* The attempt of a task, if a probe saw it begin. Written and read by that task only. */
static struct task_struct *memhp_attempt_task;
static u64 memhp_attempt_ns;

void memhp_who_is_current(struct memhp_who *who)
{
	who->pid = task_pid_nr(current);
	get_task_comm(who->comm, current);
	if (current->flags & PF_WQ_WORKER) {
		struct work_struct *work = current_work();

		/* By name, while the module of the function is there; without " [module]". */
		if (work) {
			snprintf(who->work, sizeof(who->work), "%ps", work->func);
			who->work[strcspn(who->work, " ")] = '\0';
		}
	}
}

static bool memhp_is_online(enum memhp_event_type type)
{
	return type == MEMHP_EVENT_GOING_ONLINE || type == MEMHP_EVENT_ONLINE ||
	       type == MEMHP_EVENT_CANCEL_ONLINE || type == MEMHP_EVENT_ONLINE_FAILED;
}

static bool memhp_is_attempted(void)
{
	return READ_ONCE(memhp_attempt_task) == current;
}

/* When what runs began; 0: not seen. */
static u64 memhp_began_ns(void)
{
	lockdep_assert_held(&memhp_lock);
	if (memhp_is_attempted())
		return memhp_attempt_ns;
	return memhp_op.active || memhp_op.node || memhp_op.prepare ? memhp_op.start_ns : 0;
}

/* Drops the operation. When one is still there, somebody kept its end from us. */
static void memhp_op_drop(void)
{
	struct memhp_block *block;

	lockdep_assert_held(&memhp_lock);
	if (memhp_op.active) {
		block = memhp_block_find(memhp_op.block);
		if (block)
			memhp_block_inspect(block);
	}
	memhp_op = (struct memhp_op){};
}

static void memhp_op_begin(const struct memhp_event *ev)
{
	lockdep_assert_held(&memhp_lock);
	if (memhp_op.active || (memhp_op.prepare && !memhp_is_online(ev->type)))
		memhp_op_drop();
	memhp_op.start_ns = memhp_began_ns() ?: ev->boot_ns;
	memhp_op.active = true;
	memhp_op.kind = ev->type;
	memhp_op.block = ev->block;
	memhp_op.who = ev->who;
}

/* Where an attempt failed of which there is nothing to come. */
static enum memhp_stage memhp_failed_stage(bool online)
{
	lockdep_assert_held(&memhp_lock);
	if (!memhp_op.active) {
		if (memhp_op.node && !memhp_op.node_passed)
			return MEMHP_STAGE_NODE;
		if (memhp_op.prepare && !memhp_op.prepare_passed)
			return MEMHP_STAGE_NOTIFIER;
		return MEMHP_STAGE_UNKNOWN;
	}
	/* An online does not fail any more once the notifiers have agreed. */
	if (!memhp_op.passed || online)
		return MEMHP_STAGE_NOTIFIER;
	return MEMHP_STAGE_MIGRATE;
}

static void memhp_op_end(struct memhp_event *ev)
{
	bool online = memhp_is_online(ev->type);
	u64 began_ns;

	lockdep_assert_held(&memhp_lock);
	if (memhp_op.active &&
	    (memhp_op.block != ev->block || memhp_is_online(memhp_op.kind) != online))
		memhp_op_drop();
	began_ns = memhp_began_ns();
	if (began_ns)
		ev->dur_us = div_u64(ev->boot_ns - began_ns, NSEC_PER_USEC);
	if (memhp_is_failure(ev->type)) {
		ev->stage = memhp_failed_stage(online);
		/*
		 * The notification does not carry the error. offline_pages() looks for a signal at
		 * every turn of its loop, and this is the task that runs it.
		 */
		ev->err = MEMHP_ERR_UNKNOWN;
		if (ev->stage == MEMHP_STAGE_MIGRATE && signal_pending(current))
			ev->err = EINTR;
	}
	memhp_op = (struct memhp_op){};
	memhp_end = (struct memhp_end){
		.type = ev->type,
		.stage = ev->stage,
		.block = ev->block,
		.boot_ns = ev->boot_ns,
	};
}

/* Whether ev ends its attempt: nothing that belongs to it comes after. */
static bool memhp_is_terminal(enum memhp_event_type type)
{
	switch (type) {
	case MEMHP_EVENT_ONLINE:
	case MEMHP_EVENT_OFFLINE:
	case MEMHP_EVENT_ONLINE_FAILED:
	case MEMHP_EVENT_OFFLINE_FAILED:
		return true;
	case MEMHP_EVENT_CANCEL_ONLINE:
	case MEMHP_EVENT_CANCEL_OFFLINE:
		/* The probe will tell more, if it saw this begin. */
		return !memhp_is_attempted();
	default:
		return false;
	}
}

/*
 * Enters ev, all but its number filled in, everywhere. node_ev becomes the record that follows from
 * it, or of its own type when there is none.
 */
static void memhp_record(struct memhp_event *ev, struct memhp_event *node_ev,
			 struct memhp_block *block)
{
	lockdep_assert_held(&memhp_lock);
	memhp_node_event(ev);
	if (block)
		memhp_block_event(block, ev);
	else
		memhp_untracked++;
	if (memhp_is_terminal(ev->type))
		memhp_latency_add(memhp_is_online(ev->type), ev->stage, ev->dur_us);
	memhp_events[ev->type]++;
	memhp_ring_push(ev);

	*node_ev = *ev;
	if (ev->node_change == MEMHP_NODE_CHANGE_NONE)
		return;
	node_ev->type = ev->node_change == MEMHP_NODE_CHANGE_FIRST_MEMORY ?
				MEMHP_EVENT_NODE_ONLINE :
				MEMHP_EVENT_NODE_OFFLINE;
	node_ev->node_change = MEMHP_NODE_CHANGE_NONE;
	node_ev->dur_us = MEMHP_NO_DURATION;
	memhp_events[node_ev->type]++;
	memhp_ring_push(node_ev);
}

static void memhp_publish(const struct memhp_event *ev, const struct memhp_event *node_ev)
{
	memhp_ring_publish(ev);
	if (node_ev->type != ev->type)
		memhp_ring_publish(node_ev);
}

void memhp_state_event(struct memhp_event *ev)
{
	struct memhp_block *block = memhp_block_get(ev->block, GFP_KERNEL);
	struct memhp_event node_ev;

	ev->dur_us = MEMHP_NO_DURATION;

	spin_lock(&memhp_lock);
	ev->boot_ns = ktime_get_boottime_ns();
	if (ev->type == MEMHP_EVENT_GOING_ONLINE || ev->type == MEMHP_EVENT_GOING_OFFLINE)
		memhp_op_begin(ev);
	else
		memhp_op_end(ev);
	memhp_record(ev, &node_ev, block);
	spin_unlock(&memhp_lock);

	memhp_publish(ev, &node_ev);
}

void memhp_state_passed(u64 block)
{
	spin_lock(&memhp_lock);
	if (memhp_op.active && memhp_op.block == block)
		memhp_op.passed = true;
	spin_unlock(&memhp_lock);
}

void memhp_state_prepare_asked(bool passed)
{
	spin_lock(&memhp_lock);
	if (passed) {
		memhp_op.prepare_passed = memhp_op.prepare;
	} else {
		memhp_op_drop();
		memhp_op.prepare = true;
		memhp_op.start_ns = ktime_get_boottime_ns();
	}
	spin_unlock(&memhp_lock);
}

void memhp_state_node_asked(bool online, bool passed)
{
	spin_lock(&memhp_lock);
	if (passed) {
		memhp_op.node_passed = memhp_op.node;
	} else {
		if (memhp_op.active || memhp_op.node || !online)
			memhp_op_drop();
		if (!memhp_op.prepare)
			memhp_op.start_ns = ktime_get_boottime_ns();
		memhp_op.node = true;
	}
	spin_unlock(&memhp_lock);
}

void memhp_state_node_cancelled(void)
{
	spin_lock(&memhp_lock);
	memhp_op_drop();
	spin_unlock(&memhp_lock);
}

void memhp_state_attempt_begin(const struct memhp_attempt *attempt)
{
	WRITE_ONCE(memhp_attempt_ns, attempt->start_ns);
	WRITE_ONCE(memhp_attempt_task, current);
}

/* Where an attempt failed. Those that no notifier heard of are told apart by their error. */
static enum memhp_stage memhp_attempt_stage(const struct memhp_attempt *attempt, int err)
{
	lockdep_assert_held(&memhp_lock);
	if (memhp_end.boot_ns >= attempt->start_ns && memhp_end.block == attempt->block)
		return memhp_is_failure(memhp_end.type) ? memhp_end.stage : MEMHP_STAGE_UNKNOWN;
	if (memhp_op.active || memhp_op.node || memhp_op.prepare)
		return memhp_failed_stage(attempt->online);
	return err == EBUSY && !attempt->online ? MEMHP_STAGE_ISOLATE : MEMHP_STAGE_CHECK;
}

/* Whether the notifiers told of the success of an attempt. */
static bool memhp_attempt_told(const struct memhp_attempt *attempt)
{
	lockdep_assert_held(&memhp_lock);
	return memhp_end.boot_ns >= attempt->start_ns && memhp_end.block == attempt->block &&
	       memhp_end.type == (attempt->online ? MEMHP_EVENT_ONLINE : MEMHP_EVENT_OFFLINE);
}

void memhp_state_attempt_end(const struct memhp_attempt *attempt, int err)
{
	struct memhp_block *block = memhp_block_get(attempt->block, GFP_NOWAIT);
	struct memhp_event ev = {
		.block = attempt->block,
		.addr = attempt->block * memhp_block_size(),
		.size = memhp_block_size(),
		.nid = attempt->nid,
		.err = -err,
	};
	struct memhp_event node_ev;

	memhp_who_is_current(&ev.who);

	spin_lock(&memhp_lock);
	if (!err && memhp_attempt_told(attempt)) {
		WRITE_ONCE(memhp_attempt_task, NULL);
		spin_unlock(&memhp_lock);
		return;
	}
	ev.boot_ns = ktime_get_boottime_ns();
	ev.dur_us = div_u64(ev.boot_ns - attempt->start_ns, NSEC_PER_USEC);
	if (err) {
		ev.type = attempt->online ? MEMHP_EVENT_ONLINE_FAILED : MEMHP_EVENT_OFFLINE_FAILED;
		ev.stage = memhp_attempt_stage(attempt, ev.err);
	} else {
		ev.type = attempt->online ? MEMHP_EVENT_ONLINE : MEMHP_EVENT_OFFLINE;
	}
	memhp_op_drop();
	if (block) {
		if (ev.nid < 0)
			ev.nid = block->nid;
		ev.zone = block->zone;
	}
	memhp_record(&ev, &node_ev, block);
	WRITE_ONCE(memhp_attempt_task, NULL);
	spin_unlock(&memhp_lock);

	memhp_publish(&ev, &node_ev);
}

void memhp_state_totals(struct memhp_totals *totals)
{
	int i;

	*totals = (struct memhp_totals){ .loaded_ns = memhp_loaded_ns };
	memhp_block_count(totals->blocks_in);
	for (i = 0; i < MEMHP_STATES; i++)
		if (i != MEMHP_STATE_GONE)
			totals->blocks += totals->blocks_in[i];
	spin_lock(&memhp_lock);
	memcpy(totals->events, memhp_events, sizeof(totals->events));
	totals->untracked = memhp_untracked;
	totals->op = memhp_op;
	spin_unlock(&memhp_lock);
}

int memhp_state_init(void)
{
	memhp_block_init();
	memhp_loaded_ns = ktime_get_boottime_ns();
	memhp_end.type = MEMHP_EVENT_TYPES;
	return memhp_node_init();
}

void memhp_state_exit(void)
{
	memhp_block_exit();
	memhp_node_exit();
}
