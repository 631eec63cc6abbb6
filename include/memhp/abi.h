/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between memhp.ko and its readers: names below debugfs, the ABI version, and the
 * vocabulary of the event records. Shared by C (kernel) and C++ (userspace); macros and enums only.
 *
 * All files consist of lines (one record each) of key=value fields, separated by one space. A value
 * holds no white space: bytes outside 0x21..0x7e and the backslash are written as \xNN. A value
 * that is not known is "-". New keys are added at the end; a reader skips keys it does not know.
 */
#ifndef MEMHP_ABI_H
#define MEMHP_ABI_H

/* Content of the file "abi". Raised when a key changes its meaning or goes away. */
#define MEMHP_ABI_VERSION 1

#define MEMHP_DEBUGFS_DIR "memhp"

/* One record never exceeds this, newline included: a read buffer of this size is always enough. */
#define MEMHP_RECORD_MAX 512
/* The same of a record of "pages": 16 counts, and 16 held pages of 40 characters. */
#define MEMHP_PAGES_RECORD_MAX 1280

/*
 * What a record in "events" reports. going_* and cancel_* come from the memory notifier chain
 * (cancel_* may come without its going_*, see Documentation/memory-hotplug in the kernel);
 * *_failed close an attempt for which the kernel returned an error; node_* say that a NUMA node
 * gained its first or lost its last memory; lost stands for records that the ring overwrote before
 * this reader came to them.
 */
#define MEMHP_EVENT_LIST(X)                       \
	X(GOING_ONLINE, "going_online")           \
	X(ONLINE, "online")                       \
	X(CANCEL_ONLINE, "cancel_online")         \
	X(GOING_OFFLINE, "going_offline")         \
	X(OFFLINE, "offline")                     \
	X(CANCEL_OFFLINE, "cancel_offline")       \
	X(ONLINE_FAILED, "online_failed")         \
	X(OFFLINE_FAILED, "offline_failed")       \
	X(NODE_ONLINE, "node_online")             \
	X(NODE_OFFLINE, "node_offline")           \
	X(LOST, "lost")

/* Where in the kernel a failed attempt failed; NONE on records of no failure. */
#define MEMHP_STAGE_LIST(X)                       \
	X(NONE, "-")                              \
	X(CHECK, "check")                         \
	X(ISOLATE, "isolate")                     \
	X(NODE, "node")                           \
	X(NOTIFIER, "notifier")                   \
	X(MIGRATE, "migrate")                     \
	X(UNKNOWN, "unknown")

/* What an online or offline did to its NUMA node. */
#define MEMHP_NODE_CHANGE_LIST(X)                 \
	X(NONE, "-")                              \
	X(FIRST_MEMORY, "first_memory")           \
	X(LAST_MEMORY, "last_memory")

/*
 * State of a block as the module knows it. UNKNOWN: just found, not looked at yet; GONE: the block
 * was removed.
 */
#define MEMHP_STATE_LIST(X)                       \
	X(UNKNOWN, "unknown")                     \
	X(OFFLINE, "offline")                     \
	X(GOING_ONLINE, "going-online")           \
	X(ONLINE, "online")                       \
	X(GOING_OFFLINE, "going-offline")         \
	X(GONE, "gone")

#define MEMHP_ENUM_EVENT(id, name) MEMHP_EVENT_##id,
#define MEMHP_ENUM_STAGE(id, name) MEMHP_STAGE_##id,
#define MEMHP_ENUM_NODE_CHANGE(id, name) MEMHP_NODE_CHANGE_##id,
#define MEMHP_ENUM_STATE(id, name) MEMHP_STATE_##id,

enum memhp_event_type { MEMHP_EVENT_LIST(MEMHP_ENUM_EVENT) MEMHP_EVENT_TYPES };
enum memhp_stage { MEMHP_STAGE_LIST(MEMHP_ENUM_STAGE) MEMHP_STAGES };
enum memhp_node_change { MEMHP_NODE_CHANGE_LIST(MEMHP_ENUM_NODE_CHANGE) MEMHP_NODE_CHANGES };
enum memhp_block_state { MEMHP_STATE_LIST(MEMHP_ENUM_STATE) MEMHP_STATES };

#undef MEMHP_ENUM_EVENT
#undef MEMHP_ENUM_STAGE
#undef MEMHP_ENUM_NODE_CHANGE
#undef MEMHP_ENUM_STATE

/*
 * Keys of a record of "events", in this order:
 *
 * seq          sequence number, from 1, without gaps
 * boot_ns      CLOCK_BOOTTIME when the event happened, ns
 * event        MEMHP_EVENT_LIST
 * block        number of the memory block (the N of /sys/devices/system/memory/memoryN)
 * addr, size   physical address (0x...) and bytes of the whole block
 * nid          NUMA node
 * zone         the zone by the name that the kernel gives it: DMA, DMA32, Normal, Movable
 * node_change  MEMHP_NODE_CHANGE_LIST, on online and offline; a record node_online or node_offline
 *              of the same block and time follows
 * dur_us       since the attempt began, on records that end one; "-" when its beginning was not
 *              seen
 * stage, err   where and with which errno (positive number) an attempt failed; err is 0 on records
 *              of no failure, and "-" when only the failure is known
 * pid, comm    the task (thread) that asked, its pid in the initial namespace
 * work         the work function, when that task is a kernel worker
 *
 * "event=lost" has the keys event and count only.
 *
 * Keys of a line of "blocks", in this order: block state addr size nid zone early changed_ns dur_us
 * pid comm work failed_ns stage err online offline cancel_online cancel_offline. Of "nodes": nid
 * has_memory has_normal_memory first_memory_ns last_memory_ns online offline cancel_online
 * cancel_offline, then pages_ZONE for each zone, in lower case. For these and those of "status" see
 * Documentation/abi.md.
 */

#endif /* MEMHP_ABI_H */
