// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "system/base/loop.h"
#include "system/explain/explain.h"
#include "system/varlink/varlink.h"

namespace memhp
{

/// Answers the method Explain, a piece at a time while the loop has nothing else to do.
class ExplainCalls
{
public:
	/// `live`: the running machine, not a recorded tree.
	ExplainCalls(Loop &loop, const Sysfs &sysfs, const Kmod &kmod, bool live)
		: loop_(loop), sysfs_(sysfs), kmod_(kmod), live_(live)
	{
	}

	/// For root only: the answer shows page frame numbers and owners.
	void begin(const std::shared_ptr<varlink::Call> &call);

private:
	struct Answer {
		std::shared_ptr<varlink::Call> call;
		Explainer explainer;
		bool gone = false; ///< nobody waits for it any more
		Loop::Source source;
	};

	void go_on(uint64_t id);

	Loop &loop_;
	const Sysfs &sysfs_;
	const Kmod &kmod_;
	bool live_;
	std::map<uint64_t, Answer> answers_;
	uint64_t next_id_ = 1;
};

} // namespace memhp
