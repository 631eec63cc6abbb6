// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/look.h"

#include <utility>

namespace memhp
{

void Look::begin(const Recall *recall, Done done)
{
	scan_.emplace(sysfs_, recall);
	done_ = std::move(done);
	turn();
}

void Look::cancel()
{
	source_.reset();
	scan_.reset();
	done_ = nullptr;
}

void Look::touched(uint64_t block)
{
	if (scan_)
		scan_->touched(block);
}

void Look::lost()
{
	if (scan_)
		scan_->lost();
}

void Look::turn()
{
	const auto until = Loop::now() + turn_;
	const auto complete = scan_->go_on([until] { return Loop::now() >= until; }, drain_);
	if (complete && !*complete) {
		source_ = loop_.defer([this] { turn(); });
		return;
	}
	auto blocks = complete ? Result<std::vector<Block>>(scan_->take())
			       : Result<std::vector<Block>>(fail(complete.error()));
	const auto done = std::move(done_);
	cancel();
	done(blocks);
}

} // namespace memhp
