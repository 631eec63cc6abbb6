/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values as text, by the rules of Documentation/abi.md: no white space, "-" for what is not known.
 */
#ifndef MEMHP_TEXT_H
#define MEMHP_TEXT_H

#include "memhp.h"

extern const char *const memhp_event_names[MEMHP_EVENT_TYPES];
extern const char *const memhp_stage_names[MEMHP_STAGES];
extern const char *const memhp_node_change_names[MEMHP_NODE_CHANGES];
extern const char *const memhp_state_names[MEMHP_STATES];

/* Room for what memhp_text_escape() makes of a string of that size. */
#define MEMHP_ESCAPED(size) (4 * (size))

struct memhp_who_text {
	char pid[12];
	char comm[MEMHP_ESCAPED(TASK_COMM_LEN)];
	char work[MEMHP_ESCAPED(MEMHP_WORK_LEN)];
};

struct memhp_number {
	char text[24];
};

/* n is where the text is kept. */
const char *memhp_text_number(struct memhp_number *n, u64 value, bool known);
void memhp_text_who(struct memhp_who_text *text, const struct memhp_who *who);
/* A line for "events"; returns its length. MEMHP_RECORD_MAX is enough room. */
int memhp_text_event(char *line, size_t size, const struct memhp_event *ev);

#endif /* MEMHP_TEXT_H */
