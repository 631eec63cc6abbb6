// SPDX-License-Identifier: GPL-2.0-only
/*
 * A notifier that objects on demand, on the memory chain and on the chain of NUMA nodes where the
 * kernel has one. For test machines only.
 *
 *	insmod memhp_veto.ko priority=0
 *	echo "MEM_GOING_OFFLINE 16" >/sys/module/memhp_veto/parameters/veto
 *
 * The answer to an action is an errno, "bad" (NOTIFY_BAD, which the kernel takes for EPERM), "stop"
 * (NOTIFY_STOP: no objection, but nobody behind hears of it) or 0 (nothing). A thread id behind it
 * restricts it to operations that this thread asks for. Reading the parameter lists the actions
 * that this kernel has, each with its answer and how often it was given.
 *
 * Of two notifiers of the same priority the one that was registered first comes first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/node.h>
#include <linux/notifier.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>

enum memhp_veto_chain { MEMHP_VETO_MEMORY, MEMHP_VETO_NODE };

struct memhp_veto {
	const char *name;
	enum memhp_veto_chain chain;
	unsigned long action;
	int answer;		/* memhp_veto_lock; NOTIFY_… */
	pid_t pid;		/* memhp_veto_lock; 0: whoever asks */
	unsigned long given;	/* memhp_veto_lock; since answer was set */
};

#define MEMHP_VETO(chain_id, id) {			\
	.name = #id,					\
	.chain = MEMHP_VETO_##chain_id,			\
	.action = (id),					\
	.answer = NOTIFY_OK,				\
}

static struct memhp_veto memhp_vetoes[] = {
	MEMHP_VETO(MEMORY, MEM_GOING_ONLINE),
	MEMHP_VETO(MEMORY, MEM_CANCEL_ONLINE),
	MEMHP_VETO(MEMORY, MEM_ONLINE),
	MEMHP_VETO(MEMORY, MEM_GOING_OFFLINE),
	MEMHP_VETO(MEMORY, MEM_CANCEL_OFFLINE),
	MEMHP_VETO(MEMORY, MEM_OFFLINE),
#ifdef MEMHP_VETO_PREPARE
	MEMHP_VETO(MEMORY, MEM_PREPARE_ONLINE),
	MEMHP_VETO(MEMORY, MEM_FINISH_OFFLINE),
#endif
#ifdef NODE_ADDING_FIRST_MEMORY
	MEMHP_VETO(NODE, NODE_ADDING_FIRST_MEMORY),
	MEMHP_VETO(NODE, NODE_CANCEL_ADDING_FIRST_MEMORY),
	MEMHP_VETO(NODE, NODE_ADDED_FIRST_MEMORY),
	MEMHP_VETO(NODE, NODE_REMOVING_LAST_MEMORY),
	MEMHP_VETO(NODE, NODE_CANCEL_REMOVING_LAST_MEMORY),
	MEMHP_VETO(NODE, NODE_REMOVED_LAST_MEMORY),
#endif
};

static DEFINE_SPINLOCK(memhp_veto_lock);

static int priority;
module_param(priority, int, 0444);
MODULE_PARM_DESC(priority, "Priority of the notifiers (default 0)");

static int memhp_veto_parse(const char *word, int *answer)
{
	unsigned int err;

	if (!strcmp(word, "bad"))
		*answer = NOTIFY_BAD;
	else if (!strcmp(word, "stop"))
		*answer = NOTIFY_STOP;
	else if (!kstrtouint(word, 10, &err) && err <= MAX_ERRNO)
		*answer = notifier_from_errno(-(int)err);
	else
		return -EINVAL;
	return 0;
}

static int memhp_veto_set(const char *text, const struct kernel_param *kp)
{
	char name[40], word[8];
	pid_t pid = 0;
	int answer, i;

	if (sscanf(text, "%39s %7s %d", name, word, &pid) < 2 || memhp_veto_parse(word, &answer)) {
		pr_err("want ACTION ERRNO|bad|stop [THREAD]\n");
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(memhp_vetoes); i++) {
		struct memhp_veto *veto = &memhp_vetoes[i];

		if (strcmp(veto->name, name))
			continue;
		spin_lock(&memhp_veto_lock);
		veto->answer = answer;
		veto->pid = pid;
		veto->given = 0;
		spin_unlock(&memhp_veto_lock);
		return 0;
	}
	pr_err("this kernel has no action %s\n", name);
	return -ENOENT;
}

static int memhp_veto_print(char *text, size_t size, const struct memhp_veto *veto)
{
	char answer[12];

	lockdep_assert_held(&memhp_veto_lock);
	if (veto->answer == NOTIFY_BAD)
		strscpy(answer, "bad", sizeof(answer));
	else if (veto->answer == NOTIFY_STOP)
		strscpy(answer, "stop", sizeof(answer));
	else
		snprintf(answer, sizeof(answer), "%d", -notifier_to_errno(veto->answer));
	return scnprintf(text, size, "%s %s %d given=%lu\n", veto->name, answer, veto->pid,
			 veto->given);
}

static int memhp_veto_get(char *text, const struct kernel_param *kp)
{
	int len = 0, i;

	spin_lock(&memhp_veto_lock);
	for (i = 0; i < ARRAY_SIZE(memhp_vetoes); i++)
		len += memhp_veto_print(text + len, PAGE_SIZE - len, &memhp_vetoes[i]);
	spin_unlock(&memhp_veto_lock);
	return len;
}

static const struct kernel_param_ops memhp_veto_ops = {
	.set = memhp_veto_set,
	.get = memhp_veto_get,
};

module_param_cb(veto, &memhp_veto_ops, NULL, 0600);
MODULE_PARM_DESC(veto, "What to answer to which action: ACTION ERRNO|bad|stop [THREAD]");

static int memhp_veto_answer(enum memhp_veto_chain chain, unsigned long action)
{
	int answer = NOTIFY_OK;
	int i;

	spin_lock(&memhp_veto_lock);
	for (i = 0; i < ARRAY_SIZE(memhp_vetoes); i++) {
		struct memhp_veto *veto = &memhp_vetoes[i];

		if (veto->chain != chain || veto->action != action || veto->answer == NOTIFY_OK)
			continue;
		if (veto->pid && veto->pid != task_pid_nr(current))
			continue;
		veto->given++;
		answer = veto->answer;
	}
	spin_unlock(&memhp_veto_lock);
	return answer;
}

static int memhp_veto_memory(struct notifier_block *nb, unsigned long action, void *data)
{
	return memhp_veto_answer(MEMHP_VETO_MEMORY, action);
}

/* Not hotplug_memory_notifier(): what it registers cannot be unregistered. */
static struct notifier_block memhp_veto_memory_nb = {
	.notifier_call = memhp_veto_memory,
};

#ifdef NODE_ADDING_FIRST_MEMORY
static int memhp_veto_node(struct notifier_block *nb, unsigned long action, void *data)
{
	return memhp_veto_answer(MEMHP_VETO_NODE, action);
}

static struct notifier_block memhp_veto_node_nb = {
	.notifier_call = memhp_veto_node,
};

static int memhp_veto_register_node(void)
{
	memhp_veto_node_nb.priority = priority;
	return register_node_notifier(&memhp_veto_node_nb);
}

static void memhp_veto_unregister_node(void)
{
	unregister_node_notifier(&memhp_veto_node_nb);
}
#else
static int memhp_veto_register_node(void)
{
	return 0;
}

static void memhp_veto_unregister_node(void)
{
}
#endif

static int __init memhp_veto_init(void)
{
	int err;

	err = memhp_veto_register_node();
	if (err)
		return err;
	memhp_veto_memory_nb.priority = priority;
	err = register_memory_notifier(&memhp_veto_memory_nb);
	if (err)
		memhp_veto_unregister_node();
	return err;
}
module_init(memhp_veto_init);

static void __exit memhp_veto_exit(void)
{
	unregister_memory_notifier(&memhp_veto_memory_nb);
	memhp_veto_unregister_node();
}
module_exit(memhp_veto_exit);

MODULE_DESCRIPTION("Objects to memory going online or offline, for tests");
MODULE_LICENSE("GPL");
