// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets an unplug by the firmware be ended by a signal, where the parameter abortable allows it.
 *
 * It runs in a kernel worker, which takes no signals. When a page of a block is held, the kernel
 * tries for ever, with the hotplug lock held. offline_pages() does look for a signal at every turn
 * of its loop, so while it runs the worker accepts SIGTERM; then it fails with EINTR, and the
 * firmware is told that the device is busy.
 *
 * One unplug tries every block of the device, and those that fail a second time: all of these
 * belong to one piece of work. Once it took a signal, its further attempts get theirs from here.
 * The next piece of work begins afresh.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/string.h>

#include "memhp.h"

#define MEMHP_FIRMWARE_WORK "acpi_hotplug_work_fn"

static bool memhp_release_on;			/* constant after init */
static bool memhp_release_works;		/* constant after init; beginnings are seen */
/* Attempts come one at a time: the task that runs one owns these. */
static struct task_struct *memhp_release_task;	/* accepts SIGTERM now */
static bool memhp_release_taken;		/* this piece of work took a signal */

/* The symbol is a work function, so this is the beginning of a piece of work. Takes no lock. */
static int memhp_release_work(struct kprobe *kp, struct pt_regs *regs)
{
	WRITE_ONCE(memhp_release_taken, false);
	return 0;
}

static struct kprobe memhp_release_probe = {
	.symbol_name = MEMHP_FIRMWARE_WORK,
	.pre_handler = memhp_release_work,
};

void memhp_release_begin(void)
{
	struct memhp_who who = {};

	if (!memhp_release_on)
		return;
	memhp_who_is_current(&who);
	if (strcmp(who.work, MEMHP_FIRMWARE_WORK))
		return;
	if (READ_ONCE(memhp_release_task) != current) {
		/* The module stays until the signal is not accepted any more. */
		if (!try_module_get(THIS_MODULE))
			return;
		WRITE_ONCE(memhp_release_task, current);
		allow_signal(SIGTERM);
	}
	if (READ_ONCE(memhp_release_taken))
		send_sig(SIGTERM, current, 1);
}

void memhp_release_end(void)
{
	if (READ_ONCE(memhp_release_task) != current)
		return;
	/* In a return probe of 5.10, after a hidden CANCEL: the worker's next block ends it. */
	if (irqs_disabled())
		return;
	if (signal_pending(current))
		WRITE_ONCE(memhp_release_taken, memhp_release_works);
	flush_signals(current);
	disallow_signal(SIGTERM);
	WRITE_ONCE(memhp_release_task, NULL);
	module_put(THIS_MODULE);
}

void memhp_release_init(bool enabled)
{
	int err;

	memhp_release_on = enabled;
	if (!enabled)
		return;
	err = register_kprobe(&memhp_release_probe);
	if (err)
		pr_info("abortable: no probe (error %d): every block of an unplug needs its own signal\n",
			err);
	memhp_release_works = !err;
}

void memhp_release_exit(void)
{
	if (memhp_release_works)
		unregister_kprobe(&memhp_release_probe);
}

bool memhp_release_enabled(void)
{
	return memhp_release_on;
}
