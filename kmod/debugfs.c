// SPDX-License-Identifier: GPL-2.0-only
/*
 * State and history as text, below memhp/ in debugfs. See Documentation/abi.md.
 *
 * Files of mode 0400 without ioctl or mmap stay readable under lockdown. The files are removed
 * while nobody has them open: an open file pins the module.
 */
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/seq_file.h>

#include "compat.h"
#include "text.h"

/* The position is the number of a block. */
static void *memhp_blocks_start(struct seq_file *m, loff_t *pos)
{
	struct memhp_block *block = m->private;
	u64 id = *pos;

	if (!memhp_block_snapshot(&id, block))
		return NULL;
	*pos = id;
	return block;
}

static void *memhp_blocks_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return memhp_blocks_start(m, pos);
}

static void memhp_blocks_stop(struct seq_file *m, void *v)
{
}

static int memhp_blocks_show(struct seq_file *m, void *v)
{
	static const enum memhp_event_type outcomes[] = {
		MEMHP_EVENT_ONLINE,
		MEMHP_EVENT_OFFLINE,
		MEMHP_EVENT_CANCEL_ONLINE,
		MEMHP_EVENT_CANCEL_OFFLINE,
		MEMHP_EVENT_ONLINE_FAILED,
		MEMHP_EVENT_OFFLINE_FAILED,
	};
	const struct memhp_block *block = v;
	struct memhp_number nid, dur_us, changed_ns, failed_ns, err;
	struct memhp_who_text who;
	int i;

	memhp_text_who(&who, &block->who);
	seq_printf(m,
		   "block=%llu state=%s addr=0x%llx size=%llu nid=%s zone=%s early=%d changed_ns=%s dur_us=%s pid=%s comm=%s work=%s failed_ns=%s stage=%s err=%s",
		   block->id, memhp_state_names[block->state], block->id * memhp_block_size(),
		   memhp_block_size(), memhp_text_number(&nid, block->nid, block->nid >= 0),
		   block->zone ? block->zone : "-", block->early,
		   memhp_text_number(&changed_ns, block->changed_ns, block->changed_ns),
		   memhp_text_number(&dur_us, block->dur_us, block->dur_us != MEMHP_NO_DURATION),
		   who.pid, who.comm, who.work,
		   memhp_text_number(&failed_ns, block->failed_ns, block->failed_ns),
		   memhp_stage_names[block->stage],
		   memhp_text_number(&err, block->err, block->err != MEMHP_ERR_UNKNOWN));
	for (i = 0; i < ARRAY_SIZE(outcomes); i++)
		seq_printf(m, " %s=%llu", memhp_event_names[outcomes[i]],
			   block->counts[outcomes[i]]);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations memhp_blocks_sops = {
	.start = memhp_blocks_start,
	.next = memhp_blocks_next,
	.stop = memhp_blocks_stop,
	.show = memhp_blocks_show,
};

static int memhp_blocks_open(struct inode *inode, struct file *file)
{
	memhp_block_refresh();
	return seq_open_private(file, &memhp_blocks_sops, sizeof(struct memhp_block));
}

static const struct file_operations memhp_blocks_fops = {
	.owner = THIS_MODULE,
	.open = memhp_blocks_open,
	.release = seq_release_private,
	.read = seq_read,
	.llseek = seq_lseek,
};

/* A node that is not online has no memory, and may have no zones to look at. */
static void memhp_show_zones(struct seq_file *m, int nid)
{
	const struct zone *named = NODE_DATA(first_online_node)->node_zones;
	const struct zone *zone = node_online(nid) ? NODE_DATA(nid)->node_zones : NULL;
	const char *c;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		seq_puts(m, " pages_");
		for (c = named[i].name; *c; c++)
			seq_putc(m, tolower(*c));
		seq_printf(m, "=%lu", zone ? READ_ONCE(zone[i].present_pages) : 0);
	}
}

static void memhp_show_time(struct seq_file *m, const char *key, u64 ns)
{
	struct memhp_number n;

	seq_printf(m, " %s=%s", key, memhp_text_number(&n, ns, ns));
}

static int memhp_nodes_show(struct seq_file *m, void *v)
{
	struct memhp_node node;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		if (!memhp_node_snapshot(nid, &node))
			continue;
		seq_printf(m, "nid=%d has_memory=%d has_normal_memory=%d", nid,
			   node_state(nid, N_MEMORY), node_state(nid, N_NORMAL_MEMORY));
		memhp_show_time(m, "first_memory_ns", node.memory.gained_ns);
		memhp_show_time(m, "last_memory_ns", node.memory.lost_ns);
		seq_printf(m, " online=%llu offline=%llu cancel_online=%llu cancel_offline=%llu",
			   node.counts[MEMHP_EVENT_ONLINE], node.counts[MEMHP_EVENT_OFFLINE],
			   node.counts[MEMHP_EVENT_CANCEL_ONLINE],
			   node.counts[MEMHP_EVENT_CANCEL_OFFLINE]);
		memhp_show_zones(m, nid);
		seq_printf(m, " online_failed=%llu offline_failed=%llu",
			   node.counts[MEMHP_EVENT_ONLINE_FAILED],
			   node.counts[MEMHP_EVENT_OFFLINE_FAILED]);
		seq_printf(m, " first_memory=%llu last_memory=%llu", node.memory.gained,
			   node.memory.lost);
		memhp_show_time(m, "first_normal_memory_ns", node.normal.gained_ns);
		memhp_show_time(m, "last_normal_memory_ns", node.normal.lost_ns);
		seq_printf(m, " first_normal_memory=%llu last_normal_memory=%llu\n",
			   node.normal.gained, node.normal.lost);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memhp_nodes);

static int memhp_status_show(struct seq_file *m, void *v)
{
	static const char *const blocks_in[] = {
		[MEMHP_STATE_UNKNOWN] = "unknown",
		[MEMHP_STATE_OFFLINE] = "offline",
		[MEMHP_STATE_GOING_ONLINE] = "going_online",
		[MEMHP_STATE_ONLINE] = "online",
		[MEMHP_STATE_GOING_OFFLINE] = "going_offline",
		[MEMHP_STATE_GONE] = "gone",
	};
	struct memhp_totals totals;
	struct memhp_who_text who;
	u64 oldest, next;
	int i;

	memhp_block_refresh();
	memhp_state_totals(&totals);
	memhp_ring_bounds(&oldest, &next);

	seq_printf(m, "loaded_ns=%llu\n", totals.loaded_ns);
	seq_printf(m, "page_size=%lu\n", PAGE_SIZE);
	seq_printf(m, "block_size=%llu\n", memhp_block_size());
	seq_printf(m, "blocks=%llu\n", totals.blocks);
	for (i = 0; i < MEMHP_STATES; i++)
		seq_printf(m, "blocks_%s=%llu\n", blocks_in[i], totals.blocks_in[i]);
	for (i = 0; i < MEMHP_EVENT_LOST; i++)
		seq_printf(m, "events_%s=%llu\n", memhp_event_names[i], totals.events[i]);
	seq_printf(m, "ring=%u\n", memhp_ring_size());
	seq_printf(m, "oldest_seq=%llu\n", oldest);
	seq_printf(m, "seq=%llu\n", next - 1);
	seq_printf(m, "untracked=%llu\n", totals.untracked);
	seq_printf(m, "probes=%d\n", memhp_probe_mode());
	seq_printf(m, "probes_missed=%llu\n", memhp_probe_missed());
	seq_printf(m, "pages=%d\n", MEMHP_PAGES);
	seq_printf(m, "abortable=%d\n", memhp_release_enabled());

	if (totals.op.active) {
		memhp_text_who(&who, &totals.op.who);
		seq_printf(m, "op=%s\n", memhp_event_names[totals.op.kind]);
		seq_printf(m, "op_block=%llu\n", totals.op.block);
		seq_printf(m, "op_start_ns=%llu\n", totals.op.start_ns);
		seq_printf(m, "op_pid=%s\n", who.pid);
		seq_printf(m, "op_comm=%s\n", who.comm);
		seq_printf(m, "op_work=%s\n", who.work);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memhp_status);

static void memhp_show_latency(struct seq_file *m, bool online, enum memhp_stage stage)
{
	struct memhp_latency latency;
	int i;

	memhp_latency_snapshot(online, stage, &latency);
	seq_printf(m, "op=%s result=%s count=%llu unmeasured=%llu sum_us=%llu max_us=%llu",
		   online ? "online" : "offline",
		   stage == MEMHP_STAGE_NONE ? "ok" : memhp_stage_names[stage], latency.count,
		   latency.unmeasured, latency.sum_us, latency.max_us);
	for (i = 0; i < MEMHP_LATENCY_BUCKETS; i++)
		seq_printf(m, " from_%llu=%llu", i ? BIT_ULL(i - 1) : 0, latency.buckets[i]);
	seq_putc(m, '\n');
}

static int memhp_latency_show(struct seq_file *m, void *v)
{
	int stage;

	for (stage = 0; stage < MEMHP_STAGES; stage++)
		memhp_show_latency(m, true, stage);
	for (stage = 0; stage < MEMHP_STAGES; stage++)
		memhp_show_latency(m, false, stage);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memhp_latency);

static int memhp_abi_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", MEMHP_ABI_VERSION);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memhp_abi);

static struct dentry *memhp_dir;

/* Without debugfs all of this does nothing, and the tracepoint is still there. */
void memhp_debugfs_init(void)
{
	memhp_dir = debugfs_create_dir(MEMHP_DEBUGFS_DIR, NULL);
	debugfs_create_file("abi", 0400, memhp_dir, NULL, &memhp_abi_fops);
	debugfs_create_file("status", 0400, memhp_dir, NULL, &memhp_status_fops);
	debugfs_create_file("blocks", 0400, memhp_dir, NULL, &memhp_blocks_fops);
	debugfs_create_file("nodes", 0400, memhp_dir, NULL, &memhp_nodes_fops);
	debugfs_create_file("events", 0400, memhp_dir, NULL, &memhp_events_fops);
	debugfs_create_file("latency", 0400, memhp_dir, NULL, &memhp_latency_fops);
	if (MEMHP_PAGES)
		debugfs_create_file("pages", 0400, memhp_dir, NULL, &memhp_pages_fops);
}

void memhp_debugfs_exit(void)
{
	debugfs_remove(memhp_dir);
}
