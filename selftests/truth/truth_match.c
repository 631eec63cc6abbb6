// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attempts, as the kernel's trace has them, against what was asked for, what the module recorded,
 * and what the kernel announced.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth_compare.h"

static const char *direction(bool online)
{
	return online ? "online" : "offline";
}

static struct request *request_of(const struct logs *logs, const struct attempt *attempt)
{
	struct request *request = logs->requests;
	const struct request *end = request + logs->request_count;

	for (; request < end; request++)
		if (request->pid == attempt->pid &&
		    request->begin_ns <= attempt->begin_ns + ROUNDING_NS &&
		    attempt->end_ns <= request->end_ns + ROUNDING_NS)
			return request;
	return NULL;
}

void match_requests(struct logs *logs)
{
	struct request *request;
	struct attempt *attempt;
	size_t i;

	for (i = 0; i < logs->attempt_count; i++) {
		attempt = &logs->attempts[i];
		request = request_of(logs, attempt);
		if (!request) {
			differ(PROPERTY_REQUESTS, "nobody asked for %s of block %d by %d",
			       direction(attempt->online), attempt->block, attempt->pid);
			continue;
		}
		if (request->attempted)
			differ(PROPERTY_REQUESTS, "two attempts for a request of %d", request->pid);
		request->attempted = true;
		attempt->request = request;
		if (request->block != attempt->block || request->online != attempt->online)
			differ(PROPERTY_REQUESTS, "%d asked for block %d and got block %d",
			       request->pid, request->block, attempt->block);
		if (request->err >= 0 && request->err != attempt->err)
			differ(PROPERTY_REQUESTS, "block %d: error %d, its writer was told %d",
			       attempt->block, attempt->err, request->err);
		if (!strcmp(request->plan, "refused"))
			differ(PROPERTY_PLANS, "a bad request became an attempt");
		else if (strcmp(request->plan, "none") && attempt->err != request->planned)
			differ(PROPERTY_PLANS, "block %d, %s: error %d, not %d", attempt->block,
			       request->plan, attempt->err, request->planned);
	}
	for (i = 0; i < logs->request_count; i++)
		if (!logs->requests[i].err && !logs->requests[i].attempted)
			differ(PROPERTY_REQUESTS, "a request of %d succeeded without an attempt",
			       logs->requests[i].pid);
}

void match_uevents(struct logs *logs)
{
	size_t i, count = 0;

	for (i = 0; i < logs->attempt_count; i++) {
		const struct attempt *attempt = &logs->attempts[i];
		const struct uevent *uevent = &logs->uevents[count];

		if (attempt->err || !attempt->end_ns)
			continue;
		if (count++ >= logs->uevent_count)
			continue;
		if (uevent->block != attempt->block || uevent->online != attempt->online)
			differ(PROPERTY_UEVENTS, "success %zu: %s of block %d, uevent %s of block %d",
			       count, direction(attempt->online), attempt->block,
			       direction(uevent->online), uevent->block);
	}
	if (count != logs->uevent_count)
		differ(PROPERTY_UEVENTS, "%zu successes, %zu uevents", count, logs->uevent_count);
}

static struct block *block_of(struct block *blocks, size_t count, int number)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (blocks[i].number == number)
			return &blocks[i];
	return NULL;
}

static int node_of(const struct logs *logs, int number)
{
	const struct block *block = block_of(logs->before, logs->before_count, number);

	return block ? block->node : -1;
}

static int online_on(const struct logs *logs, int node)
{
	int count = 0;
	size_t i;

	for (i = 0; i < logs->before_count; i++)
		count += logs->before[i].node == node && logs->before[i].online;
	return count;
}

void match_states(struct logs *logs)
{
	size_t i;

	for (i = 0; i < logs->attempt_count; i++) {
		struct attempt *attempt = &logs->attempts[i];
		struct block *block = block_of(logs->before, logs->before_count, attempt->block);

		attempt->change = "-";
		if (attempt->err || !block)
			continue;
		block->online = attempt->online;
		if (attempt->online && online_on(logs, block->node) == 1)
			attempt->change = "first_memory";
		else if (!attempt->online && !online_on(logs, block->node))
			attempt->change = "last_memory";
	}
	for (i = 0; i < logs->before_count; i++) {
		const struct block *block = &logs->before[i];
		const struct block *last = block_of(logs->after, logs->after_count, block->number);

		if (!last || last->online != block->online)
			differ(PROPERTY_FINAL, "block %d should be %s", block->number,
			       direction(block->online));
	}
}

static enum watch watch_of(const struct attempt *attempt, const struct life *life)
{
	if (attempt->end_ns + ROUNDING_NS < life->load_begin_ns ||
	    attempt->begin_ns > life->unload_ns + ROUNDING_NS)
		return UNWATCHED;
	if (attempt->begin_ns > life->load_end_ns + ROUNDING_NS &&
	    attempt->end_ns + ROUNDING_NS < life->watched_ns)
		return WATCHED;
	return EXEMPT;
}

/*
 * A record is of the attempt that began last before it: the next one begins after the function has
 * returned, and so after whatever the module did at its return.
 */
static struct attempt *attempt_at(const struct logs *logs, uint64_t boot_ns)
{
	size_t low = 0, high = logs->attempt_count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (logs->attempts[middle].begin_ns <= boot_ns + ROUNDING_NS)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &logs->attempts[low - 1] : NULL;
}

static void match_end(const struct logs *logs, struct attempt *attempt,
		      struct record *record)
{
	uint64_t before_ns = attempt > logs->attempts ? attempt[-1].end_ns : 0;
	bool failed = strstr(record->event, "_failed");

	attempt->ends++;
	attempt->end = record;
	record->last = true;
	if (failed != !!attempt->err || (record->err >= 0 && record->err != attempt->err))
		differ(PROPERTY_ERRORS, "error %d: %s", attempt->err, record->line);
	if (record->dur_us * 1000 > (int64_t)(record->boot_ns - before_ns))
		differ(PROPERTY_DURATIONS, "since before the attempt: %s", record->line);
	if (strcmp(record->change, attempt->change) && attempt->watch == WATCHED)
		differ(PROPERTY_CHANGES, "%s: %s", attempt->change, record->line);
}

/* Follows the end of the attempt that changed the node, at the same time. */
static void match_node(struct attempt *attempt, const struct record *record)
{
	const char *change = record->online ? "first_memory" : "last_memory";
	const struct record *end = attempt->end;

	attempt->changed = true;
	if (!end || end + 1 != record || end->boot_ns != record->boot_ns ||
	    strcmp(end->change, change))
		differ(PROPERTY_CHANGES, "%s: %s", attempt->change, record->line);
}

static void match_record(const struct logs *logs, const struct life *life,
			 struct record *record, struct attempt **last)
{
	struct attempt *attempt = attempt_at(logs, record->boot_ns);

	if (!attempt || watch_of(attempt, life) == UNWATCHED) {
		differ(PROPERTY_STRANGERS, "%s", record->line);
		return;
	}
	if (*last && attempt < *last)
		differ(PROPERTY_ORDER, "late: %s", record->line);
	*last = attempt;
	if (record->block != attempt->block || record->online != attempt->online ||
	    record->nid != node_of(logs, record->block))
		differ(PROPERTY_PLACES, "%s of block %d: %s", direction(attempt->online),
		       attempt->block, record->line);
	if (record->pid != attempt->pid || strcmp(record->comm, attempt->comm))
		differ(PROPERTY_ASKERS, "%d %s: %s", attempt->pid, attempt->comm, record->line);
	/* Only a node's change comes after the end. */
	if (!strncmp(record->event, "node_", 5))
		match_node(attempt, record);
	else if (attempt->end)
		differ(PROPERTY_ENDS, "after the end: %s", record->line);
	if (!strncmp(record->event, "going_", 6))
		attempt->going = true;
	else if (!strncmp(record->event, "cancel_", 7))
		attempt->cancel = record;
	else if (record->terminal)
		match_end(logs, attempt, record);
}

/* Whether an attempt with these records and this error can have failed there. */
static bool stage_fits(const struct attempt *attempt, const char *stage)
{
	if (!attempt->err)
		return !strcmp(stage, "-");
	if (attempt->going && attempt->cancel)
		return !strcmp(stage, "notifier") ||
		       (!strcmp(stage, "migrate") && !attempt->online);
	if (attempt->cancel)
		return !strcmp(stage, "node") || !strcmp(stage, "unknown");
	if (attempt->going)
		return false;
	return !strcmp(stage, !attempt->online && attempt->err == EBUSY ? "isolate" : "check");
}

static bool plan_fits(const char *plan, const char *stage)
{
	static const char *const plans[][2] = {
		{ "ahead", "unknown" }, { "behind", "notifier" }, { "held", "migrate" },
		{ "busy", "isolate" }, { "zones", "check" }, { "silent", "-" },
	};
	size_t i;

	for (i = 0; i < sizeof(plans) / sizeof(*plans); i++)
		if (!strcmp(plan, plans[i][0]))
			return !strcmp(stage, plans[i][1]);
	return true;
}

static void match_attempt(struct attempt *attempt)
{
	const char *what = direction(attempt->online);

	if (attempt->watch != WATCHED) {
		/* It had begun when the module came, which therefore does not see its return. */
		if (!attempt->ends && attempt->cancel)
			attempt->cancel->last = true;
		if (attempt->ends > 1)
			differ(PROPERTY_ENDS, "%d ends: %s of block %d by %d", attempt->ends, what,
			       attempt->block, attempt->pid);
		return;
	}
	if (attempt->ends != 1) {
		differ(PROPERTY_ENDS, "%d ends: %s of block %d by %d, error %d", attempt->ends,
		       what, attempt->block, attempt->pid, attempt->err);
		return;
	}
	if (attempt->end->err < 0)
		differ(PROPERTY_ERRORS, "not known: %s", attempt->end->line);
	if (attempt->end->dur_us < 0)
		differ(PROPERTY_DURATIONS, "not known: %s", attempt->end->line);
	if (attempt->changed != !!strcmp(attempt->change, "-"))
		differ(PROPERTY_CHANGES, "no record of its own: %s", attempt->end->line);
	if (!stage_fits(attempt, attempt->end->stage))
		differ(PROPERTY_STAGES, "%s%s: %s", attempt->going ? "going " : "",
		       attempt->cancel ? "cancel" : "", attempt->end->line);
	if (attempt->request && !plan_fits(attempt->request->plan, attempt->end->stage))
		differ(PROPERTY_PLANS, "%s: %s", attempt->request->plan, attempt->end->line);
}

void match_life(struct logs *logs, struct life *life)
{
	struct attempt *attempt, *end = logs->attempts + logs->attempt_count, *last = NULL;
	enum watch watch;
	size_t i;

	for (attempt = logs->attempts; attempt < end; attempt++) {
		watch = watch_of(attempt, life);
		if (watch > attempt->watch)
			attempt->watch = watch;
		if (watch != UNWATCHED) {
			attempt->ends = 0;
			attempt->going = false;
			attempt->changed = false;
			attempt->cancel = NULL;
			attempt->end = NULL;
		}
	}
	for (i = 0; i < life->count; i++)
		if (!life->records[i].lost)
			match_record(logs, life, &life->records[i], &last);
	for (attempt = logs->attempts; attempt < end; attempt++)
		if (watch_of(attempt, life) != UNWATCHED)
			match_attempt(attempt);
}
