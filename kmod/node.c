// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of nodes. The kernel says which node gained its first or lost its last memory in
 * fields of the notification until 6.16 and on a chain of its own since 6.17, and of normal memory
 * only until then. node_state() before and after an operation tells both, on every kernel.
 */
#include <linux/nodemask.h>
#include <linux/slab.h>

#include "memhp.h"

static struct memhp_node *memhp_nodes;	/* memhp_lock; nr_node_ids of them */

/* Whether the state changed. */
static bool memhp_node_look(struct memhp_node_state *state, bool now, u64 boot_ns)
{
	if (now == state->set)
		return false;
	state->set = now;
	if (now) {
		state->gained++;
		state->gained_ns = boot_ns;
	} else {
		state->lost++;
		state->lost_ns = boot_ns;
	}
	return true;
}

void memhp_node_event(struct memhp_event *ev)
{
	struct memhp_node *node;

	lockdep_assert_held(&memhp_lock);
	if (ev->nid < 0 || ev->nid >= nr_node_ids)
		return;
	node = &memhp_nodes[ev->nid];
	node->counts[ev->type]++;
	/* In between, the kernel may have set a state that it takes back when it cancels. */
	if (ev->type != MEMHP_EVENT_ONLINE && ev->type != MEMHP_EVENT_OFFLINE)
		return;
	memhp_node_look(&node->normal, node_state(ev->nid, N_NORMAL_MEMORY), ev->boot_ns);
	if (memhp_node_look(&node->memory, node_state(ev->nid, N_MEMORY), ev->boot_ns)) {
		ev->node_change = node->memory.set ? MEMHP_NODE_CHANGE_FIRST_MEMORY :
						     MEMHP_NODE_CHANGE_LAST_MEMORY;
		node->counts[node->memory.set ? MEMHP_EVENT_NODE_ONLINE :
						MEMHP_EVENT_NODE_OFFLINE]++;
	}
}

bool memhp_node_snapshot(int nid, struct memhp_node *copy)
{
	int i;

	if (nid < 0 || nid >= nr_node_ids)
		return false;
	spin_lock(&memhp_lock);
	*copy = memhp_nodes[nid];
	spin_unlock(&memhp_lock);
	if (node_online(nid))
		return true;
	for (i = 0; i < MEMHP_EVENT_TYPES; i++)
		if (copy->counts[i])
			return true;
	return false;
}

int memhp_node_init(void)
{
	int nid;

	memhp_nodes = kcalloc(nr_node_ids, sizeof(*memhp_nodes), GFP_KERNEL);
	if (!memhp_nodes)
		return -ENOMEM;
	for (nid = 0; nid < nr_node_ids; nid++) {
		memhp_nodes[nid].memory.set = node_state(nid, N_MEMORY);
		memhp_nodes[nid].normal.set = node_state(nid, N_NORMAL_MEMORY);
	}
	return 0;
}

void memhp_node_exit(void)
{
	kfree(memhp_nodes);
}
