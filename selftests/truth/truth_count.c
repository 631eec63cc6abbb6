// SPDX-License-Identifier: GPL-2.0-only
/*
 * The numbers of one life: those of the records themselves, and the counters that must be sums of
 * records up to the moment when they were read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth_compare.h"

static void count_numbers(const struct life *life)
{
	uint64_t next = 1;
	size_t i;

	for (i = 0; i < life->count; i++) {
		const struct record *record = &life->records[i];

		if (record->lost)
			differ(PROPERTY_NUMBERS, "life %d lost %" PRIu64 " before %" PRIu64
			       " although it was read at once", life->number, record->lost, next);
		else if (record->seq != next)
			differ(PROPERTY_NUMBERS, "life %d: %" PRIu64 " after %" PRIu64,
			       life->number, record->seq, next - 1);
		next = record->lost ? next + record->lost : record->seq + 1;
	}
}

/* What the other reader got is the same, and what it did not get it was told. */
static void count_lost(const struct logs *logs, const struct life *life)
{
	const struct record *fast = life->records, *end = fast + life->count;
	struct record record;
	uint64_t next = 1;
	char **line;

	for (line = read_lines(logs, "life-%d.slow", life->number); *line; line++) {
		parse_record(&record, *line);
		if (record.lost) {
			next += record.lost;
			continue;
		}
		if (record.seq != next)
			differ(PROPERTY_LOST, "life %d: %" PRIu64 ", expected %" PRIu64,
			       life->number, record.seq, next);
		next = record.seq + 1;
		while (fast < end && (fast->lost || fast->seq < record.seq))
			fast++;
		if (fast == end || strcmp(fast->line, *line))
			differ(PROPERTY_LOST, "nobody else read: %s", *line);
	}
	/* It stops a little earlier. */
	for (fast = life->records; fast < end; fast++)
		if (!fast->lost && fast->seq >= next && fast->boot_ns < life->watched_ns)
			differ(PROPERTY_LOST, "not read a second time: %s", fast->line);
}

/* Records of an event up to seq; of a block or a node, unless negative. */
static int64_t count_events(const struct life *life, uint64_t seq, const char *event, int block,
			    int nid)
{
	int64_t count = 0;
	size_t i;

	for (i = 0; i < life->count; i++) {
		const struct record *record = &life->records[i];

		count += !record->lost && record->seq <= seq && !strcmp(record->event, event) &&
			 (block < 0 || record->block == block) && (nid < 0 || record->nid == nid);
	}
	return count;
}

static const char *const outcomes[] = {
	"online", "offline", "cancel_online", "cancel_offline", "online_failed", "offline_failed",
};

/* Compares the counters of a line, and adds them up. */
static int64_t count_line(enum property property, const struct life *life, uint64_t seq,
			  const char *line, int block, int nid)
{
	int64_t count, sum = 0;
	size_t i;

	for (i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
		count = count_events(life, seq, outcomes[i], block, nid);
		if (number(line, outcomes[i]) != count)
			differ(property, "life %d: %" PRId64 " records %s: %s", life->number, count,
			       outcomes[i], line);
		sum += number(line, outcomes[i]);
	}
	return sum;
}

/* All records of outcomes, also of a block or a node that has no line. */
static int64_t count_outcomes(const struct life *life, uint64_t seq)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++)
		sum += count_events(life, seq, outcomes[i], -1, -1);
	return sum;
}

/* Of "status"; returns the number of its newest record. */
static uint64_t count_status(const struct logs *logs, const struct life *life)
{
	static const char *const counted[] = {
		"going_online", "online", "cancel_online", "going_offline", "offline",
		"cancel_offline", "online_failed", "offline_failed", "node_online", "node_offline",
	};
	uint64_t seq = 0, lines = 0;
	char key[32], **line;
	size_t i;

	for (line = read_lines(logs, "life-%d.status", life->number); *line; line++)
		if (number(*line, "seq") >= 0)
			seq = number(*line, "seq");
	for (line = read_lines(logs, "life-%d.status", life->number); *line; line++) {
		for (i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
			snprintf(key, sizeof(key), "events_%s", counted[i]);
			if (number(*line, key) < 0)
				continue;
			lines++;
			if (number(*line, key) != count_events(life, seq, counted[i], -1, -1))
				differ(PROPERTY_STATUS, "life %d: %" PRId64 " records: %s",
				       life->number, count_events(life, seq, counted[i], -1, -1),
				       *line);
		}
		if (number(*line, "untracked") > 0 || number(*line, "probes_missed") > 0)
			differ(PROPERTY_STATUS, "life %d: %s", life->number, *line);
	}
	if (lines != sizeof(counted) / sizeof(*counted))
		differ(PROPERTY_STATUS, "life %d: %" PRIu64 " counters", life->number, lines);
	if (life->count && seq > life->records[life->count - 1].seq)
		differ(PROPERTY_STATUS, "life %d: seq is %" PRIu64, life->number, seq);
	return seq;
}

static const struct record *last_failure(const struct life *life, uint64_t seq, int block)
{
	size_t i;

	for (i = life->count; i--;) {
		const struct record *record = &life->records[i];

		if (record->last && record->seq <= seq && record->block == block &&
		    strcmp(record->stage, "-"))
			return record;
	}
	return NULL;
}

static void count_blocks(const struct logs *logs, const struct life *life, uint64_t seq)
{
	const struct record *failure;
	char **line, stage[12];
	int64_t sum = 0;
	int err;

	for (line = read_lines(logs, "life-%d.blocks", life->number); *line; line++) {
		sum += count_line(PROPERTY_BLOCKS, life, seq, *line, number(*line, "block"), -1);
		failure = last_failure(life, seq, number(*line, "block"));
		field(*line, "stage", stage, sizeof(stage));
		err = number(*line, "err");
		if (!failure ? strcmp(stage, "-") || err :
			       strcmp(stage, failure->stage) || err != failure->err)
			differ(PROPERTY_BLOCKS, "life %d: last failure: %s", life->number, *line);
	}
	if (sum != count_outcomes(life, seq))
		differ(PROPERTY_BLOCKS, "life %d: blocks are missing", life->number);
}

static void count_nodes(const struct logs *logs, const struct life *life, uint64_t seq)
{
	int64_t sum = 0;
	char **line;

	for (line = read_lines(logs, "life-%d.nodes", life->number); *line; line++)
		sum += count_line(PROPERTY_NODES, life, seq, *line, -1, number(*line, "nid"));
	if (sum != count_outcomes(life, seq))
		differ(PROPERTY_NODES, "life %d: nodes are missing", life->number);
}

static void count_latency(const struct logs *logs, const struct life *life, uint64_t seq)
{
	int64_t count, unmeasured, sum, max, all = 0, ends = 0;
	char **line, op[12], result[12];
	size_t i;

	for (line = read_lines(logs, "life-%d.latency", life->number); *line; line++) {
		field(*line, "op", op, sizeof(op));
		field(*line, "result", result, sizeof(result));
		count = 0;
		unmeasured = 0;
		sum = 0;
		max = 0;
		for (i = 0; i < life->count; i++) {
			const struct record *record = &life->records[i];

			if (record->seq > seq || !record->last ||
			    record->online != !strcmp(op, "online") ||
			    strcmp(strcmp(record->stage, "-") ? record->stage : "ok", result))
				continue;
			count++;
			unmeasured += record->dur_us < 0;
			if (record->dur_us > 0)
				sum += record->dur_us;
			if (record->dur_us > max)
				max = record->dur_us;
		}
		all += count;
		if (number(*line, "count") != count || number(*line, "unmeasured") != unmeasured ||
		    number(*line, "sum_us") != sum || number(*line, "max_us") != max)
			differ(PROPERTY_LATENCY, "life %d: count=%" PRId64 " unmeasured=%" PRId64
			       " sum_us=%" PRId64 " max_us=%" PRId64 ": %s", life->number, count,
			       unmeasured, sum, max, *line);
	}
	for (i = 0; i < life->count; i++)
		ends += life->records[i].last && life->records[i].seq <= seq;
	if (all != ends)
		differ(PROPERTY_LATENCY, "life %d: results are missing", life->number);
}

void count_life(const struct logs *logs, const struct life *life)
{
	uint64_t seq;

	count_numbers(life);
	count_lost(logs, life);
	seq = count_status(logs, life);
	count_blocks(logs, life, seq);
	count_nodes(logs, life, seq);
	count_latency(logs, life, seq);
}
