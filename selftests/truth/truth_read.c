// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the files that truth_compare.h names. What cannot be read at all ends the program; what is
 * read and wrong is a difference.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "truth_compare.h"

static void *grown(void *array, size_t count, size_t size)
{
	array = reallocarray(array, count, size);
	if (!array) {
		perror("truth_compare");
		exit(1);
	}
	return array;
}

char **read_lines(const struct logs *logs, const char *format, ...)
{
	char name[64], path[512], *line = NULL, **lines = NULL;
	size_t size = 0, count = 0;
	va_list arguments;
	FILE *file;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	snprintf(path, sizeof(path), "%s/%s", logs->directory, name);
	file = fopen(path, "r");
	if (!file) {
		fprintf(stderr, "truth_compare: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		lines = grown(lines, count + 2, sizeof(*lines));
		lines[count++] = strdup(line);
	}
	free(line);
	fclose(file);
	lines = grown(lines, count + 1, sizeof(*lines));
	lines[count] = NULL;
	return lines;
}

void field(const char *line, const char *key, char *value, size_t size)
{
	size_t len = strlen(key), end;
	const char *word;

	*value = '\0';
	for (word = line; *word; word += strspn(word, " ")) {
		end = strcspn(word, " ");
		if (!strncmp(word, key, len) && word[len] == '=') {
			snprintf(value, size, "%.*s", (int)(end - len - 1), word + len + 1);
			return;
		}
		word += end;
	}
}

int64_t number(const char *line, const char *key)
{
	char value[32], *end;
	int64_t result;

	field(line, key, value, sizeof(value));
	result = strtoll(value, &end, 10);
	return *value && !*end ? result : -1;
}

/* "   <...>-133   [000] .....   5.013427: online_begin: (memory_subsys_online+0x0/0x90) …" */
static bool parse_trace(const char *line, const char *event, int *pid, uint64_t *ns)
{
	uint64_t seconds, us;
	const char *at;

	at = strstr(line, event);
	if (*line == '#' || !at || at - line < 2 || strncmp(at - 2, ": ", 2))
		return false;
	for (at -= 2; at > line && at[-1] != ' '; at--)
		;
	if (sscanf(at, "%" SCNu64 ".%" SCNu64, &seconds, &us) != 2)
		return false;
	*ns = (seconds * 1000000 + us) * 1000;
	at = strstr(line, " [");
	if (!at)
		return false;
	while (at > line && at[-1] == ' ')
		at--;
	while (at > line && at[-1] >= '0' && at[-1] <= '9')
		at--;
	*pid = atoi(at);
	return true;
}

static void begin_attempt(struct logs *logs, const char *line, bool online, int pid, uint64_t ns)
{
	const char *at = strstr(line, "block=\"memory");
	struct attempt *attempt;

	logs->attempts = grown(logs->attempts, logs->attempt_count + 1, sizeof(*attempt));
	attempt = &logs->attempts[logs->attempt_count++];
	*attempt = (struct attempt){ .begin_ns = ns, .online = online, .pid = pid, .block = -1 };
	if (!at || sscanf(at, "block=\"memory%d\" comm=\"%63[^\"]", &attempt->block,
			  attempt->comm) != 2)
		differ(PROPERTY_TRACE, "cannot be read: %s", line);
}

/* The kernel runs one operation at a time, so the end is that of the newest begin. */
static void end_attempt(struct logs *logs, const char *line, bool online, int pid, uint64_t ns)
{
	struct attempt *attempt = logs->attempts + logs->attempt_count - 1;
	const char *at = strstr(line, "err=");

	if (!logs->attempt_count || attempt->end_ns || attempt->online != online ||
	    attempt->pid != pid || !at) {
		differ(PROPERTY_TRACE, "an end without its begin: %s", line);
		return;
	}
	attempt->end_ns = ns;
	attempt->err = -atoi(at + strlen("err="));
}

static void read_trace(struct logs *logs)
{
	char **line;
	uint64_t ns;
	size_t i;
	int pid;

	for (line = read_lines(logs, "trace"); *line; line++) {
		if (parse_trace(*line, "online_begin:", &pid, &ns))
			begin_attempt(logs, *line, true, pid, ns);
		else if (parse_trace(*line, "offline_begin:", &pid, &ns))
			begin_attempt(logs, *line, false, pid, ns);
		else if (parse_trace(*line, "online_end:", &pid, &ns))
			end_attempt(logs, *line, true, pid, ns);
		else if (parse_trace(*line, "offline_end:", &pid, &ns))
			end_attempt(logs, *line, false, pid, ns);
	}
	for (i = 0; i < logs->attempt_count; i++)
		if (!logs->attempts[i].end_ns)
			differ(PROPERTY_TRACE, "a begin without its end: block %d",
			       logs->attempts[i].block);
}

static void read_requests(struct logs *logs)
{
	struct request *request;
	char **line, word[32];

	for (line = read_lines(logs, "requests"); *line; line++) {
		logs->requests = grown(logs->requests, logs->request_count + 1, sizeof(*request));
		request = &logs->requests[logs->request_count++];
		*request = (struct request){
			.begin_ns = number(*line, "begin_ns"),
			.end_ns = number(*line, "end_ns"),
			.pid = number(*line, "pid"),
			.block = number(*line, "block"),
			.planned = number(*line, "planned"),
			.err = number(*line, "err"),
		};
		field(*line, "want", word, sizeof(word));
		request->online = !strncmp(word, "online", 6);
		field(*line, "plan", request->plan, sizeof(request->plan));
	}
}

static int by_seqnum(const void *a, const void *b)
{
	const struct uevent *one = a, *two = b;

	return (one->seqnum > two->seqnum) - (one->seqnum < two->seqnum);
}

static void read_uevents(struct logs *logs)
{
	struct uevent *uevent;
	char **line, word[16];
	bool complete = false;

	for (line = read_lines(logs, "uevents"); *line; line++) {
		if (number(*line, "lost") >= 0) {
			logs->uevents_lost = number(*line, "lost");
			complete = true;
			continue;
		}
		logs->uevents = grown(logs->uevents, logs->uevent_count + 1, sizeof(*uevent));
		uevent = &logs->uevents[logs->uevent_count++];
		field(*line, "action", word, sizeof(word));
		*uevent = (struct uevent){
			.seqnum = number(*line, "seqnum"),
			.block = number(*line, "block"),
			.online = !strcmp(word, "online"),
		};
	}
	if (!complete || logs->uevents_lost)
		differ(PROPERTY_UEVENTS, "the witness missed some");
	if (logs->uevent_count)
		qsort(logs->uevents, logs->uevent_count, sizeof(*uevent), by_seqnum);
}

static struct block *read_blocks(const struct logs *logs, const char *name, size_t *count)
{
	struct block *blocks = NULL;
	char **line, word[32];

	for (line = read_lines(logs, "%s", name); *line; line++) {
		blocks = grown(blocks, *count + 1, sizeof(*blocks));
		field(*line, "state", word, sizeof(word));
		blocks[(*count)++] = (struct block){
			.number = number(*line, "block"),
			.node = number(*line, "node"),
			.online = !strcmp(word, "online"),
		};
	}
	return blocks;
}

void parse_record(struct record *record, char *line)
{
	*record = (struct record){
		.line = line,
		.seq = number(line, "seq"),
		.boot_ns = number(line, "boot_ns"),
		.block = number(line, "block"),
		.nid = number(line, "nid"),
		.pid = number(line, "pid"),
		.err = number(line, "err"),
		.dur_us = number(line, "dur_us"),
	};
	field(line, "event", record->event, sizeof(record->event));
	field(line, "stage", record->stage, sizeof(record->stage));
	field(line, "node_change", record->change, sizeof(record->change));
	field(line, "comm", record->comm, sizeof(record->comm));
	record->online = !strstr(record->event, "offline");
	record->terminal = !strncmp(record->event, "online", 6) ||
			   !strncmp(record->event, "offline", 7);
	if (!strcmp(record->event, "lost"))
		record->lost = number(line, "count");
}

static void read_life(const struct logs *logs, struct life *life, const char *text)
{
	char **line;

	*life = (struct life){
		.number = number(text, "life"),
		.load_begin_ns = number(text, "load_begin_ns"),
		.load_end_ns = number(text, "load_end_ns"),
		.watched_ns = number(text, "watched_ns"),
		.unload_ns = number(text, "unload_ns"),
	};
	for (line = read_lines(logs, "life-%d.fast", life->number); *line; line++) {
		life->records = grown(life->records, life->count + 1, sizeof(*life->records));
		parse_record(&life->records[life->count++], *line);
	}
}

void read_logs(struct logs *logs)
{
	char **line;

	read_trace(logs);
	read_requests(logs);
	read_uevents(logs);
	logs->before = read_blocks(logs, "before", &logs->before_count);
	logs->after = read_blocks(logs, "after", &logs->after_count);
	for (line = read_lines(logs, "lives"); *line; line++) {
		if (logs->life_count == MAX_LIVES) {
			fprintf(stderr, "truth_compare: more than %d lives\n", MAX_LIVES);
			exit(1);
		}
		read_life(logs, &logs->lives[logs->life_count++], *line);
	}
}
