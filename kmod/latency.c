// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long attempts took: a histogram for each operation and result, in powers of two.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "memhp.h"

/* memhp_lock; [offline, online][MEMHP_STAGE_NONE: success] */
static struct memhp_latency memhp_latencies[2][MEMHP_STAGES];

void memhp_latency_add(bool online, enum memhp_stage stage, u64 dur_us)
{
	struct memhp_latency *latency = &memhp_latencies[online][stage];

	lockdep_assert_held(&memhp_lock);
	latency->count++;
	if (dur_us == MEMHP_NO_DURATION) {
		latency->unmeasured++;
		return;
	}
	latency->sum_us += dur_us;
	latency->max_us = max(latency->max_us, dur_us);
	latency->buckets[min(fls64(dur_us), MEMHP_LATENCY_BUCKETS - 1)]++;
}

void memhp_latency_snapshot(bool online, enum memhp_stage stage, struct memhp_latency *latency)
{
	spin_lock(&memhp_lock);
	*latency = memhp_latencies[online][stage];
	spin_unlock(&memhp_lock);
}
