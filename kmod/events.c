// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file "events": the history, a record a read, like /dev/kmsg.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "text.h"

/* A reader of "events". */
struct memhp_reader {
	struct mutex lock;		/* one read at a time */
	u64 next;			/* lock; number of the record to read next */
	struct memhp_event ev;		/* lock */
	char line[MEMHP_RECORD_MAX];	/* lock */
};

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
		len = memhp_text_event(reader->line, sizeof(reader->line), &reader->ev);
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

const struct file_operations memhp_events_fops = {
	.owner = THIS_MODULE,
	.open = memhp_events_open,
	.release = memhp_events_release,
	.read = memhp_events_read,
	.poll = memhp_events_poll,
	.llseek = memhp_events_llseek,
};
