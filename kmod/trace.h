/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM memhp

#if !defined(MEMHP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MEMHP_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "memhp.h"

#define MEMHP_TRACE_EVENT(id, name) TRACE_DEFINE_ENUM(MEMHP_EVENT_##id);
#define MEMHP_TRACE_STAGE(id, name) TRACE_DEFINE_ENUM(MEMHP_STAGE_##id);
#define MEMHP_TRACE_NODE_CHANGE(id, name) TRACE_DEFINE_ENUM(MEMHP_NODE_CHANGE_##id);

MEMHP_EVENT_LIST(MEMHP_TRACE_EVENT)
MEMHP_STAGE_LIST(MEMHP_TRACE_STAGE)
MEMHP_NODE_CHANGE_LIST(MEMHP_TRACE_NODE_CHANGE)

#undef MEMHP_TRACE_EVENT
#undef MEMHP_TRACE_STAGE
#undef MEMHP_TRACE_NODE_CHANGE

#define MEMHP_SHOW_EVENT(id, name) { MEMHP_EVENT_##id, name },
#define MEMHP_SHOW_STAGE(id, name) { MEMHP_STAGE_##id, name },
#define MEMHP_SHOW_NODE_CHANGE(id, name) { MEMHP_NODE_CHANGE_##id, name },

/* Arrays and not __string(): __assign_str() lost an argument in 6.10. */
TRACE_EVENT(memhp_event,

	TP_PROTO(const struct memhp_event *ev),

	TP_ARGS(ev),

	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u64, boot_ns)
		__field(u64, block)
		__field(u64, addr)
		__field(u64, size)
		__field(s64, dur_us)
		__field(int, type)
		__field(int, nid)
		__field(int, node_change)
		__field(int, stage)
		__field(int, err)
		__field(pid_t, pid)
		__array(char, zone, 8)
		__array(char, comm, TASK_COMM_LEN)
		__array(char, work, MEMHP_WORK_LEN)
	),

	TP_fast_assign(
		__entry->seq = ev->seq;
		__entry->boot_ns = ev->boot_ns;
		__entry->block = ev->block;
		__entry->addr = ev->addr;
		__entry->size = ev->size;
		__entry->dur_us = ev->dur_us;
		__entry->type = ev->type;
		__entry->nid = ev->nid;
		__entry->node_change = ev->node_change;
		__entry->stage = ev->stage;
		__entry->err = ev->err;
		__entry->pid = ev->who.pid;
		strscpy(__entry->zone, ev->zone ? ev->zone : "-", sizeof(__entry->zone));
		memcpy(__entry->comm, ev->who.comm, TASK_COMM_LEN);
		memcpy(__entry->work, ev->who.work, MEMHP_WORK_LEN);
	),

	TP_printk("seq=%llu boot_ns=%llu event=%s block=%llu addr=0x%llx size=%llu nid=%d zone=%s node_change=%s dur_us=%lld stage=%s err=%d pid=%d comm=%s work=%s",
		  __entry->seq, __entry->boot_ns,
		  __print_symbolic(__entry->type, MEMHP_EVENT_LIST(MEMHP_SHOW_EVENT)
				   { MEMHP_EVENT_TYPES, "?" }),
		  __entry->block, __entry->addr, __entry->size, __entry->nid, __entry->zone,
		  __print_symbolic(__entry->node_change,
				   MEMHP_NODE_CHANGE_LIST(MEMHP_SHOW_NODE_CHANGE)
				   { MEMHP_NODE_CHANGES, "?" }),
		  __entry->dur_us,
		  __print_symbolic(__entry->stage, MEMHP_STAGE_LIST(MEMHP_SHOW_STAGE)
				   { MEMHP_STAGES, "?" }),
		  __entry->err, __entry->pid, __entry->comm, __entry->work)
);

#endif /* MEMHP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
