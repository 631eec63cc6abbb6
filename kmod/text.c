// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <linux/string.h>

#include "text.h"

#define MEMHP_NAME(id, name) name,
const char *const memhp_event_names[] = { MEMHP_EVENT_LIST(MEMHP_NAME) };
const char *const memhp_stage_names[] = { MEMHP_STAGE_LIST(MEMHP_NAME) };
const char *const memhp_node_change_names[] = { MEMHP_NODE_CHANGE_LIST(MEMHP_NAME) };
const char *const memhp_state_names[] = { MEMHP_STATE_LIST(MEMHP_NAME) };
#undef MEMHP_NAME

const char *memhp_text_number(struct memhp_number *n, u64 value, bool known)
{
	if (!known)
		return "-";
	snprintf(n->text, sizeof(n->text), "%llu", value);
	return n->text;
}

/* "-" stands for what is not known, so a string that is "-" is escaped too. */
static void memhp_text_escape(char *to, const char *from)
{
	bool escape_all = !strcmp(from, "-");

	if (!*from)
		*to++ = '-';
	for (; *from; from++) {
		u8 c = *from;

		if (escape_all || c < 0x21 || c > 0x7e || c == '\\')
			to += sprintf(to, "\\x%02x", c);
		else
			*to++ = c;
	}
	*to = '\0';
}

void memhp_text_who(struct memhp_who_text *text, const struct memhp_who *who)
{
	snprintf(text->pid, sizeof(text->pid), who->pid ? "%d" : "-", who->pid);
	memhp_text_escape(text->comm, who->comm);
	memhp_text_escape(text->work, who->work);
}

int memhp_text_event(char *line, size_t size, const struct memhp_event *ev)
{
	struct memhp_number nid, dur_us, err;
	struct memhp_who_text who;

	memhp_text_who(&who, &ev->who);
	return scnprintf(line, size,
			 "seq=%llu boot_ns=%llu event=%s block=%llu addr=0x%llx size=%llu nid=%s zone=%s node_change=%s dur_us=%s stage=%s err=%s pid=%s comm=%s work=%s\n",
			 ev->seq, ev->boot_ns, memhp_event_names[ev->type], ev->block, ev->addr,
			 ev->size, memhp_text_number(&nid, ev->nid, ev->nid >= 0),
			 ev->zone ? ev->zone : "-", memhp_node_change_names[ev->node_change],
			 memhp_text_number(&dur_us, ev->dur_us, ev->dur_us != MEMHP_NO_DURATION),
			 memhp_stage_names[ev->stage],
			 memhp_text_number(&err, ev->err, ev->err != MEMHP_ERR_UNKNOWN),
			 who.pid, who.comm, who.work);
}
