// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/look.h"

#include <utility>

namespace memhp
{

void Look::list(Listed listed)
{
	cancel();
	list_.emplace(sysfs_);
	listed_ = std::move(listed);
	list_turn();
}

void Look::begin(const Recall *recall, Done done)
{
	cancel();
	scan_.emplace(sysfs_, recall);
	done_ = std::move(done);
	turn();
}

void Look::cancel()
{
	source_.reset();
	scan_.reset();
	done_ = nullptr;
	list_.reset();
	listed_ = nullptr;
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

namespace
{

std::function<bool()> after(Time turn)
{
	return [until = Loop::now() + turn] { return Loop::now() >= until; };
}

} // namespace

void Look::list_turn()
{
	const auto complete = list_->go_on(after(turn_));
	if (complete && !*complete) {
		source_ = loop_.defer([this] { list_turn(); });
		return;
	}
	const auto numbers = complete ? Result<std::vector<uint64_t>>(list_->take())
				      : Result<std::vector<uint64_t>>(fail(complete.error()));
	const auto listed = std::move(listed_);
	cancel();
	listed(numbers);
}

void Look::turn()
{
	const auto complete = scan_->go_on(after(turn_), drain_);
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
