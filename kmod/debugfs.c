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
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "memhp.h"

#define MEMHP_NAME(id, name) name,
static const char *const memhp_event_names[] = { MEMHP_EVENT_LIST(MEMHP_NAME) };
static const char *const memhp_stage_names[] = { MEMHP_STAGE_LIST(MEMHP_NAME) };
static const char *const memhp_node_change_names[] = { MEMHP_NODE_CHANGE_LIST(MEMHP_NAME) };
static const char *const memhp_state_names[] = { MEMHP_STATE_LIST(MEMHP_NAME) };
#undef MEMHP_NAME

/* A reader of "events". */
struct memhp_reader {
	struct mutex lock;		/* one read at a time */
	u64 next;			/* lock; number of the record to read next */
	struct memhp_event ev;		/* lock */
	char line[MEMHP_RECORD_MAX];	/* lock */
};

/* Room for what memhp_escape() makes of a string of that size. */
#define MEMHP_ESCAPED(size) (4 * (size))

struct memhp_who_text {
	char pid[12];
	char comm[MEMHP_ESCAPED(TASK_COMM_LEN)];
	char work[MEMHP_ESCAPED(MEMHP_WORK_LEN)];
};

struct memhp_number {
	char text[24];
};

static const char *memhp_number(struct memhp_number *n, u64 value, bool known)
{
	if (!known)
		return "-";
	snprintf(n->text, sizeof(n->text), "%llu", value);
	return n->text;
}

/* "-" stands for what is not known, so a string that is "-" is escaped too. */
static void memhp_escape(char *to, const char *from)
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

static void memhp_who_text(struct memhp_who_text *text, const struct memhp_who *who)
{
	snprintf(text->pid, sizeof(text->pid), who->pid ? "%d" : "-", who->pid);
	memhp_escape(text->comm, who->comm);
	memhp_escape(text->work, who->work);
}

static int memhp_event_line(char *line, size_t size, const struct memhp_event *ev)
{
	struct memhp_number nid, dur_us, err;
	struct memhp_who_text who;

	memhp_who_text(&who, &ev->who);
	return scnprintf(line, size,
			 "seq=%llu boot_ns=%llu event=%s block=%llu addr=0x%llx size=%llu nid=%s zone=%s node_change=%s dur_us=%s stage=%s err=%s pid=%s comm=%s work=%s\n",
			 ev->seq, ev->boot_ns, memhp_event_names[ev->type], ev->block, ev->addr,
			 ev->size, memhp_number(&nid, ev->nid, ev->nid >= 0),
			 ev->zone ? ev->zone : "-", memhp_node_change_names[ev->node_change],
			 memhp_number(&dur_us, ev->dur_us, ev->dur_us != MEMHP_NO_DURATION),
			 memhp_stage_names[ev->stage],
			 memhp_number(&err, ev->err, ev->err != MEMHP_ERR_UNKNOWN),
			 who.pid, who.comm, who.work);
}

static int memhp_events_open(struct inode *inode, struct file *file)
{
	struct memhp_reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	u64 next;

	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	memhp_ring_bounds(&reader->next, &next);
	/* The position is ours: a read that waits must not lock out lseek() and other reads. */
	file->f_mode &= ~FMODE_ATOMIC_POS;
	file->private_data = reader;
	return 0;
}

static int memhp_events_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static bool memhp_events_pending(const struct memhp_reader *reader)
{
	u64 oldest, next;

	memhp_ring_bounds(&oldest, &next);
	return READ_ONCE(reader->next) < next;
}

/* One record; the cursor moves only when the reader got it. -EAGAIN: there is none. */
static ssize_t memhp_events_read_one(struct memhp_reader *reader, char __user *buf, size_t count)
{
	u64 found, next;
	int len;

	lockdep_assert_held(&reader->lock);
	found = memhp_ring_get(reader->next, &reader->ev);
	if (!found)
		return -EAGAIN;
	next = found;
	if (found > reader->next) {
		len = scnprintf(reader->line, sizeof(reader->line), "event=%s count=%llu\n",
				memhp_event_names[MEMHP_EVENT_LOST], found - reader->next);
	} else {
		len = memhp_event_line(reader->line, sizeof(reader->line), &reader->ev);
		next++;
	}
	if (len > count)
		return -EINVAL;
	if (copy_to_user(buf, reader->line, len))
		return -EFAULT;
	WRITE_ONCE(reader->next, next);
	return len;
}

static ssize_t memhp_events_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct memhp_reader *reader = file->private_data;
	ssize_t ret;

	for (;;) {
		ret = mutex_lock_interruptible(&reader->lock);
		if (ret)
			return ret;
		ret = memhp_events_read_one(reader, buf, count);
		mutex_unlock(&reader->lock);
		if (ret != -EAGAIN || file->f_flags & O_NONBLOCK)
			return ret;
		ret = wait_event_interruptible(memhp_ring_wait, memhp_events_pending(reader));
		if (ret)
			return ret;
	}
}

static __poll_t memhp_events_poll(struct file *file, poll_table *wait)
{
	poll_wait(file, &memhp_ring_wait, wait);
	return memhp_events_pending(file->private_data) ? EPOLLIN | EPOLLRDNORM : 0;
}

/*
 * Positions are sequence numbers. SEEK_SET 0 is the oldest record that is left. A number that is
 * not yet due is refused: the reader has it from an earlier life of the module.
 */
static loff_t memhp_events_llseek(struct file *file, loff_t offset, int whence)
{
	struct memhp_reader *reader = file->private_data;
	u64 oldest, next;
	loff_t ret;

	ret = mutex_lock_interruptible(&reader->lock);
	if (ret)
		return ret;
	memhp_ring_bounds(&oldest, &next);
	ret = -EINVAL;
	switch (whence) {
	case SEEK_SET:
		if (offset >= 0 && offset <= next)
			ret = offset ? offset : oldest;
		break;
	case SEEK_CUR:
		if (!offset)
			ret = reader->next;
		break;
	case SEEK_END:
		if (!offset)
			ret = next;
		break;
	}
	if (ret > 0)
		WRITE_ONCE(reader->next, ret);
	mutex_unlock(&reader->lock);
	return ret;
}

static const struct file_operations memhp_events_fops = {
	.owner = THIS_MODULE,
	.open = memhp_events_open,
	.release = memhp_events_release,
	.read = memhp_events_read,
	.poll = memhp_events_poll,
	.llseek = memhp_events_llseek,
};

/* The position is the number of a block. */
static void *memhp_blocks_start(struct seq_file *m, loff_t *pos)
{
	struct memhp_block *block = m->private;
	u64 id = *pos;

	if (!memhp_state_block(&id, block))
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
	};
	const struct memhp_block *block = v;
	struct memhp_number nid, dur_us, changed_ns, failed_ns, err;
	struct memhp_who_text who;
	int i;

	memhp_who_text(&who, &block->who);
	seq_printf(m,
		   "block=%llu state=%s addr=0x%llx size=%llu nid=%s zone=%s early=%d changed_ns=%s dur_us=%s pid=%s comm=%s work=%s failed_ns=%s stage=%s err=%s",
		   block->id, memhp_state_names[block->state], block->id * memhp_block_size(),
		   memhp_block_size(), memhp_number(&nid, block->nid, block->nid >= 0),
		   block->zone ? block->zone : "-", block->early,
		   memhp_number(&changed_ns, block->changed_ns, block->changed_ns),
		   memhp_number(&dur_us, block->dur_us, block->dur_us != MEMHP_NO_DURATION),
		   who.pid, who.comm, who.work,
		   memhp_number(&failed_ns, block->failed_ns, block->failed_ns),
		   memhp_stage_names[block->stage],
		   memhp_number(&err, block->err, block->err != MEMHP_ERR_UNKNOWN));
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
	memhp_state_refresh();
	return seq_open_private(file, &memhp_blocks_sops, sizeof(struct memhp_block));
}

static const struct file_operations memhp_blocks_fops = {
	.owner = THIS_MODULE,
	.open = memhp_blocks_open,
	.release = seq_release_private,
	.read = seq_read,
	.llseek = seq_lseek,
};

static void memhp_show_zones(struct seq_file *m, int nid)
{
	const struct zone *zone = NODE_DATA(nid)->node_zones;
	const struct zone *end = zone + MAX_NR_ZONES;
	const char *c;

	for (; zone < end; zone++) {
		seq_puts(m, " pages_");
		for (c = zone->name; *c; c++)
			seq_putc(m, tolower(*c));
		seq_printf(m, "=%lu", READ_ONCE(zone->present_pages));
	}
}

static int memhp_nodes_show(struct seq_file *m, void *v)
{
	struct memhp_number first_ns, last_ns;
	struct memhp_node node;
	int nid;

	for_each_online_node(nid) {
		memhp_state_node(nid, &node);
		seq_printf(m,
			   "nid=%d has_memory=%d has_normal_memory=%d first_memory_ns=%s last_memory_ns=%s online=%llu offline=%llu cancel_online=%llu cancel_offline=%llu",
			   nid, node_state(nid, N_MEMORY), node_state(nid, N_NORMAL_MEMORY),
			   memhp_number(&first_ns, node.first_memory_ns, node.first_memory_ns),
			   memhp_number(&last_ns, node.last_memory_ns, node.last_memory_ns),
			   node.counts[MEMHP_EVENT_ONLINE], node.counts[MEMHP_EVENT_OFFLINE],
			   node.counts[MEMHP_EVENT_CANCEL_ONLINE],
			   node.counts[MEMHP_EVENT_CANCEL_OFFLINE]);
		memhp_show_zones(m, nid);
		seq_putc(m, '\n');
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

	memhp_state_refresh();
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
	seq_puts(m, "probes=0\n");

	if (totals.op.active) {
		memhp_who_text(&who, &totals.op.who);
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
}

void memhp_debugfs_exit(void)
{
	debugfs_remove(memhp_dir);
}
