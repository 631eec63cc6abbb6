// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares the account of the module with those of its witnesses: see truth_compare.h.
 *
 * usage: truth_compare DIRECTORY
 *
 * Prints "pass TEXT" or "fail TEXT" for each property, and its first differences and some figures
 * behind "# ".
 * Exit status: 0 no difference, 1 some (or a file is missing), 2 usage.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "truth_compare.h"

/* Differences of one property that are printed. */
#define PRINTED 5

static unsigned long differences[PROPERTY_COUNT];

void differ(enum property property, const char *format, ...)
{
	va_list arguments;

	if (++differences[property] > PRINTED)
		return;
	va_start(arguments, format);
	printf("# ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

/* The module's last word on the states, against sysfs. */
static void match_final(const struct logs *logs)
{
	char **line, state[16];
	size_t i;

	if (!logs->life_count)
		return;
	for (line = read_lines(logs, "life-%d.blocks", logs->lives[logs->life_count - 1].number);
	     *line; line++) {
		field(*line, "state", state, sizeof(state));
		for (i = 0; i < logs->after_count; i++)
			if (logs->after[i].number == number(*line, "block"))
				break;
		if (i == logs->after_count ||
		    strcmp(state, logs->after[i].online ? "online" : "offline"))
			differ(PROPERTY_FINAL, "not in sysfs: %s", *line);
	}
}

/* What a run must have in it to prove anything. */
static void figures(const struct logs *logs)
{
	static const char *const plans[] = { "none", "ahead", "behind", "silent", "held", "busy" };
	static const char *const stages[] = { "-", "check", "isolate", "node", "notifier",
					      "migrate", "unknown" };
	unsigned long watched[sizeof(plans) / sizeof(*plans)] = { 0 };
	unsigned long ended[2][sizeof(stages) / sizeof(*stages)] = { { 0 } };
	unsigned long watches[WATCHED + 1] = { 0 }, records = 0, lost = 0;
	char **line;
	size_t i, j;

	for (i = 0; i < logs->attempt_count; i++) {
		const struct attempt *attempt = &logs->attempts[i];

		watches[attempt->watch]++;
		if (attempt->watch != WATCHED || !attempt->request || !attempt->end)
			continue;
		for (j = 0; j < sizeof(plans) / sizeof(*plans); j++)
			watched[j] += !strcmp(attempt->request->plan, plans[j]);
		for (j = 0; j < sizeof(stages) / sizeof(*stages); j++)
			ended[attempt->online][j] += !strcmp(attempt->end->stage, stages[j]);
	}
	for (i = 0; i < logs->life_count; i++) {
		records += logs->lives[i].count;
		for (line = read_lines(logs, "life-%d.slow", logs->lives[i].number); *line; line++)
			lost += number(*line, "count") > 0 ? number(*line, "count") : 0;
	}

	printf("# %zu requests, %zu attempts\n", logs->request_count, logs->attempt_count);
	printf("# %lu attempts watched, %lu while there was no module\n", watches[WATCHED],
	       watches[UNWATCHED]);
	printf("# %lu attempts exempt: in flight while the module came or went\n",
	       watches[EXEMPT]);
	for (j = 0; j < sizeof(stages) / sizeof(*stages); j++)
		printf("# %s: %lu onlines, %lu offlines\n", j ? stages[j] : "succeeded",
		       ended[true][j], ended[false][j]);
	printf("# %zu lives of the module, %lu records, %lu lost by the slow reader, %zu uevents\n",
	       logs->life_count, records, lost, logs->uevent_count);

	for (j = 0; j < sizeof(plans) / sizeof(*plans); j++)
		if (!watched[j])
			differ(PROPERTY_VARIETY, "no attempt with plan %s", plans[j]);
	if (!lost)
		differ(PROPERTY_VARIETY, "the slow reader lost nothing");
	if (logs->life_count < 2)
		differ(PROPERTY_VARIETY, "the module was not loaded twice");
}

int main(int argc, char **argv)
{
#define PROPERTY_TEXT(id, text) text,
	static const char *const texts[] = { PROPERTIES(PROPERTY_TEXT) };
#undef PROPERTY_TEXT
	struct logs logs = { 0 };
	int status = 0;
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: truth_compare DIRECTORY\n");
		return 2;
	}
	logs.directory = argv[1];
	read_logs(&logs);
	match_requests(&logs);
	match_uevents(&logs);
	match_states(&logs);
	for (i = 0; i < logs.life_count; i++) {
		match_life(&logs, &logs.lives[i]);
		count_life(&logs, &logs.lives[i]);
	}
	match_final(&logs);
	figures(&logs);
	for (i = 0; i < PROPERTY_COUNT; i++) {
		if (differences[i])
			printf("# %lu differences\n", differences[i]);
		printf("%s %s\n", differences[i] ? "fail" : "pass", texts[i]);
		status |= !!differences[i];
	}
	return status;
}
